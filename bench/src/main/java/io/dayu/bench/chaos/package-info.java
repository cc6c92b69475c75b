/** Faults that are drawn from a seed and done to real nodes, while elements flow. */
package io.dayu.bench.chaos;
