package io.dayu.bench.compare;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.run.Statistics;
import io.dayu.console.Table;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The same work by all of them. */
record CompareReport(int rounds, List<Figures> payloads) {
  private static final int DIGITS = 4;

  /** What a reader must know to judge the figures. */
  private static final String FAIRNESS =
      """
      The same: the machine, the run, turns one after the other in fresh processes; three stages that do nothing; a payload that is
      made once; a row of about 170 bytes with the same index for each element; the serial collector and all compilers.
      Against Dayu: it has a route, a trace and an acknowledgement for each element, and counts an element when its source has heard
      that it is stored. The engines checkpoint once a second and count a row when it is committed. Flink is one process: its hops but one
      stay inside it, and the one over TCP does not leave it; chained, it has no hop at all. Flink's objects are
      used again (enableObjectReuse), Jet's elements have a serializer of their own.
      Against the engines: their stages and buffers are as they come, but for that. Flink's network buffers are 32 KB, its memory for
      them 64 MB, which large payloads feel; at 50 a second it flushes each element. All warm up as long as they are measured, 3 s at
      least and 30 s at most.
      Stores: the engines write to plain SQLite (WAL, synchronous=FULL, commits of up to 1,000 rows or 50 ms, one row at 50 a second).
      Dayu writes to its own embedded store, whichever that is in this version. Not stored: Dayu runs with dayu.store.keep-results = off.
      Latency: creation to commit for the engines, to the acknowledgement at the source for Dayu; 50 elements a second, stored.
      """;

  CompareReport {
    payloads = List.copyOf(payloads);
  }

  /** One payload. */
  record Figures(int payload, Rounds stored, Rounds unstored, Map<Contestant, Latency> latencies) {
    Figures {
      latencies = Map.copyOf(latencies);
    }
  }

  /** The latencies of the first payload stand at the top as well. */
  ObjectNode json() {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("bench", "compare").put("rounds", rounds);
    json.set("latencyMs", json(payloads.get(0).latencies()));
    var all = json.putObject("payloads");
    for (var figures : payloads) {
      var payload = all.putObject(Integer.toString(figures.payload()));
      payload.set("stored", json(figures.stored()));
      payload.set("unstored", json(figures.unstored()));
      payload.set("latencyMs", json(figures.latencies()));
    }
    return json;
  }

  private static ObjectNode json(Rounds rounds) {
    var json = JsonNodeFactory.instance.objectNode();
    for (var contestant : Contestant.values())
      json.putObject(contestant.key())
          .put("elementsPerSecond", rounded(rounds.rate(contestant)))
          .put("cpuMsPerElement", rounded(rounds.cpuMs(contestant)));
    var ratios = rounds.ratiosToBest();
    json.put("ratioToBest", rounded(Statistics.median(ratios)));
    json.putArray("ratioToBestRange")
        .add(rounded(Collections.min(ratios)))
        .add(rounded(Collections.max(ratios)));
    return json;
  }

  private static ObjectNode json(Map<Contestant, Latency> latencies) {
    var json = JsonNodeFactory.instance.objectNode();
    for (var contestant : Contestant.values()) {
      var latency = latencies.get(contestant);
      if (latency != null)
        json.putObject(contestant.key())
            .put("p50", rounded(latency.p50()))
            .put("p99", rounded(latency.p99()));
    }
    return json;
  }

  private static double rounded(double value) {
    return Statistics.significant(value, DIGITS);
  }

  /** For people. */
  String text() {
    var text = new StringBuilder();
    for (var figures : payloads) {
      text.append(table(figures.payload() + " bytes, stored", figures.stored()));
      text.append(table(figures.payload() + " bytes, not stored", figures.unstored()));
      var table = Table.of("", ">P50", ">P99");
      for (var contestant : Contestant.values()) {
        var latency = figures.latencies().get(contestant);
        if (latency != null)
          table.row(
              contestant.title(),
              String.format(Locale.ROOT, "%.2f ms", latency.p50()),
              String.format(Locale.ROOT, "%.2f ms", latency.p99()));
      }
      text.append("%s bytes, latency%n".formatted(figures.payload()))
          .append(table.render(""))
          .append(System.lineSeparator());
    }
    for (var contestant : Contestant.values())
      text.append("%s: %s.%n".formatted(contestant.title(), contestant.how()));
    return text.append(FAIRNESS).toString();
  }

  private String table(String title, Rounds figures) {
    var table =
        Table.of("", ">ELEMENTS/S", ">CPU/ELEMENT", ">DAYU ÷ IT", ">RANGE", ">CPU, DAYU ÷ IT");
    for (var contestant : Contestant.values()) {
      var ratios = figures.ratios(contestant);
      boolean self = contestant == Contestant.DAYU;
      table.row(
          contestant.title(),
          String.format(Locale.ROOT, "%,.0f", figures.rate(contestant)),
          String.format(Locale.ROOT, "%.4f ms", figures.cpuMs(contestant)),
          self ? "" : String.format(Locale.ROOT, "%.2f", Statistics.median(ratios)),
          self ? "" : range(ratios),
          self ? "" : String.format(Locale.ROOT, "%.2f", figures.cpuRatio(contestant)));
    }
    var best = figures.ratiosToBest();
    return title
        + System.lineSeparator()
        + table.render("")
        + String.format(
            Locale.ROOT,
            "Dayu ÷ the better engine with hops: %.2f (%s), rounds: %s%n%n",
            Statistics.median(best),
            range(best),
            rounds);
  }

  private static String range(List<Double> ratios) {
    return String.format(
        Locale.ROOT, "%.2f–%.2f", Collections.min(ratios), Collections.max(ratios));
  }
}
