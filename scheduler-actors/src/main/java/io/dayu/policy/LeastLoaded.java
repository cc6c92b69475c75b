package io.dayu.policy;

import io.dayu.collect.NodeState;
import io.dayu.facts.Decision.Share;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.policy.PolicyDescriptor.PolicyParameter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Each stage on the node with the lowest score; a stage that runs moves only when that gains more
 * than the hysteresis and it has dwelt long enough. The score of a stage on a node is
 *
 * <pre>
 *   cpu + 0.1 × min(load per core, 2)                     the node, 0 to 1.2
 *   + min(1, (queueing + service time) / objective)       the stage there, 0 to 1
 *   + 0 at the source's node, 0.05 at its site, 0.1 elsewhere
 *   + 0.1 if the stage's type must be loaded there first
 *   + 1 if the stage keeps crashing there
 * </pre>
 *
 * A target is scored as it would be with the stage on it: the share of its cores that the stream's
 * elements would take is added to its CPU. Without that, a stage that is the load itself would be
 * chased from node to node. Stages are placed in the order of the specification, each seeing what
 * was planned for those before it.
 */
public final class LeastLoaded implements Policy {
  private static final String NAME = "least-loaded";
  private static final String HYSTERESIS = "hysteresis";
  private static final double DEFAULT_HYSTERESIS = 0.25;

  /** CPU share that a stage of an unknown rate is taken for, so that they do not all pile up. */
  private static final double ASSUMED_SHARE = 0.05;

  /** Of two nodes that are alike, the one that has the type is taken. */
  private static final double LOADING = 0.1;

  private final double hysteresis;

  private LeastLoaded(double hysteresis) {
    this.hysteresis = hysteresis;
  }

  @Override
  public Choice choose(Snapshot s) {
    var plan = new Plan(s);
    for (var stage : s.pipeline().stages()) {
      var candidates = s.candidates(stage);
      if (candidates.isEmpty()) return Routes.nowhere(s, NAME, "live node", stage);
      plan.place(stage, candidates);
    }
    if (s.current().isPresent() && plan.moves.isEmpty() && plan.isAllOfNow())
      return new Choice.Keep(plan.bestRefused.map(Refused::text).orElse("no stage can move"));
    var reason =
        plan.moves.isEmpty()
            ? NAME + ": " + Routes.describe(plan.route)
            : String.join(" | ", plan.moves);
    return new Choice.Place(plan.route, s.middleKnobs(), reason);
  }

  private record Refused(double gain, String text) {}

  /** One choice in the making. */
  private final class Plan {
    private final Snapshot s;
    private final TreeMap<String, List<Share>> route = new TreeMap<>();
    private final List<String> moves = new ArrayList<>();
    private final Map<String, Double> plannedCpu = new HashMap<>(); // change of the share, by node
    private Optional<Refused> bestRefused = Optional.empty();

    private Plan(Snapshot s) {
      this.s = s;
    }

    private boolean isAllOfNow() {
      return s.current().orElseThrow().route().equals(route)
          && s.current().orElseThrow().knobs().equals(s.middleKnobs());
    }

    private void place(StageSpec stage, List<NodeState> candidates) {
      var now =
          s.nodeOf(stage.id())
              .flatMap(name -> candidates.stream().filter(n -> n.name().equals(name)).findFirst());
      var best =
          candidates.stream()
              .filter(n -> now.isEmpty() || !n.name().equals(now.get().name()))
              .min(
                  Comparator.<NodeState>comparingDouble(n -> score(stage, n, true))
                      .thenComparing(NodeState::name));
      if (now.isPresent() && !(best.isPresent() && pays(stage, now.get(), best.get()))) {
        route.put(stage.id(), s.now(stage.id()));
        return;
      }
      var target = best.orElseThrow();
      route.put(stage.id(), Routes.equal(List.of(target.name())));
      plannedCpu.merge(target.name(), share(stage, target), Double::sum);
      now.ifPresent(n -> plannedCpu.merge(n.name(), -share(stage, n), Double::sum));
      if (!s.now(stage.id()).isEmpty())
        moves.add(
            "%s moved %s -> %s: %s; %s"
                .formatted(
                    stage.id(),
                    Routes.nodes(s.now(stage.id())),
                    target.name(),
                    now.map(n -> figures(stage, n)).orElseGet(() -> why(stage)),
                    figures(stage, target)));
    }

    private boolean pays(StageSpec stage, NodeState now, NodeState target) {
      double gain = score(stage, now, false) - score(stage, target, true);
      if (gain > hysteresis && !s.current().orElseThrow().dwelling().contains(stage.id()))
        return true;
      if (bestRefused.isEmpty() || gain > bestRefused.get().gain())
        bestRefused =
            Optional.of(
                new Refused(
                    gain,
                    gain > hysteresis
                        ? "%s stays on %s for its minimum dwell, then moves to %s"
                            .formatted(stage.id(), now.name(), target.name())
                        : String.format(
                            Locale.ROOT,
                            "no move pays: the best, %s %s -> %s, gains %.2f of the %.2f needed",
                            stage.id(),
                            now.name(),
                            target.name(),
                            gain,
                            hysteresis)));
      return false;
    }

    private double score(StageSpec stage, NodeState node, boolean arriving) {
      double cpu = plannedCpu.getOrDefault(node.name(), 0.0) + (arriving ? share(stage, node) : 0);
      double serviceMs =
          s.costs().serviceMs(s.pipeline().name(), stage.id(), node.name()).orElse(0);
      double waitMs = report(stage, node).map(LeastLoaded::queueMs).orElse(0.0) + serviceMs;
      double objectiveMs = Math.max(1, s.pipeline().objective().latency().toMillis());
      boolean crashing =
          report(stage, node).filter(r -> r.state() == StageState.BACKING_OFF).isPresent();
      return node.busy()
          + cpu
          + Math.min(1, waitMs / objectiveMs)
          + distance(node)
          + (s.has(node.name(), stage) ? 0 : LOADING)
          + (crashing ? 1 : 0);
    }

    /** The share of a node's cores that this stream's elements take at a stage, 0 to 1. */
    private double share(StageSpec stage, NodeState node) {
      var rate = s.elementsPerSecond();
      var serviceMs = s.costs().serviceMs(s.pipeline().name(), stage.id(), node.name());
      if (rate.isEmpty() || serviceMs.isEmpty()) return ASSUMED_SHARE;
      double cores = rate.getAsDouble() * serviceMs.getAsDouble() / 1000;
      return Math.min(1, cores / node.resources().cores());
    }

    private double distance(NodeState node) {
      if (s.source().node().filter(node.name()::equals).isPresent()) return 0;
      return s.sourceNode().filter(n -> n.site().equals(node.site())).isPresent() ? 0.05 : 0.1;
    }

    private Optional<StageReport> report(StageSpec stage, NodeState node) {
      return node.stage(s.pipeline().name(), stage.id());
    }

    private String why(StageSpec stage) {
      return s.now(stage.id()).stream()
          .flatMap(share -> s.unusable(share.node(), stage).stream())
          .findFirst()
          .orElse("one node is enough");
    }

    /** Such as {@code edge-1 at 93 % CPU, queue 14 (412 ms)}. */
    private String figures(StageSpec stage, NodeState node) {
      var text = new StringBuilder(node.name());
      text.append(String.format(Locale.ROOT, " at %.0f %% CPU", 100 * node.resources().cpu()));
      if (node.resources().load() > 1)
        text.append(String.format(Locale.ROOT, ", load %.1f per core", node.resources().load()));
      report(stage, node)
          .filter(r -> queueMs(r) >= 1)
          .ifPresent(
              r ->
                  text.append(
                      String.format(
                          Locale.ROOT,
                          ", queue %d (%.0f ms)",
                          r.work().queue(),
                          r.work().queueMs())));
      report(stage, node)
          .filter(r -> r.state() == StageState.BACKING_OFF)
          .ifPresent(r -> text.append(", where it crashed %s times".formatted(r.restarts())));
      return text.toString();
    }
  }

  /** A smoothed time outlives the last element; without elements there is no queueing. */
  private static double queueMs(StageReport report) {
    var work = report.work();
    return work.queue() > 0 || work.perSecond() > 0 ? work.queueMs() : 0;
  }

  /** Makes {@link LeastLoaded}. */
  public static final class Provider implements PolicyProvider {
    @Override
    public PolicyDescriptor descriptor() {
      return new PolicyDescriptor(
          NAME,
          "Runs each stage on the node with the lowest CPU, load and queueing, and moves it when"
              + " that gains enough.",
          List.of(
              new PolicyParameter(
                  HYSTERESIS,
                  false,
                  "what a move must gain, in units of a whole CPU, 0 to 10; default "
                      + DEFAULT_HYSTERESIS)));
    }

    @Override
    public Policy create(PolicyParams params, PipelineSpec pipeline) {
      return new LeastLoaded(params.number(HYSTERESIS, DEFAULT_HYSTERESIS, 0, 10));
    }
  }
}
