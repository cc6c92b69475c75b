package io.dayu.bench.pipeline;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.run.Statistics;
import io.dayu.client.LedgerCounts;
import io.dayu.console.Table;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a pipeline achieves. */
record PipelineReport(List<Figures> payloads) {
  private static final int DIGITS = 4;

  /** Cores below which a group of threads is left out of the table, though not of the report. */
  private static final double SHOWN = 0.02;

  PipelineReport {
    payloads = List.copyOf(payloads);
  }

  /** One payload. */
  record Figures(
      int payload,
      ClosedLoop closedLoop,
      Optional<StageCosts> stageCosts,
      OneInFlight oneInFlight,
      Optional<RouteChange> routeChange) {
    boolean balanced() {
      return closedLoop.ledger().balances()
          && stageCosts.map(StageCosts::balanced).orElse(true)
          && oneInFlight.ledger().balances()
          && routeChange.map(r -> r.ledger().balances()).orElse(true);
    }

    private Optional<String> failure() {
      if (!balanced()) return Optional.of("a ledger does not balance");
      if (closedLoop.ledger().delivered() == 0 || oneInFlight.ledger().delivered() == 0)
        return Optional.of("nothing was delivered");
      return routeChange
          .filter(r -> r.missing() != 0 || r.duplicates() != 0)
          .map(
              r ->
                  "route changes lost %s elements and stored %s twice"
                      .formatted(r.missing(), r.duplicates()));
    }
  }

  /** What must not happen however slow the machine is; empty if it did not. */
  Optional<String> failure() {
    return payloads.stream()
        .flatMap(f -> f.failure().map(why -> "at %s bytes %s".formatted(f.payload(), why)).stream())
        .findFirst();
  }

  /** The figures of the first payload stand at the top as well, for whoever asked for one only. */
  ObjectNode json() {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("bench", "pipeline");
    json.setAll(json(payloads.get(0)));
    var all = json.putArray("payloads");
    payloads.forEach(figures -> all.add(json(figures)));
    return json;
  }

  private static ObjectNode json(Figures figures) {
    var json = JsonNodeFactory.instance.objectNode();
    var loop = figures.closedLoop();
    var latency = figures.oneInFlight().latency();
    json.put("payload", figures.payload());
    json.put("elementsPerSecond", rounded(loop.elementsPerSecond()));
    json.putObject("latencyMs")
        .put("p50", rounded(latency.p50()))
        .put("p95", rounded(latency.p95()))
        .put("p99", rounded(latency.p99()));
    json.put("cpuMsPerElement", rounded(loop.cpuMsPerElement()));
    json.put("balanced", figures.balanced());
    json.set("ledger", json(loop.ledger()));
    var cores = json.putObject("coresBusy");
    loop.cpuSharePerNode().forEach((node, share) -> cores.put(node, rounded(share)));
    var threads = json.putObject("threads");
    loop.threads()
        .forEach(
            (node, groups) -> {
              var busy = threads.putObject(node);
              groups.forEach((group, share) -> busy.put(group, rounded(share)));
            });
    figures.stageCosts().ifPresent(costs -> json.set("stages", json(costs)));
    json.put("resent", loop.resent());
    json.putObject("oneInFlight")
        .put("elementsPerSecond", rounded(figures.oneInFlight().elementsPerSecond()))
        .set("ledger", json(figures.oneInFlight().ledger()));
    figures.routeChange().ifPresent(change -> json.set("routeChange", json(change)));
    return json;
  }

  private static ObjectNode json(StageCosts costs) {
    var json = JsonNodeFactory.instance.objectNode();
    costs
        .byStages()
        .forEach(
            (stages, loop) ->
                json.putObject(Integer.toString(stages))
                    .put("elementsPerSecond", rounded(loop.elementsPerSecond()))
                    .put("cpuMsPerElement", rounded(loop.cpuMsPerElement())));
    return json.put("cpuMsPerStage", rounded(costs.cpuMsPerStage()))
        .put("cpuMsPerHop", rounded(costs.cpuMsPerHop()));
  }

  private static ObjectNode json(RouteChange change) {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("elementsPerSecond", change.elementsPerSecond())
        .put("routeChanges", change.routeChanges())
        .put("lost", change.missing())
        .put("duplicates", change.duplicates())
        .put("resent", change.resent())
        .put("steadyGapMs", rounded(change.steadyGapMs()))
        .put("longestGapMs", rounded(change.longestGapMs()))
        .set("ledger", json(change.ledger()));
    return json;
  }

  private static ObjectNode json(LedgerCounts ledger) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("generated", ledger.generated())
        .put("delivered", ledger.delivered())
        .put("failed", ledger.failed())
        .put("shed", ledger.shed())
        .put("inFlight", ledger.inFlight());
  }

  private static double rounded(double value) {
    return Statistics.significant(value, DIGITS);
  }

  /** For people. */
  String text() {
    var table =
        Table.of(
            ">PAYLOAD", ">ELEMENTS/S", ">MB/S", ">CPU/ELEMENT", ">P50", ">P95", ">P99", "LEDGER");
    for (var figures : payloads) {
      var loop = figures.closedLoop();
      var latency = figures.oneInFlight().latency();
      table.row(
          figures.payload(),
          String.format(Locale.ROOT, "%,.0f", loop.elementsPerSecond()),
          String.format(Locale.ROOT, "%,.0f", loop.elementsPerSecond() * figures.payload() / 1e6),
          millis(loop.cpuMsPerElement()),
          millis(latency.p50()),
          millis(latency.p95()),
          millis(latency.p99()),
          figures.balanced() ? "balances" : "DOES NOT BALANCE");
    }
    var text = new StringBuilder(table.render(""));
    text.append("Rates in a closed loop; latencies with one element in flight.%n".formatted());
    for (var figures : payloads) {
      figures.stageCosts().ifPresent(costs -> text.append(stages(figures.payload(), costs)));
      text.append(threads(figures));
    }
    var changes =
        Table.of(
            ">PAYLOAD",
            ">AT/S",
            ">ROUTE CHANGES",
            ">LOST",
            ">TWICE",
            ">STEADY GAP",
            ">LONGEST GAP");
    for (var figures : payloads)
      figures
          .routeChange()
          .ifPresent(
              r ->
                  changes.row(
                      figures.payload(),
                      String.format(Locale.ROOT, "%,.0f", r.elementsPerSecond()),
                      r.routeChanges(),
                      r.missing(),
                      r.duplicates(),
                      millis(r.steadyGapMs()),
                      millis(r.longestGapMs())));
    if (payloads.stream().anyMatch(f -> f.routeChange().isPresent()))
      text.append("%nRoute changes%n".formatted()).append(changes.render(""));
    return text.toString();
  }

  private static String stages(int payload, StageCosts costs) {
    var table = Table.of(">STAGES", ">ELEMENTS/S", ">CPU/ELEMENT");
    costs
        .byStages()
        .forEach(
            (stages, loop) ->
                table.row(
                    stages,
                    String.format(Locale.ROOT, "%,.0f", loop.elementsPerSecond()),
                    String.format(Locale.ROOT, "%.4f ms", loop.cpuMsPerElement())));
    return "%nStages, %s bytes%n".formatted(payload)
        + table.render("")
        + String.format(
            Locale.ROOT,
            "%.4f ms CPU a stage, %.4f ms a hop between nodes.%n",
            costs.cpuMsPerStage(),
            costs.cpuMsPerHop());
  }

  /** Groups of threads that matter. */
  private static String threads(Figures figures) {
    var table = Table.of("NODE", "THREADS", ">CORES");
    figures
        .closedLoop()
        .threads()
        .forEach(
            (node, groups) ->
                groups.forEach(
                    (group, cores) -> {
                      if (cores >= SHOWN)
                        table.row(node, group, String.format(Locale.ROOT, "%.2f", cores));
                    }));
    return table.isEmpty()
        ? ""
        : "%nThreads, %s bytes%n".formatted(figures.payload()) + table.render("");
  }

  private static String millis(double ms) {
    return String.format(Locale.ROOT, ms < 10 ? "%.3f ms" : "%.0f ms", ms);
  }
}
