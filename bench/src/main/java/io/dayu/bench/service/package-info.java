/**
 * Stages that are programs beside those within a node: the command {@code dayu bench service}, and
 * the programs that it measures.
 */
@NullMarked
package io.dayu.bench.service;

import org.jspecify.annotations.NullMarked;
