package io.dayu.generate;

import io.dayu.element.Step;
import io.dayu.facts.Decision;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.process.Paths;
import io.dayu.process.Plan;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The path of a stream's elements. It follows the decision and avoids nodes that give no sign of
 * life. While the cloud is out of reach, and if the pipeline says {@code local}, this node replaces
 * them. Belongs to one actor.
 */
final class Routing {
  /**
   * A path of elements.
   *
   * @param nodes by stage
   * @param steps the same, as elements carry it
   */
  record Path(Map<String, String> nodes, List<Step> steps) {}

  private final String node;
  private final PathChooser paths = new PathChooser();
  private Plan plan;
  private Set<String> stages; // of the plan
  private @Nullable Decision decision; // null before the first one
  private Set<String> suspects = Set.of();
  private boolean offline;

  /** Of all elements, so that it is made once and not for each of them; null if it is not known. */
  private @Nullable Path only;

  Routing(String node, Plan plan) {
    this.node = node;
    change(plan);
  }

  void change(Plan plan) {
    this.plan = plan;
    this.stages = plan.order().stream().map(s -> s.id()).collect(Collectors.toSet());
    only = null;
  }

  Plan plan() {
    return plan;
  }

  /** False if the decision is not newer than the one that is followed. */
  boolean follow(Decision next) {
    if (decision != null && next.version() <= decision.version()) return false;
    decision = next;
    paths.follow(next);
    only = null;
    return true;
  }

  /** Version of the decision that is followed, 0 before the first one. */
  long decision() {
    return decision == null ? 0 : decision.version();
  }

  boolean hasDecision() {
    return decision != null;
  }

  /**
   * Whether the decision has a route for every stage of the plan. After a change of the pipeline
   * the decision may still be one for the earlier stages.
   */
  boolean isRouted() {
    return decision != null && decision.route().keySet().containsAll(stages);
  }

  /**
   * @return nodes that became suspect, or no longer are, since the last call
   */
  Set<String> turn(Set<String> suspectsNow, boolean offlineNow) {
    var turned = new HashSet<>(suspectsNow);
    turned.addAll(suspects);
    turned.removeIf(n -> suspects.contains(n) && suspectsNow.contains(n));
    suspects = Set.copyOf(suspectsNow);
    offline = offlineNow;
    only = null;
    return turned;
  }

  /** Whether no cloud node can be reached. */
  boolean isOffline() {
    return offline;
  }

  /**
   * Whether the cloud is out of reach and the pipeline's {@code delivery.offline} is {@code mode}.
   */
  boolean isOffline(Offline mode) {
    return offline && plan.spec().delivery().offline() == mode;
  }

  /** A node for each stage of the plan; only while {@link #isRouted}. */
  Path path() {
    if (only != null) return only;
    var nodes = paths.path(suspects);
    // A decision that is older than the plan may have stages that the plan has not.
    nodes.keySet().retainAll(stages);
    if (isOffline(Offline.LOCAL))
      nodes.replaceAll(
          (stage, there) ->
              suspects.contains(there) && plan.provider(stage).isPresent() ? node : there);
    var path = new Path(nodes, Paths.steps(nodes));
    if (paths.isFixed()) only = path;
    return path;
  }
}
