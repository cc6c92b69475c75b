package io.dayu.bench.fleet;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.run.Statistics;
import io.dayu.bench.run.StreamFigures;
import io.dayu.console.Table;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * What a fleet costs.
 *
 * @param formSeconds from the start of the cloud node until it knows all edges as members
 * @param before the streams when the watch under load began, an edge after the other
 * @param after the same streams when it ended
 */
record FleetReport(
    FleetBench.Fleet fleet,
    double formSeconds,
    Cost idle,
    Cost load,
    List<StreamFigures> before,
    List<StreamFigures> after) {
  private static final int DIGITS = 4;

  /** Below this part of the rate a fleet has not kept up. Reports come once a second. */
  private static final double KEPT_UP = 0.9;

  FleetReport {
    before = List.copyOf(before);
    after = List.copyOf(after);
  }

  /**
   * What all nodes used while they were watched.
   *
   * @param cloudCores kept busy by the cloud node
   * @param edgeCores kept busy by all edges together
   * @param cloudRssMb resident memory at the end, in millions of bytes
   * @param edgeRssMb the same of all edges together
   */
  record Cost(
      double seconds, double cloudCores, double edgeCores, double cloudRssMb, double edgeRssMb) {
    double cores() {
      return cloudCores + edgeCores;
    }

    double rssMb() {
      return cloudRssMb + edgeRssMb;
    }
  }

  /** Delivered while it was watched. */
  private long elements() {
    return delivered(after) - delivered(before);
  }

  private static long delivered(List<StreamFigures> streams) {
    return streams.stream().mapToLong(s -> s.ledger().delivered()).sum();
  }

  private double elementsPerSecond() {
    return elements() / load.seconds();
  }

  /** Of all nodes, beyond what they use at rest. */
  private double cpuMsPerElement() {
    return (load.cores() - idle.cores()) * load.seconds() * 1e3 / elements();
  }

  /** The middle of the streams: all have the same number of elements. */
  private double latency(ToDoubleFunction<StreamFigures.Latency> percentile) {
    return Statistics.median(
        after.stream().map(s -> percentile.applyAsDouble(s.latency())).toList());
  }

  private double worstP95() {
    return after.stream().mapToDouble(s -> s.latency().p95()).max().orElseThrow();
  }

  private boolean balanced() {
    return after.stream().allMatch(s -> s.ledger().balances());
  }

  private boolean keptUp() {
    return elementsPerSecond() >= KEPT_UP * fleet.rate() * fleet.edges();
  }

  /** What must not happen however slow the machine is; empty if it did not. */
  Optional<String> failure() {
    if (!balanced()) return Optional.of("a ledger does not balance");
    return elements() > 0 ? Optional.empty() : Optional.of("nothing was delivered");
  }

  ObjectNode json() {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("bench", "fleet")
        .put("edges", fleet.edges())
        .put("rate", fleet.rate())
        .put("payload", fleet.payload())
        .put("formSeconds", rounded(formSeconds));
    json.set("idle", json(idle));
    var load = json(this.load);
    load.put("cores", rounded(this.load.cores()))
        .put("elementsPerSecond", rounded(elementsPerSecond()))
        .put("keptUp", keptUp())
        .put("cpuMsPerElement", rounded(cpuMsPerElement()))
        .put("cpuMsPerElementWithRest", rounded(this.load.cores() * 1e3 / elementsPerSecond()));
    load.putObject("latencyMs")
        .put("p50", rounded(latency(StreamFigures.Latency::p50)))
        .put("p95", rounded(latency(StreamFigures.Latency::p95)))
        .put("p99", rounded(latency(StreamFigures.Latency::p99)))
        .put("worstP95", rounded(worstP95()));
    json.set("load", load);
    json.put("balanced", balanced());
    return json;
  }

  private ObjectNode json(Cost cost) {
    int nodes = fleet.edges() + 1;
    return JsonNodeFactory.instance
        .objectNode()
        .put("coresPerNode", rounded(cost.cores() / nodes))
        .put("rssMbPerNode", rounded(cost.rssMb() / nodes))
        .put("coresPerEdge", rounded(cost.edgeCores() / fleet.edges()))
        .put("rssMbPerEdge", rounded(cost.edgeRssMb() / fleet.edges()))
        .put("cloudCores", rounded(cost.cloudCores()))
        .put("cloudRssMb", rounded(cost.cloudRssMb()));
  }

  private static double rounded(double value) {
    return Statistics.significant(value, DIGITS);
  }

  /** For people. */
  String text() {
    var table = Table.of("", ">CORES", ">AN EDGE", ">CLOUD", ">MEMORY AN EDGE", ">CLOUD");
    row(table, "at rest", idle);
    row(table, "under load", load);
    return table.render("")
        + format("%nFormed in %.1f s; %s edges.%n", formSeconds, fleet.edges())
        + format(
            "%s/s of %s bytes at each edge: %,.0f elements/s in all%s, %.3f ms CPU an element"
                + " beyond rest.%n",
            fleet.rate(),
            fleet.payload(),
            elementsPerSecond(),
            keptUp() ? "" : " (IT DID NOT KEEP UP)",
            cpuMsPerElement())
        + format(
            "Latency, the middle of the streams: p50 %.1f, p95 %.1f, p99 %.1f ms; the worst p95 is"
                + " %.1f ms.%n",
            latency(StreamFigures.Latency::p50),
            latency(StreamFigures.Latency::p95),
            latency(StreamFigures.Latency::p99),
            worstP95())
        + format("Ledgers: %s.%n", balanced() ? "balance" : "ONE DOES NOT BALANCE");
  }

  private void row(Table table, String title, Cost cost) {
    table.row(
        title,
        format("%.2f", cost.cores()),
        format("%.1f %%", 100 * cost.edgeCores() / fleet.edges()),
        format("%.1f %%", 100 * cost.cloudCores()),
        format("%.0f MB", cost.edgeRssMb() / fleet.edges()),
        format("%.0f MB", cost.cloudRssMb()));
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
