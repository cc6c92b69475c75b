/**
 * A pipeline as its user wrote it: reading the document, all that is wrong with it, and checking it
 * against the catalog of a node.
 *
 * <p>Pure functions and values: no actor, no file and no network, so that a node, the command line
 * and an operator check a document alike. How a pipeline runs is not decided here.
 */
@NullMarked
package io.dayu.pipeline;

import org.jspecify.annotations.NullMarked;
