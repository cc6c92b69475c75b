package io.dayu.generate;

import io.dayu.facts.Decision;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.process.Plan;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which way the elements of a stream go: as the decision says, around nodes that give no sign of
 * life, and while the cloud is out of reach over this node if the pipeline wants that. Belongs to
 * one actor.
 */
final class Routing {
  private final String node;
  private final PathChooser paths = new PathChooser();
  private Plan plan;
  private Set<String> stages; // of the plan
  private @Nullable Decision decision; // null before the first one
  private Set<String> suspects = Set.of();
  private boolean offline;

  Routing(String node, Plan plan) {
    this.node = node;
    change(plan);
  }

  void change(Plan plan) {
    this.plan = plan;
    this.stages = plan.order().stream().map(s -> s.id()).collect(Collectors.toSet());
  }

  Plan plan() {
    return plan;
  }

  /** False if the decision is not newer than the one that is followed. */
  boolean follow(Decision next) {
    if (decision != null && next.version() <= decision.version()) return false;
    decision = next;
    paths.follow(next);
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
   * Whether the decision covers the plan; after a change of the pipeline it may be an older one.
   */
  boolean isRouted() {
    return decision != null && decision.route().keySet().containsAll(stages);
  }

  /**
   * @return nodes that are lost or back since the last time
   */
  Set<String> turn(Set<String> suspectsNow, boolean offlineNow) {
    var turned = new HashSet<>(suspectsNow);
    turned.addAll(suspects);
    turned.removeIf(n -> suspects.contains(n) && suspectsNow.contains(n));
    suspects = Set.copyOf(suspectsNow);
    offline = offlineNow;
    return turned;
  }

  /** Whether no cloud node can be reached. */
  boolean isOffline() {
    return offline;
  }

  /** Whether the cloud is out of reach and the pipeline wants {@code mode} then. */
  boolean isOffline(Offline mode) {
    return offline && plan.spec().delivery().offline() == mode;
  }

  /** A node for each stage of the plan; only while {@link #isRouted}. */
  Map<String, String> path() {
    var path = paths.path(suspects);
    // A decision may be older than the plan and have stages that are gone.
    path.keySet().retainAll(stages);
    if (isOffline(Offline.LOCAL))
      path.replaceAll(
          (stage, there) ->
              suspects.contains(there) && plan.provider(stage).isPresent() ? node : there);
    return path;
  }
}
