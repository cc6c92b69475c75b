/**
 * Faults that are drawn from a seed and done to real nodes, while elements flow: the command {@code
 * dayu chaos}, and the {@link io.dayu.bench.chaos.Testbed} with the networks, disks and databases
 * that can be broken. What is promised for a single fault is not decided here, but in {@code
 * io.dayu.bench.reliability}.
 */
@NullMarked
package io.dayu.bench.chaos;

import org.jspecify.annotations.NullMarked;
