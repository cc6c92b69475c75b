package io.dayu.generate;

import io.dayu.element.Step;
import io.dayu.facts.Decision;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.process.Paths;
import io.dayu.process.Plan;
import io.dayu.side.Sides;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
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
  private final Sides sides;
  private final PathChooser paths = new PathChooser();
  private Plan plan;
  private Set<String> stages; // of the plan
  private Set<String> sideRead; // side inputs that its stages read
  private @Nullable Decision decision; // null before the first one
  private Set<String> suspects = Set.of();
  private boolean offline;

  /** Of all elements, so that it is made once and not for each of them; null if it is not known. */
  private @Nullable Path only;

  /**
   * @param sides which versions of side inputs this node has
   */
  Routing(String node, Plan plan, Sides sides) {
    this.node = node;
    this.sides = sides;
    change(plan);
  }

  void change(Plan plan) {
    this.plan = plan;
    this.stages = plan.order().stream().map(s -> s.id()).collect(Collectors.toSet());
    this.sideRead = plan.spec().sideRead();
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
   * Whether the decision has a route for every stage of the plan, and this node the side inputs
   * that they read. After a change of the pipeline the decision may still be one for the earlier
   * stages.
   */
  boolean isRouted() {
    return decision != null
        && decision.route().keySet().containsAll(stages)
        && (sideRead.isEmpty() || newestSide().isPresent());
  }

  /**
   * The version of the side inputs that an attempt which begins now gets; 0 if no stage reads one.
   * Only while {@link #isRouted}.
   */
  long side() {
    return sideRead.isEmpty() ? 0 : newestSide().orElse(0);
  }

  private OptionalLong newestSide() {
    return sides.newest(plan.spec().name(), sideRead);
  }

  /** What is to be said of elements that wait for a side input. */
  Optional<String> lacksSide() {
    if (sideRead.isEmpty() || newestSide().isPresent()) return Optional.empty();
    return Optional.of(
        "waits for side inputs, of which no version has come here yet in full: "
            + String.join(", ", sideRead));
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
