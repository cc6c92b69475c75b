package io.dayu.bench.store;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.store.StoredResult;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Stores small results of one stream in a new database, one thread, as many rows in a commit as a
 * call has. Results are made beforehand and are not counted; what the whole process uses meanwhile
 * is.
 */
final class StoreBench {
  /**
   * @param rowsPerCommit in one call
   * @param serverCpuMicrosPerRow 0 for an embedded store
   * @param bytesPerRow what the tables or the file, without its log, have grown by
   */
  record Figures(
      int rowsPerCommit,
      double rowsPerSecond,
      double cpuMicrosPerRow,
      double serverCpuMicrosPerRow,
      double bytesPerRow) {}

  private static final int ROUND = 16_384; // made beforehand at a time

  private final Target target;
  private final Results results;

  /**
   * @param bytes of an output of each element
   */
  StoreBench(Target target, int bytes) {
    this.target = target;
    this.results = new Results(1, bytes);
  }

  /** Takes {@code duration} for each, and half as long before to warm up. */
  List<Figures> run(List<Integer> rowsPerCommit, Duration duration) throws IOException {
    measure("warm", rowsPerCommit.get(0), duration.dividedBy(2));
    var figures = new ArrayList<Figures>();
    for (var rows : rowsPerCommit) figures.add(measure("by" + rows, rows, duration));
    return figures;
  }

  @CanIgnoreReturnValue
  private Figures measure(String name, int rows, Duration duration) throws IOException {
    var meter = new Meter(target);
    try (var store = target.open(name)) {
      while (meter.total().nanos() < duration.toNanos())
        meter.store(store, batches(meter.total().rows(), rows));
    }
    var used = meter.total();
    return new Figures(
        rows,
        used.rowsPerSecond(),
        used.cpuMicrosPerRow(),
        used.serverCpuMicrosPerRow(),
        (double) target.bytes(name) / used.rows());
  }

  private List<List<StoredResult>> batches(long from, int rows) {
    var batches = new ArrayList<List<StoredResult>>();
    for (long next = from; next < from + ROUND; next += rows)
      batches.add(results.batch(next, rows));
    return batches;
  }

  static String text(List<Figures> figures) {
    var text =
        new StringBuilder("rows a commit     rows/s   CPU us a row   server's   bytes a row\n");
    for (var f : figures)
      text.append(
          String.format(
              Locale.ROOT,
              "%13d %10.0f %14.1f %10.1f %13.0f%n",
              f.rowsPerCommit(),
              f.rowsPerSecond(),
              f.cpuMicrosPerRow(),
              f.serverCpuMicrosPerRow(),
              f.bytesPerRow()));
    return text.toString();
  }

  static ObjectNode json(List<Figures> figures) {
    var report = new ObjectMapper().createObjectNode();
    var rows = report.putObject("rowsPerCommit");
    for (var f : figures)
      rows.putObject(Integer.toString(f.rowsPerCommit()))
          .put("rowsPerSecond", f.rowsPerSecond())
          .put("cpuMicrosPerRow", f.cpuMicrosPerRow())
          .put("serverCpuMicrosPerRow", f.serverCpuMicrosPerRow())
          .put("bytesPerRow", f.bytesPerRow());
    return report;
  }
}
