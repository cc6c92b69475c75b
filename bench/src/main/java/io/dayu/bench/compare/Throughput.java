package io.dayu.bench.compare;

/**
 * What one of them did in one round.
 *
 * @param cpuMsPerElement of all its processes
 */
record Throughput(double elementsPerSecond, double cpuMsPerElement) {}
