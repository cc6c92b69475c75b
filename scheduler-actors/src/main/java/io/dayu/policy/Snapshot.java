package io.dayu.policy;

import io.dayu.collect.ClusterState;
import io.dayu.collect.NodeState;
import io.dayu.evaluate.CostModel;
import io.dayu.facts.Decision.Share;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.source.Knobs;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** All a policy may look at for one stream; immutable. */
public record Snapshot(
    PipelineSpec pipeline,
    SourceSpec source,
    ClusterState cluster,
    CostModel costs,
    Optional<Current> current) {
  public Snapshot {
    Objects.requireNonNull(pipeline, "pipeline");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(cluster, "cluster");
    Objects.requireNonNull(costs, "costs");
    Objects.requireNonNull(current, "current");
  }

  /**
   * What holds now.
   *
   * @param dwelling stages that were placed so lately that they stay while their nodes live
   */
  public record Current(SortedMap<String, List<Share>> route, Knobs knobs, Set<String> dwelling) {
    public Current {
      route = Collections.unmodifiableSortedMap(new TreeMap<>(route));
      Objects.requireNonNull(knobs, "knobs");
      dwelling = Set.copyOf(dwelling);
    }
  }

  public StreamName stream() {
    return pipeline.stream(source);
  }

  /** Live nodes that have the stage's type or can load it, by name. */
  public List<NodeState> candidates(StageSpec stage) {
    return cluster.nodes().values().stream()
        .filter(
            n ->
                n.live()
                    && (n.stageTypes().contains(stage.type())
                        || n.loadable().contains(stage.type())))
        .toList();
  }

  /** Whether a node that is there has the stage's type now, so that it need not be loaded. */
  public boolean has(String node, StageSpec stage) {
    var state = cluster.nodes().get(node);
    return state != null && state.stageTypes().contains(stage.type());
  }

  /** The same, in which what some live node has cannot be loaded on others. */
  public Snapshot withoutLoading() {
    return new Snapshot(pipeline, source, cluster.withoutLoading(), costs, current);
  }

  /** Why a node cannot run a stage; empty if it can. */
  public Optional<String> unusable(String node, StageSpec stage) {
    var state = cluster.nodes().get(node);
    if (state == null) return Optional.of(node + " is not there");
    if (!state.live())
      return Optional.of(
          "%s has not reported for %s s".formatted(node, state.age().toMillis() / 1000));
    var refused = state.refused().get(stage.type());
    if (refused != null)
      return Optional.of("%s cannot load %s: %s".formatted(node, stage.type(), refused));
    if (!state.stageTypes().contains(stage.type()) && !state.loadable().contains(stage.type()))
      return Optional.of("%s does not have stage type %s".formatted(node, stage.type()));
    return Optional.empty();
  }

  /** The node that the source is read on, if it is known and live. */
  public Optional<NodeState> sourceNode() {
    return source.node().map(cluster.nodes()::get).filter(NodeState::live);
  }

  /** The stream's elements per second as its generator reports them. */
  public OptionalDouble elementsPerSecond() {
    return cluster.stream(stream()).stream().mapToDouble(r -> r.traffic().perSecond()).findFirst();
  }

  /** Where a stage is now; empty if it is nowhere yet. */
  public List<Share> now(String stage) {
    return current.map(c -> c.route().getOrDefault(stage, List.of())).orElse(List.of());
  }

  /** The node of a stage that is on exactly one. */
  public Optional<String> nodeOf(String stage) {
    var shares = now(stage);
    return shares.size() == 1 ? Optional.of(shares.get(0).node()) : Optional.empty();
  }

  /**
   * Knobs for policies that do not tune them: the middle of the declared values, the lower one of
   * two, because the highest may be more than a weak node can bear. A knob without values keeps the
   * source's own default.
   */
  public Knobs middleKnobs() {
    var knobs = new TreeMap<String, Double>();
    source
        .knobs()
        .forEach(
            (knob, values) -> {
              var sorted = values.stream().sorted().toList();
              if (!sorted.isEmpty()) knobs.put(knob, sorted.get((sorted.size() - 1) / 2));
            });
    return new Knobs(knobs);
  }
}
