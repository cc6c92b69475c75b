package io.dayu.bench.store;

/**
 * What storing has taken.
 *
 * @param nanos of wall clock
 * @param cpuNanos of this process
 * @param serverCpuNanos of other processes, see {@link Target#serverCpu}
 */
record Usage(long rows, long nanos, long cpuNanos, long serverCpuNanos) {
  static final Usage NONE = new Usage(0, 0, 0, 0);

  Usage plus(Usage other) {
    return new Usage(
        rows + other.rows,
        nanos + other.nanos,
        cpuNanos + other.cpuNanos,
        serverCpuNanos + other.serverCpuNanos);
  }

  Usage minus(Usage other) {
    return new Usage(
        rows - other.rows,
        nanos - other.nanos,
        cpuNanos - other.cpuNanos,
        serverCpuNanos - other.serverCpuNanos);
  }

  double rowsPerSecond() {
    return rows * 1e9 / nanos;
  }

  double cpuMicrosPerRow() {
    return cpuNanos / 1e3 / rows;
  }

  double serverCpuMicrosPerRow() {
    return serverCpuNanos / 1e3 / rows;
  }
}
