/**
 * A whole pipeline over two nodes, from its source to stored results: the command {@code dayu bench
 * pipeline} and all it measures. Stages are moved here, but no node is broken; that is done in
 * {@code io.dayu.bench.chaos}.
 */
@NullMarked
package io.dayu.bench.pipeline;

import org.jspecify.annotations.NullMarked;
