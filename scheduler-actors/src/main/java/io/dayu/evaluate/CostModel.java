package io.dayu.evaluate;

import io.dayu.collect.ClusterState;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * What one element costs at a (stage, node), learnt from reports. Immutable and safe for any
 * thread; times in milliseconds.
 *
 * <p>Measured pairs are an exponentially weighted average of the reported service times, so they
 * include what the node's other work does to them. Unknown pairs are estimated from a
 * multiplicative model, {@code time(stage, node) = work(stage) × slowness(node)}: a node's slowness
 * is the geometric mean of its times over those of all nodes, taken over the stages that it shares
 * with others. A node of which nothing is known is as slow as the others.
 */
public final class CostModel {
  public static final CostModel EMPTY = new CostModel(Map.of());

  /** Weight of a new report. Reports come about once a second and are smoothed already. */
  private static final double ALPHA = 0.3;

  private final Map<Pair, Known> known;
  private final Map<String, Double> logSlowness = new HashMap<>();

  private record Stage(String pipeline, String id) {}

  private record Pair(Stage stage, String node) {}

  /**
   * @param processed the counter when it was learnt: an unchanged one brings nothing new
   */
  private record Known(double ms, long processed) {}

  private CostModel(Map<Pair, Known> known) {
    this.known = Map.copyOf(known);
    var residuals = new HashMap<String, double[]>(); // node -> {sum, count}
    byStage()
        .forEach(
            (stage, logs) -> {
              if (logs.size() < 2) return;
              double mean = mean(logs);
              logs.forEach(
                  (node, log) -> {
                    var sum = residuals.computeIfAbsent(node, n -> new double[2]);
                    sum[0] += log - mean;
                    sum[1]++;
                  });
            });
    residuals.forEach((node, sum) -> logSlowness.put(node, sum[0] / sum[1]));
  }

  /**
   * The model with a cluster's reports taken in. Pairs of nodes and pipelines that are gone are
   * forgotten, so the model stays as small as the cluster.
   */
  public CostModel observe(ClusterState cluster, Set<String> pipelines) {
    var next = new HashMap<Pair, Known>();
    known.forEach(
        (pair, value) -> {
          if (pipelines.contains(pair.stage().pipeline())
              && cluster.nodes().containsKey(pair.node())) next.put(pair, value);
        });
    for (var node : cluster.nodes().values())
      for (var report : node.stages()) {
        if (!(report.work().serviceMs() > 0) || !pipelines.contains(report.pipeline())) continue;
        var pair = new Pair(new Stage(report.pipeline(), report.stage()), node.name());
        var before = next.get(pair);
        if (before == null)
          next.put(pair, new Known(report.work().serviceMs(), report.work().processed()));
        else if (before.processed() != report.work().processed())
          next.put(
              pair,
              new Known(
                  before.ms() + ALPHA * (report.work().serviceMs() - before.ms()),
                  report.work().processed()));
      }
    return next.equals(known) ? this : new CostModel(next);
  }

  /** The service time, measured or else estimated; empty if the stage was never seen anywhere. */
  public OptionalDouble serviceMs(String pipeline, String stage, String node) {
    var key = new Stage(pipeline, stage);
    var measured = known.get(new Pair(key, node));
    if (measured != null) return OptionalDouble.of(measured.ms());
    var works =
        known.entrySet().stream()
            .filter(e -> e.getKey().stage().equals(key))
            .mapToDouble(e -> Math.log(e.getValue().ms()) - logSlowness(e.getKey().node()))
            .average();
    return works.isEmpty()
        ? works
        : OptionalDouble.of(Math.exp(works.getAsDouble() + logSlowness(node)));
  }

  /** A node's time over the others' for the same work; 1 while nothing is known. */
  public double slowness(String node) {
    return Math.exp(logSlowness(node));
  }

  private double logSlowness(String node) {
    return logSlowness.getOrDefault(node, 0.0);
  }

  private Map<Stage, Map<String, Double>> byStage() {
    var stages = new HashMap<Stage, Map<String, Double>>();
    known.forEach(
        (pair, value) ->
            stages
                .computeIfAbsent(pair.stage(), s -> new HashMap<>())
                .put(pair.node(), Math.log(value.ms())));
    return stages;
  }

  private static double mean(Map<String, Double> values) {
    return values.values().stream().mapToDouble(v -> v).average().orElseThrow();
  }
}
