package io.dayu.policy;

import io.dayu.collect.ClusterState;
import io.dayu.evaluate.CostModel;
import io.dayu.facts.Decision.Share;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.testing.Nodes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Short ways to snapshots and choices. */
final class Placing {
  private Placing() {}

  static Policy policy(PipelineSpec pipeline) {
    return ((Policies.Ok) Policies.load().make(pipeline)).policy();
  }

  static SortedMap<String, List<Share>> all(String node) {
    var route = new TreeMap<String, List<Share>>();
    for (var stage : Nodes.pipeline("fixed", Map.of()).stages())
      route.put(stage.id(), List.of(new Share(node, 1)));
    return route;
  }

  static Snapshot first(PipelineSpec pipeline, ClusterState cluster) {
    return snapshot(pipeline, cluster, Optional.empty());
  }

  static Snapshot placed(
      PipelineSpec pipeline,
      ClusterState cluster,
      SortedMap<String, List<Share>> route,
      Set<String> dwelling) {
    var knobs = snapshot(pipeline, cluster, Optional.empty()).middleKnobs();
    return snapshot(pipeline, cluster, Optional.of(new Snapshot.Current(route, knobs, dwelling)));
  }

  private static Snapshot snapshot(
      PipelineSpec pipeline, ClusterState cluster, Optional<Snapshot.Current> current) {
    var costs = CostModel.EMPTY.observe(cluster, Set.of(pipeline.name()));
    return new Snapshot(pipeline, pipeline.sources().get(0), cluster, costs, current);
  }
}
