package io.dayu.http;

import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.View;
import io.dayu.store.Pruner;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * The cluster's figures for Prometheus, made from view and store at every scrape: what is no longer
 * reported is no longer there. Seconds and bytes, as Prometheus wants them.
 */
final class ViewCollector implements MultiCollector {
  private final Supplier<View> views;
  private final Supplier<Pruner.Usage> store;
  private final Clock clock;

  ViewCollector(Supplier<View> views, Supplier<Pruner.Usage> store, Clock clock) {
    this.views = views;
    this.store = store;
    this.clock = clock;
  }

  private record Sample<T>(Labels labels, T value) {}

  @Override
  public MetricSnapshots collect() {
    var view = views.get();
    var metrics = new ArrayList<MetricSnapshot>();
    streams(view, metrics);
    nodes(view, metrics);
    stages(view, metrics);
    links(view, metrics);
    store(store.get(), metrics);
    return new MetricSnapshots(metrics);
  }

  private static void streams(View view, List<MetricSnapshot> out) {
    var streams =
        StreamReports.of(view).entrySet().stream()
            .map(
                e ->
                    new Sample<>(
                        Labels.of(
                            "stream", e.getKey().toString(), "pipeline", e.getKey().pipeline()),
                        e.getValue().report()))
            .toList();
    var ledgers = streams.stream().map(s -> new Sample<>(s.labels(), s.value().ledger())).toList();
    out.add(counter("dayu_elements_generated", "Elements cut", ledgers, Ledger::generated));
    out.add(counter("dayu_elements_delivered", "Results stored", ledgers, Ledger::delivered));
    out.add(counter("dayu_elements_failed", "Stored as failed", ledgers, Ledger::failed));
    out.add(counter("dayu_elements_shed", "Given up by rule", ledgers, Ledger::shed));
    out.add(gauge("dayu_elements_in_flight", "On their way", ledgers, Ledger::inFlight));
    out.add(counter("dayu_elements_resent", "Sent again", streams, s -> s.traffic().resent()));
    out.add(
        gauge(
            "dayu_stream_window",
            "Elements that may be in flight",
            streams,
            s -> s.traffic().window()));
    out.add(gauge("dayu_stream_decision_version", "Decision in use", streams, s -> s.decision()));
    var latency = SummarySnapshot.builder().name("dayu_latency_seconds").help("End to end");
    for (var s : streams)
      latency.dataPoint(
          SummaryDataPointSnapshot.builder()
              .labels(s.labels())
              .quantiles(
                  Quantiles.of(
                      new Quantile(0.5, s.value().latency().p50Ms() / 1000),
                      new Quantile(0.95, s.value().latency().p95Ms() / 1000),
                      new Quantile(0.99, s.value().latency().p99Ms() / 1000)))
              .build());
    out.add(latency.build());
  }

  private void nodes(View view, List<MetricSnapshot> out) {
    var nodes =
        view.nodes().values().stream()
            .map(
                seen -> {
                  var r = seen.report();
                  return new Sample<>(
                      Labels.of(
                          "node",
                          r.node(),
                          "role",
                          NodeShape.word(r.role()),
                          "site",
                          r.self().site()),
                      seen);
                })
            .toList();
    var resources =
        nodes.stream().map(s -> new Sample<>(s.labels(), s.value().report().resources())).toList();
    out.add(
        gauge("dayu_node_cpu_ratio", "Busy share of cores", resources, NodeReport.Resources::cpu));
    out.add(
        gauge("dayu_node_memory_ratio", "Memory in use", resources, NodeReport.Resources::memory));
    out.add(gauge("dayu_node_rss_bytes", "Resident memory", resources, r -> r.rssBytes()));
    var budgets =
        nodes.stream()
            .flatMap(
                s ->
                    s.value().report().budgets().stream()
                        .map(b -> new Sample<>(s.labels().add("part", b.part()), b)))
            .toList();
    out.add(
        gauge(
            "dayu_node_budget_used_bytes",
            "What a part of the node has taken",
            budgets,
            NodeReport.Budget::used));
    out.add(
        gauge(
            "dayu_node_budget_limit_bytes",
            "What a part of the node may take",
            budgets,
            NodeReport.Budget::limit));
    var kept =
        nodes.stream()
            .flatMap(
                s ->
                    s.value().report().keptFailed().stream()
                        .map(
                            k ->
                                new Sample<>(
                                    Labels.of(
                                        "stream", k.stream().toString(),
                                        "pipeline", k.stream().pipeline(),
                                        "node", s.value().report().node()),
                                    k)))
            .toList();
    out.add(gauge("dayu_failed_kept", "To be sent again", kept, NodeReport.KeptFailed::kept));
    out.add(gauge("dayu_failed_kept_bytes", "Payloads", kept, NodeReport.KeptFailed::bytes));
    out.add(
        counter(
            "dayu_failed_not_kept",
            "Failed, and should have been kept",
            kept,
            NodeReport.KeptFailed::notKept));
    out.add(counter("dayu_failed_retried", "Sent again", kept, NodeReport.KeptFailed::retried));
    var now = clock.instant();
    out.add(
        gauge(
            "dayu_node_report_age_seconds",
            "Age of the latest report",
            nodes,
            s -> NodeShape.ageMs(s.receivedAt(), now) / 1000.0));
  }

  private static void stages(View view, List<MetricSnapshot> out) {
    var merged = new LinkedHashMap<Labels, StageReport>();
    for (var seen : view.nodes().values())
      for (var s : seen.report().stages())
        merged.merge(
            Labels.of(
                "node", seen.report().node(),
                "pipeline", s.pipeline(),
                "stage", s.stage(),
                "type", s.type()),
            s,
            ViewCollector::together);
    var stages =
        merged.entrySet().stream().map(e -> new Sample<>(e.getKey(), e.getValue())).toList();
    out.add(gauge("dayu_stage_queue", "Elements that wait", stages, s -> s.work().queue()));
    out.add(
        gauge(
            "dayu_stage_service_seconds",
            "Smoothed work time",
            stages,
            s -> s.work().serviceMs() / 1000));
    out.add(counter("dayu_stage_processed", "Worked on", stages, s -> s.work().processed()));
    out.add(counter("dayu_stage_failed", "Failed", stages, s -> s.work().failed()));
    out.add(counter("dayu_stage_restarts", "Crashes", stages, StageReport::restarts));
  }

  /** For a while after a change of its pipeline a node runs a stage in both versions. */
  private static StageReport together(StageReport a, StageReport b) {
    var busier = a.work().perSecond() > b.work().perSecond() ? a : b;
    return new StageReport(
        busier.pipeline(),
        busier.stage(),
        busier.type(),
        busier.state(),
        new NodeReport.Work(
            a.work().queue() + b.work().queue(),
            busier.work().queueMs(),
            busier.work().serviceMs(),
            a.work().perSecond() + b.work().perSecond(),
            busier.work().errorRate(),
            a.work().processed() + b.work().processed(),
            a.work().failed() + b.work().failed()),
        a.restarts() + b.restarts(),
        busier.problem());
  }

  private static void links(View view, List<MetricSnapshot> out) {
    var links =
        view.nodes().values().stream()
            .flatMap(
                seen ->
                    seen.report().links().stream()
                        .map(
                            l ->
                                new Sample<>(
                                    Labels.of(
                                        "node", seen.report().node(),
                                        "peer", l.peer(),
                                        "instance", l.instance().toString()),
                                    l)))
            .toList();
    out.add(gauge("dayu_link_rtt_seconds", "Smoothed round trip", links, l -> l.rttMs() / 1000));
    out.add(
        gauge("dayu_link_suspect", "1 without a sign of life", links, l -> l.suspect() ? 1 : 0));
    out.add(gauge("dayu_link_waiting", "Elements that wait", links, l -> l.waiting()));
  }

  private static void store(Pruner.Usage usage, List<MetricSnapshot> out) {
    var whole = List.of(new Sample<>(Labels.EMPTY, usage));
    out.add(gauge("dayu_store_bytes", "Without free space", whole, Pruner.Usage::bytes));
    out.add(gauge("dayu_store_quota_bytes", "More is pruned", whole, Pruner.Usage::quota));
    var pipelines =
        usage.pipelines().entrySet().stream()
            .map(e -> new Sample<>(Labels.of("pipeline", e.getKey()), e.getValue()))
            .toList();
    out.add(
        counter("dayu_results_pruned", "Not kept any more", pipelines, Pruner.Pipeline::pruned));
  }

  private static <T> MetricSnapshot counter(
      String name, String help, List<Sample<T>> samples, ToDoubleFunction<T> value) {
    var counter = CounterSnapshot.builder().name(name).help(help);
    for (var s : samples)
      counter.dataPoint(
          CounterDataPointSnapshot.builder()
              .labels(s.labels())
              .value(value.applyAsDouble(s.value()))
              .build());
    return counter.build();
  }

  private static <T> MetricSnapshot gauge(
      String name, String help, List<Sample<T>> samples, ToDoubleFunction<T> value) {
    var gauge = GaugeSnapshot.builder().name(name).help(help);
    for (var s : samples)
      gauge.dataPoint(
          GaugeDataPointSnapshot.builder()
              .labels(s.labels())
              .value(value.applyAsDouble(s.value()))
              .build());
    return gauge.build();
  }
}
