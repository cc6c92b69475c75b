package io.dayu.bench.link;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.run.Statistics;
import io.dayu.console.Table;
import io.dayu.console.Units;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/** What one hop costs, Dayu's way and others. */
record LinkReport(List<Figures> payloads) {
  private static final int DIGITS = 4;

  LinkReport {
    payloads = List.copyOf(payloads);
  }

  /**
   * One turn of one mechanism.
   *
   * @param bytes of payload
   * @param time by the receiver's clock
   * @param cpu of both processes
   */
  record Turn(long elements, long bytes, Duration time, Duration cpu) {
    double elementsPerSecond() {
      return elements * 1e9 / time.toNanos();
    }

    double mbPerSecond() {
      return bytes * 1e3 / time.toNanos();
    }

    double cpuSecondsPerElement() {
      return cpu.toNanos() / 1e9 / elements;
    }
  }

  /**
   * One payload.
   *
   * @param turns of every mechanism, as many of each; the n-th ones were taken side by side
   */
  record Figures(int payload, Map<Mechanism, List<Turn>> turns) {
    double median(Mechanism mechanism, ToDoubleFunction<Turn> figure) {
      return Statistics.median(values(mechanism, figure));
    }

    /** Dayu's rate divided by that of another, round by round. */
    List<Double> ratios(Mechanism to) {
      return Statistics.ratios(
          values(Mechanism.DAYU, Turn::elementsPerSecond), values(to, Turn::elementsPerSecond));
    }

    /** Dayu's CPU time per element divided by that of another: what other work disturbs least. */
    List<Double> cpuRatios(Mechanism to) {
      return Statistics.ratios(
          values(Mechanism.DAYU, Turn::cpuSecondsPerElement),
          values(to, Turn::cpuSecondsPerElement));
    }

    int rounds() {
      return turns(Mechanism.DAYU).size();
    }

    private List<Turn> turns(Mechanism mechanism) {
      return Objects.requireNonNull(turns.get(mechanism), "every mechanism has its turns");
    }

    private List<Double> values(Mechanism mechanism, ToDoubleFunction<Turn> figure) {
      return turns(mechanism).stream().map(t -> figure.applyAsDouble(t)).toList();
    }

    String summary() {
      return String.format(
          Locale.ROOT,
          "%s: %,.0f elements/s, %.2f × stock-framed Streams, %.2f × blocking sockets",
          size(),
          median(Mechanism.DAYU, Turn::elementsPerSecond),
          Statistics.median(ratios(Mechanism.STOCK_STREAMS)),
          Statistics.median(ratios(Mechanism.BLOCKING_SOCKETS)));
    }

    private String size() {
      return "%s bytes".formatted(payload);
    }
  }

  /** The figures of the first payload stand at the top as well, for whoever asked for one only. */
  ObjectNode json() {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("bench", "link");
    json.setAll(json(payloads.get(0)));
    var all = json.putArray("payloads");
    payloads.forEach(figures -> all.add(json(figures)));
    return json;
  }

  private static ObjectNode json(Figures figures) {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("payload", figures.payload());
    json.put("rounds", figures.rounds());
    var mechanisms = json.putObject("mechanisms");
    for (var mechanism : Mechanism.values())
      mechanisms
          .putObject(mechanism.key())
          .put("elementsPerSecond", rounded(figures, mechanism, Turn::elementsPerSecond))
          .put("mbPerSecond", rounded(figures, mechanism, Turn::mbPerSecond))
          .put("cpuSecondsPerElement", rounded(figures, mechanism, Turn::cpuSecondsPerElement));
    var ratios = json.putObject("ratios");
    var cpuRatios = json.putObject("cpuRatios");
    var rounds = json.putObject("roundRatios");
    for (var other : Mechanism.values()) {
      if (other == Mechanism.DAYU) continue;
      var each = figures.ratios(other);
      ratios.put(other.key(), Statistics.significant(Statistics.median(each), DIGITS));
      cpuRatios.put(
          other.key(), Statistics.significant(Statistics.median(figures.cpuRatios(other)), DIGITS));
      var list = rounds.putArray(other.key());
      each.forEach(ratio -> list.add(Statistics.significant(ratio, DIGITS)));
    }
    return json;
  }

  private static double rounded(Figures figures, Mechanism of, ToDoubleFunction<Turn> figure) {
    return Statistics.significant(figures.median(of, figure), DIGITS);
  }

  /** For people. */
  String text() {
    var table =
        Table.of(
            ">PAYLOAD",
            "MECHANISM",
            ">ELEMENTS/S",
            ">MB/S",
            ">CPU/ELEMENT",
            ">DAYU'S RATE",
            "RANGE",
            ">DAYU'S CPU");
    for (var figures : payloads)
      for (var mechanism : Mechanism.values()) {
        var ratios = figures.ratios(mechanism);
        boolean own = mechanism == Mechanism.DAYU;
        table.row(
            own ? Integer.toString(figures.payload()) : "",
            mechanism.title(),
            String.format(Locale.ROOT, "%,.0f", figures.median(mechanism, Turn::elementsPerSecond)),
            String.format(Locale.ROOT, "%,.0f", figures.median(mechanism, Turn::mbPerSecond)),
            micros(figures.median(mechanism, Turn::cpuSecondsPerElement)),
            own ? "" : String.format(Locale.ROOT, "%.2f ×", Statistics.median(ratios)),
            own ? "" : range(ratios),
            own
                ? ""
                : String.format(
                    Locale.ROOT, "%.2f ×", Statistics.median(figures.cpuRatios(mechanism))));
      }
    return table.render("")
        + "Medians over %s rounds; ratios are taken within a round.%n"
            .formatted(payloads.get(0).rounds());
  }

  private static String micros(double seconds) {
    return seconds < 1e-3
        ? String.format(Locale.ROOT, "%.1f µs", seconds * 1e6)
        : Units.millis(seconds * 1e3);
  }

  private static String range(List<Double> ratios) {
    return String.format(
        Locale.ROOT,
        "%.2f–%.2f",
        ratios.stream().mapToDouble(r -> r).min().orElseThrow(),
        ratios.stream().mapToDouble(r -> r).max().orElseThrow());
  }
}
