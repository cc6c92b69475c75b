package io.dayu.policy;

import io.dayu.collect.NodeState;
import io.dayu.facts.NodeReport.Role;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import java.util.List;
import java.util.function.Predicate;

/**
 * Every stage as near to its source as possible: the edge node that reads it, or else an edge of
 * the same site, or else any edge. Never on a cloud node. Within a rank a stage stays where it is
 * while that is fit.
 */
public final class EdgeOnly implements Policy {
  private static final String NAME = "edge-only";

  private EdgeOnly() {}

  @Override
  public Choice choose(Snapshot s) {
    return Routes.place(s, NAME, "live edge node", stage -> nearest(s, stage));
  }

  private static List<String> nearest(Snapshot s, StageSpec stage) {
    var edges = s.candidates(stage).stream().filter(n -> n.role() == Role.EDGE).toList();
    // The site is known from the last report, even if the node is silent now.
    var site = s.source().node().map(s.cluster().nodes()::get).map(NodeState::site);
    List<Predicate<NodeState>> ranks =
        List.of(
            n -> s.source().node().filter(n.name()::equals).isPresent(),
            n -> site.filter(n.site()::equals).isPresent(),
            n -> true);
    for (var rank : ranks) {
      var chosen = Routes.steady(s, stage, edges.stream().filter(rank));
      if (!chosen.isEmpty()) return chosen;
    }
    return List.of();
  }

  /** Makes {@link EdgeOnly}. */
  public static final class Provider implements PolicyProvider {
    @Override
    public PolicyDescriptor descriptor() {
      return new PolicyDescriptor(
          NAME,
          "Runs every stage on the edge node that reads the source, or the nearest edge that can.",
          List.of());
    }

    @Override
    public Policy create(PolicyParams params, PipelineSpec pipeline) {
      return new EdgeOnly();
    }
  }
}
