package io.dayu.bench.service;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.pipeline.ClosedLoop;
import io.dayu.bench.run.Statistics;
import io.dayu.bench.run.StreamFigures;
import io.dayu.client.LedgerCounts;
import io.dayu.console.Table;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/** What stages within a node and services beside it achieve. */
record ServiceReport(Program program, List<Figures> rows) {
  private static final int DIGITS = 4;

  ServiceReport {
    rows = List.copyOf(rows);
  }

  /**
   * @param oneInFlight at 50 elements a second; empty if it was not measured
   */
  record Figures(Way way, int payload, ClosedLoop loop, Optional<StreamFigures> oneInFlight) {
    /** Of the node, without the service. */
    double nodeCores() {
      return loop.cpuSharePerNode().values().stream().mapToDouble(c -> c).sum();
    }

    /** Elements for each second of CPU time that the node and the service took together. */
    double perCoreSecond() {
      return 1e3 / loop.cpuMsPerElement();
    }

    private Optional<String> failure() {
      for (var ledger : ledgers()) {
        if (!ledger.balances()) return Optional.of("the ledger does not balance: " + ledger);
        if (ledger.failed() != 0) return Optional.of("elements failed: " + ledger);
        if (ledger.delivered() == 0) return Optional.of("nothing was delivered");
      }
      return Optional.empty();
    }

    private List<LedgerCounts> ledgers() {
      return oneInFlight
          .map(figures -> List.of(loop.ledger(), figures.ledger()))
          .orElse(List.of(loop.ledger()));
    }
  }

  /** What must not happen however slow the machine is; empty if it did not. */
  Optional<String> failure() {
    return rows.stream()
        .flatMap(
            f ->
                f
                    .failure()
                    .map(why -> "%s, %s bytes: %s".formatted(f.way().word(), f.payload(), why))
                    .stream())
        .findFirst();
  }

  /** By way and payload. */
  ObjectNode json() {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("bench", "service");
    json.put("service", program.name().toLowerCase(Locale.ROOT));
    json.put("balanced", failure().isEmpty());
    for (var figures : rows)
      json.withObject("/" + figures.way().word())
          .set(Integer.toString(figures.payload()), json(figures));
    return json;
  }

  private ObjectNode json(Figures figures) {
    var json = JsonNodeFactory.instance.objectNode();
    var loop = figures.loop();
    json.put("elementsPerSecond", rounded(loop.elementsPerSecond()));
    json.put("perCoreSecond", rounded(figures.perCoreSecond()));
    json.put("cpuMsPerElement", rounded(loop.cpuMsPerElement()));
    json.putObject("coresBusy")
        .put("node", rounded(figures.nodeCores()))
        .put("service", rounded(loop.programs()));
    var threads = json.putObject("threads");
    loop.threads()
        .values()
        .forEach(groups -> groups.forEach((group, cores) -> threads.put(group, rounded(cores))));
    figures
        .oneInFlight()
        .ifPresent(one -> percentiles(one.latency(), json.putObject("latencyMs")::put));
    overhead(figures).ifPresent(over -> percentiles(over, json.putObject("overheadMs")::put));
    var ledger = loop.ledger();
    json.putObject("ledger")
        .put("generated", ledger.generated())
        .put("delivered", ledger.delivered())
        .put("failed", ledger.failed())
        .put("shed", ledger.shed())
        .put("inFlight", ledger.inFlight());
    return json;
  }

  private static void percentiles(
      StreamFigures.Latency latency, BiConsumer<String, Double> consumer) {
    Map.of("p50", latency.p50(), "p95", latency.p95(), "p99", latency.p99())
        .forEach((name, value) -> consumer.accept(name, rounded(value)));
  }

  /** What an element takes longer than with the stage within the node. */
  private Optional<StreamFigures.Latency> overhead(Figures figures) {
    if (figures.way() == Way.IDENTITY || figures.oneInFlight().isEmpty()) return Optional.empty();
    var with = figures.oneInFlight().get().latency();
    return rows.stream()
        .filter(f -> f.way() == Way.IDENTITY && f.payload() == figures.payload())
        .flatMap(f -> f.oneInFlight().stream())
        .map(StreamFigures::latency)
        .map(
            without ->
                new StreamFigures.Latency(
                    with.p50() - without.p50(),
                    with.p95() - without.p95(),
                    with.p99() - without.p99()))
        .findFirst();
  }

  private static double rounded(double value) {
    return Statistics.significant(value, DIGITS);
  }

  /** For people. */
  String text() {
    var table =
        Table.of(
            "STAGE",
            ">PAYLOAD",
            ">ELEMENTS/S",
            ">PER CORE-SECOND",
            ">NODE",
            ">SERVICE",
            ">P50",
            ">P50 MORE",
            "LEDGER");
    for (var figures : rows)
      table.row(
          figures.way().word(),
          figures.payload(),
          String.format(Locale.ROOT, "%,.0f", figures.loop().elementsPerSecond()),
          String.format(Locale.ROOT, "%,.0f", figures.perCoreSecond()),
          String.format(Locale.ROOT, "%.2f cores", figures.nodeCores()),
          String.format(Locale.ROOT, "%.2f cores", figures.loop().programs()),
          millis(figures.oneInFlight().map(StreamFigures::latency)),
          millis(overhead(figures)),
          figures.failure().isEmpty() ? "balances" : "SEE BELOW");
    return table.render("")
        + "Rates in a closed loop; CPU time of the node and its service; latencies with one element in flight.%n"
            .formatted();
  }

  private static String millis(Optional<StreamFigures.Latency> latency) {
    return latency.map(l -> String.format(Locale.ROOT, "%.2f ms", l.p50())).orElse("");
  }
}
