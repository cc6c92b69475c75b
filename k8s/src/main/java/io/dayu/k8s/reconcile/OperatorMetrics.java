package io.dayu.k8s.reconcile;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The operator's figures for Prometheus. What was done is counted for as long as the process lives;
 * what there is, such as the queue, is told by the process that leads and by no other. Safe for any
 * thread.
 */
public final class OperatorMetrics implements MultiCollector {
  private static final double[] SECONDS = {0.001, 0.01, 0.1, 1, 10};

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Counter reconciles =
      Counter.builder()
          .name("dayu_operator_reconciles")
          .help("Objects looked at, and what came of it")
          .labelNames("kind", "outcome")
          .withoutExemplars()
          .register(registry);
  private final Histogram seconds =
      Histogram.builder()
          .name("dayu_operator_reconcile_seconds")
          .help("How long that took")
          .labelNames("kind")
          .classicOnly()
          .classicUpperBounds(SECONDS)
          .withoutExemplars()
          .register(registry);
  private final Counter writes =
      Counter.builder()
          .name("dayu_operator_writes")
          .help("Asked of the API server")
          .labelNames("kind", "verb")
          .withoutExemplars()
          .register(registry);
  private volatile Supplier<Optional<Operator>> operator = Optional::empty;

  /** One that is out of the queue. */
  void reconciled(String kind, String outcome, Duration took) {
    reconciles.labelValues(kind, outcome).inc();
    seconds.labelValues(kind).observe(took.toNanos() / 1e9);
  }

  /**
   * @param verb as in a Role
   * @param kind the plural, as in a Role
   */
  void wrote(String verb, String kind) {
    writes.labelValues(kind, verb).inc();
  }

  /** Tells of this operator from now on, while there is one. */
  void of(Supplier<Optional<Operator>> leading) {
    operator = leading;
  }

  @Override
  public MetricSnapshots collect() {
    var leading = operator.get();
    var all = new ArrayList<MetricSnapshot>(registry.scrape().stream().toList());
    all.add(
        gauge(
            "dayu_operator_leader",
            "Whether this process is the operator",
            List.of(point(leading.isPresent() ? 1 : 0))));
    leading.ifPresent(o -> queue(o.waiting(), all));
    leading.ifPresent(o -> watches(o.watches(), all));
    leading.ifPresent(o -> resources(o.resources(), all));
    return new MetricSnapshots(all);
  }

  private static void queue(WorkQueue.Waiting waiting, List<MetricSnapshot> out) {
    out.add(
        gauge(
            "dayu_operator_queue_depth",
            "Objects that wait to be looked at",
            List.of(point(waiting.depth()))));
    out.add(
        gauge(
            "dayu_operator_queue_oldest_seconds",
            "How long the first of them waits",
            List.of(point(waiting.oldest().toNanos() / 1e9))));
    out.add(
        gauge(
            "dayu_operator_retrying",
            "Objects that failed the last time and are tried again",
            List.of(point(waiting.failed()))));
  }

  private static void watches(Map<String, Boolean> up, List<MetricSnapshot> out) {
    out.add(
        gauge(
            "dayu_operator_watch_up",
            "Whether the API server tells of this kind",
            up.entrySet().stream()
                .map(e -> point(e.getValue() ? 1 : 0, "kind", e.getKey()))
                .toList()));
  }

  private static void resources(List<ResourceCount> counts, List<MetricSnapshot> out) {
    out.add(
        gauge(
            "dayu_operator_resources",
            "How many there are",
            counts.stream().map(c -> point(c.number(), "kind", c.kind())).toList()));
    out.add(
        gauge(
            "dayu_operator_resource_conditions",
            "How many say this of themselves",
            counts.stream()
                .flatMap(
                    c ->
                        c.conditions().entrySet().stream()
                            .map(
                                e ->
                                    point(
                                        e.getValue(),
                                        "kind",
                                        c.kind(),
                                        "condition",
                                        e.getKey().type(),
                                        "status",
                                        e.getKey().status())))
                .toList()));
  }

  private static MetricSnapshot gauge(String name, String help, List<GaugeDataPointSnapshot> of) {
    var gauge = GaugeSnapshot.builder().name(name).help(help);
    of.forEach(gauge::dataPoint);
    return gauge.build();
  }

  private static GaugeDataPointSnapshot point(double value, String... labels) {
    return GaugeDataPointSnapshot.builder().value(value).labels(Labels.of(labels)).build();
  }
}
