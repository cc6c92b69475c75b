/**
 * Files of a node that survive its crash and the machine's.
 *
 * <p>What is in them belongs to those who write them, and so does what becomes of a node whose disk
 * fails. It may know {@link io.dayu.facts} alone.
 */
@NullMarked
package io.dayu.disk;

import org.jspecify.annotations.NullMarked;
