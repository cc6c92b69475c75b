/**
 * One hop between two processes, beside other ways to move bytes: the command {@code dayu bench
 * link} and all it measures. What is sent are elements without a pipeline; a pipeline is measured
 * in {@code io.dayu.bench.pipeline}.
 */
@NullMarked
package io.dayu.bench.link;

import org.jspecify.annotations.NullMarked;
