package io.dayu.bench.store;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a store is like while it is filled and when it is full.
 *
 * @param first what the first million rows took, or the first half of fewer
 * @param last the same of the last ones
 * @param bytesPerRow what the tables or the file, without its log, take
 * @param pages the first ones, some in the middle, the last ones
 */
record FillReport(
    long rows,
    int streams,
    Usage first,
    Usage last,
    List<Usage> tenths,
    double bytesPerRow,
    List<Pages> pages,
    Restart restart) {
  FillReport {
    tenths = List.copyOf(tenths);
    pages = List.copyOf(pages);
  }

  /** How long it takes to read one. */
  record Pages(String where, double p50Ms, double p95Ms) {
    static Pages of(String where, double[] millis) {
      var sorted = millis.clone();
      Arrays.sort(sorted);
      return new Pages(where, sorted[sorted.length / 2], sorted[sorted.length * 95 / 100]);
    }
  }

  /**
   * @param closeSeconds until the store is closed in order
   * @param openSeconds until it is open again
   * @param askedSeconds until all is answered that a node asks at its start, for each stream
   */
  record Restart(double closeSeconds, double openSeconds, double askedSeconds) {
    double seconds() {
      return closeSeconds + openSeconds + askedSeconds;
    }

    String text() {
      return format(
          "restart %.2f s: closed in %.2f s, opened in %.2f s, asked for %.2f s",
          seconds(), closeSeconds, openSeconds, askedSeconds);
    }
  }

  /** The rate at the end by that of the empty store. */
  double rateRatio() {
    return last.rowsPerSecond() / first.rowsPerSecond();
  }

  double cpuRatio() {
    return cpu(last) / cpu(first);
  }

  private static double cpu(Usage usage) {
    return usage.cpuMicrosPerRow() + usage.serverCpuMicrosPerRow();
  }

  String text() {
    var text = new StringBuilder("               rows     rows/s   CPU us a row   server's\n");
    text.append(line("first", first)).append(line("last", last));
    text.append(format("%-8s %21.2f %14.2f%n", "ratio", rateRatio(), cpuRatio()));
    text.append(
        format(
            "slowest tenth %,.0f rows/s; %.0f bytes a row%n",
            tenths.stream().mapToDouble(Usage::rowsPerSecond).min().orElseThrow(), bytesPerRow));
    for (var page : pages)
      text.append(
          format("%s pages: p50 %.2f ms, p95 %.2f ms%n", page.where(), page.p50Ms(), page.p95Ms()));
    return text.append(restart.text()).append(System.lineSeparator()).toString();
  }

  private static String line(String name, Usage usage) {
    return format(
        "%-8s %10d %10.0f %14.2f %10.2f%n",
        name,
        usage.rows(),
        usage.rowsPerSecond(),
        usage.cpuMicrosPerRow(),
        usage.serverCpuMicrosPerRow());
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }

  ObjectNode json() {
    var report =
        new ObjectMapper()
            .createObjectNode()
            .put("rows", rows)
            .put("streams", streams)
            .put("bytesPerRow", bytesPerRow)
            .put("rateRatio", rateRatio())
            .put("cpuRatio", cpuRatio());
    put(report.putObject("first"), first);
    put(report.putObject("last"), last);
    var parts = report.putArray("tenths");
    tenths.forEach(tenth -> put(parts.addObject(), tenth));
    var places = report.putObject("pagesMs");
    for (var page : pages)
      places.putObject(page.where()).put("p50", page.p50Ms()).put("p95", page.p95Ms());
    report
        .putObject("restart")
        .put("seconds", restart.seconds())
        .put("closeSeconds", restart.closeSeconds())
        .put("openSeconds", restart.openSeconds())
        .put("askedSeconds", restart.askedSeconds());
    return report;
  }

  private static void put(ObjectNode node, Usage usage) {
    node.put("rows", usage.rows())
        .put("rowsPerSecond", usage.rowsPerSecond())
        .put("cpuMicrosPerRow", usage.cpuMicrosPerRow())
        .put("serverCpuMicrosPerRow", usage.serverCpuMicrosPerRow());
  }
}
