package io.dayu.bench.store;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.protobuf.ByteString;
import com.sun.management.OperatingSystemMXBean;
import io.dayu.element.Element;
import io.dayu.element.Hop;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.store.JdbcResultStore;
import io.dayu.store.ResultStore;
import io.dayu.store.StoredResult;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Stores small results in a new embedded store, one thread, as many rows in a commit as a call has.
 * Results are made beforehand and are not counted; what the whole process uses meanwhile is.
 */
final class StoreBench {
  /**
   * @param rowsPerCommit in one call
   * @param bytesPerRow what the file has grown by, its log left out
   */
  record Figures(
      int rowsPerCommit, double rowsPerSecond, double cpuMicrosPerRow, double bytesPerRow) {}

  private static final int ROUND = 16_384; // made beforehand at a time
  private static final int FRAMES = 1;
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private final Path directory;
  private final int bytes;

  /**
   * @param directory where files are made, which are left to the caller
   * @param bytes of an output of each element
   */
  StoreBench(Path directory, int bytes) {
    this.directory = directory;
    this.bytes = bytes;
  }

  /** Takes {@code duration} for each, and half as long before to warm up. */
  List<Figures> run(List<Integer> rowsPerCommit, Duration duration) throws IOException {
    measure("warm.db", rowsPerCommit.get(0), duration.dividedBy(2));
    var figures = new ArrayList<Figures>();
    for (var rows : rowsPerCommit) figures.add(measure(rows + ".db", rows, duration));
    return figures;
  }

  @CanIgnoreReturnValue
  private Figures measure(String name, int rows, Duration duration) throws IOException {
    var file = directory.resolve(name);
    long stored = 0;
    long nanos = 0;
    long cpu = 0;
    try (var store = JdbcResultStore.openFile(file, FRAMES)) {
      while (nanos < duration.toNanos()) {
        var batches = batches(stored, rows);
        long cpuBefore = SYSTEM.getProcessCpuTime();
        long before = System.nanoTime();
        for (var batch : batches) stored += store(store, batch);
        nanos += System.nanoTime() - before;
        cpu += SYSTEM.getProcessCpuTime() - cpuBefore;
      }
    }
    return new Figures(
        rows, stored * 1e9 / nanos, cpu / 1e3 / stored, (double) Files.size(file) / stored);
  }

  private static int store(ResultStore store, List<StoredResult> batch) {
    int fresh = store.store(batch).size();
    if (fresh != batch.size())
      throw new IllegalStateException(fresh + " of " + batch.size() + " were stored");
    return fresh;
  }

  private List<List<StoredResult>> batches(long from, int rows) {
    var output = Media.newBuilder().setOpaque(ByteString.copyFrom(new byte[bytes])).build();
    var batches = new ArrayList<List<StoredResult>>();
    for (long seq = from; seq < from + ROUND; seq += rows) {
      var batch = new ArrayList<StoredResult>();
      for (long i = seq; i < seq + rows; i++)
        batch.add(
            new StoredResult(
                Element.newBuilder()
                    .setStream("bench/sensor")
                    .setSeq(i)
                    .setAttempt(1)
                    .setOrigin("edge-1")
                    .setCreatedAtMs(1_700_000_000_000L + i)
                    .addOutputs(Outputs.of("identity", output))
                    .addTrace(Hop.newBuilder().setStage("identity").setNode("edge-1").setTries(1))
                    .build(),
                false));
      batches.add(batch);
    }
    return batches;
  }

  static String text(List<Figures> figures) {
    var text = new StringBuilder("rows a commit     rows/s   CPU us a row   bytes a row\n");
    for (var f : figures)
      text.append(
          String.format(
              Locale.ROOT,
              "%13d %10.0f %14.1f %13.0f%n",
              f.rowsPerCommit(),
              f.rowsPerSecond(),
              f.cpuMicrosPerRow(),
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
          .put("bytesPerRow", f.bytesPerRow());
    return report;
  }
}
