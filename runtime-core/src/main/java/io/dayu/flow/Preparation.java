package io.dayu.flow;

import io.dayu.facts.Decision;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.View;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.process.Plan;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a node does for a decision before the first element comes: it starts the stages that the
 * decision brings to it, and opens links to where their outputs go, and to where a stream goes that
 * it reads itself. Immutable.
 *
 * @param stages in the order in which elements come to them
 * @param next the instances behind them that run, as their nodes have reported; others would refuse
 *     a link
 */
record Preparation(List<String> stages, Set<PeerLinks.Key> next) {
  /**
   * @param reads whether the node reads the decision's stream
   * @param reports of all nodes, by name
   */
  static Preparation of(
      Decision decision, Plan plan, String node, boolean reads, Map<String, View.Seen> reports) {
    var stages =
        plan.order().stream()
            .map(StageSpec::id)
            .filter(stage -> nodes(decision, stage).contains(node))
            .toList();
    var behind = new LinkedHashSet<String>();
    stages.forEach(stage -> behind.addAll(plan.successors(stage)));
    if (reads) behind.addAll(plan.roots());
    var next = new LinkedHashSet<PeerLinks.Key>();
    for (var stage : behind)
      for (var at : nodes(decision, stage))
        if (runs(Optional.ofNullable(reports.get(at)), plan.spec().name(), stage))
          next.add(new PeerLinks.Key(at, plan.instance(stage)));
    return new Preparation(stages, next);
  }

  /** Where a stage runs or is to run. */
  private static Set<String> nodes(Decision decision, String stage) {
    var nodes = new TreeSet<>(decision.warm().getOrDefault(stage, List.of()));
    decision.route().getOrDefault(stage, List.of()).forEach(share -> nodes.add(share.node()));
    return nodes;
  }

  private static boolean runs(Optional<View.Seen> node, String pipeline, String stage) {
    return node.stream()
        .flatMap(seen -> seen.report().stages().stream())
        .anyMatch(
            s ->
                s.pipeline().equals(pipeline)
                    && s.stage().equals(stage)
                    && s.state() == StageState.RUNNING);
  }
}
