package io.dayu.realise;

import io.dayu.collect.NodeState;
import io.dayu.facts.Decision.Share;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.policy.Choice;
import io.dayu.policy.Policy;
import io.dayu.policy.Snapshot;
import io.dayu.source.Knobs;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Turns what a policy wants for one stream into steps that do not disturb it.
 *
 * <ul>
 *   <li>The first route of a stream, and one for stages that had none, holds at once.
 *   <li>A route with a node that cannot run its stage is switched at once, but only for the stages
 *       that must move.
 *   <li>No other move goes to a node on probation.
 *   <li>Any other move waits for the stages' minimum dwell, and the old route is kept until the new
 *       one works: first the new instances are started ("warmed") while the old route holds, then,
 *       when they run or the time is up, the new route holds. A move that has begun is completed
 *       while its targets can run the stages; if a target keeps crashing, the move is given up.
 *   <li>A move to a node that must load the type first waits for that, and is given up when it
 *       takes too long. Stages that are nowhere, or on a node that has no longer loaded their type,
 *       go where it is loaded; they wait for a node to load it only if it is loaded on none that
 *       the policy takes.
 * </ul>
 *
 * Plain state without a clock or I/O, for one thread.
 */
final class Realiser {
  private final Map<String, Instant> placedAt = new HashMap<>(); // bounded by the stages
  private Optional<Warming> warming = Optional.empty();

  private record Warming(Choice.Place place, Instant until) {}

  /**
   * @param warmUp for new instances to run
   * @param load for a node to load a type
   */
  record Patience(Duration warmUp, Duration load) {}

  /** What to do. */
  sealed interface Step {
    /** For people: why. */
    String reason();
  }

  /** Nothing to publish. */
  record Hold(String reason) implements Step {}

  /** A new decision. */
  record Publish(
      SortedMap<String, List<Share>> route,
      SortedMap<String, List<String>> warm,
      Knobs knobs,
      String reason)
      implements Step {
    Publish {
      route = Collections.unmodifiableSortedMap(route);
      warm = Collections.unmodifiableSortedMap(warm);
      Objects.requireNonNull(knobs, "knobs");
      Objects.requireNonNull(reason, "reason");
    }
  }

  /** Takes over stages that another scheduler has placed, at {@code latest} or before. */
  void adopt(Set<String> stages, Instant latest) {
    warming = Optional.empty();
    stages.forEach(stage -> placedAt.put(stage, latest));
  }

  /** A user has changed the pipeline: the change must not wait for the minimum dwell. */
  void release() {
    warming = Optional.empty();
    placedAt.clear();
  }

  /** The stages that were placed less than {@code minDwell} ago. */
  Set<String> dwelling(PipelineSpec pipeline, Instant now, Duration minDwell) {
    return pipeline.stages().stream()
        .map(StageSpec::id)
        .filter(placedAt::containsKey)
        .filter(id -> Duration.between(placedAt.get(id), now).compareTo(minDwell) < 0)
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * The next step.
   *
   * @param leftover whether the decision that holds still warms instances
   * @param onProbation nodes that get no stage that could stay where it is
   * @param patience with new instances
   * @throws InvalidChoiceException if the policy places a stage where it cannot run
   */
  Step next(
      Snapshot s, Policy policy, boolean leftover, Set<String> onProbation, Patience patience) {
    boolean first = s.pipeline().stages().stream().anyMatch(stage -> s.now(stage.id()).isEmpty());
    var stuck = first ? Set.<String>of() : stuck(s);
    var waiting = first ? Set.<String>of() : Loading.waiting(s);
    boolean atOnce = first || !stuck.isEmpty() || !waiting.isEmpty();
    if (atOnce) warming = Optional.empty();
    if (warming.isPresent()) {
      var step = carryOn(s, warming.get(), patience);
      if (step.isPresent()) return step.get();
    }
    var choice = atOnce ? Loading.choose(s, policy) : policy.choose(s);
    if (!(choice instanceof Choice.Place place))
      return keep(
          s,
          !first && leftover,
          waiting.isEmpty() || !stuck.isEmpty() ? choice.reason() : Loading.words(s));
    check(s, place);
    if (first) return commit(s, Loading.told(s, place));
    if (atOnce) return repair(s, place, leftover, stuck, waiting);
    return move(s, place, leftover, onProbation, patience);
  }

  private static Step keep(Snapshot s, boolean leftover, String reason) {
    return leftover ? stay(s, reason) : new Hold(reason);
  }

  /** What waits for a type to be loaded stays where it is, unless it need not wait elsewhere. */
  private Step repair(
      Snapshot s, Choice.Place wanted, boolean leftover, Set<String> stuck, Set<String> waiting) {
    var place =
        with(
            s,
            wanted,
            id -> {
              var stage = s.pipeline().stage(id).orElseThrow();
              return stuck.contains(id)
                  || waiting.contains(id) && Loading.isLoaded(s, stage, shares(wanted, id));
            });
    return place.route().equals(s.current().orElseThrow().route())
        ? keep(s, leftover, Loading.words(s))
        : commit(s, Loading.told(s, place));
  }

  private Step move(
      Snapshot s,
      Choice.Place wanted,
      boolean leftover,
      Set<String> onProbation,
      Patience patience) {
    var current = s.current().orElseThrow();
    var unsure =
        s.pipeline().stages().stream()
            .map(StageSpec::id)
            .filter(stage -> adds(s, wanted, stage, onProbation))
            .collect(Collectors.toUnmodifiableSet());
    var place =
        with(s, wanted, stage -> !current.dwelling().contains(stage) && !unsure.contains(stage));
    if (place.route().equals(current.route()) && place.knobs().equals(current.knobs())) {
      var wait =
          unsure.isEmpty()
              ? "minimum dwell not over"
              : "a node that comes and goes is on probation";
      var reason =
          wanted.route().equals(place.route())
              ? wanted.reason()
              : wait + "; then: " + wanted.reason();
      return keep(s, leftover, reason);
    }
    var missing = notRunning(s, place);
    if (missing.isEmpty()) return commit(s, place);
    var loading = Loading.words(s, place.route());
    warming =
        Optional.of(
            new Warming(
                place,
                s.cluster().at().plus(loading.isEmpty() ? patience.warmUp() : patience.load())));
    return new Publish(
        current.route(),
        missing,
        current.knobs(),
        "%s, to come: %s"
            .formatted(
                loading.isEmpty() ? "warming " + describe(missing) : loading, place.reason()));
  }

  private static List<Share> shares(Choice.Place place, String stage) {
    return Objects.requireNonNull(place.route().get(stage), "a place was checked for every stage");
  }

  private static NodeState node(Snapshot s, String name) {
    return Objects.requireNonNull(s.cluster().nodes().get(name), "a place was checked for nodes");
  }

  private static boolean adds(Snapshot s, Choice.Place wanted, String stage, Set<String> nodes) {
    var old = s.now(stage).stream().map(Share::node).toList();
    return shares(wanted, stage).stream()
        .map(Share::node)
        .anyMatch(node -> nodes.contains(node) && !old.contains(node));
  }

  /** A move under way; empty if a target is no longer fit. */
  private Optional<Step> carryOn(Snapshot s, Warming move, Patience patience) {
    var place = move.place();
    for (var stage : s.pipeline().stages())
      for (var share : shares(place, stage.id()))
        if (s.unusable(share.node(), stage).isPresent()) {
          warming = Optional.empty();
          return Optional.empty();
        }
    var missing = notRunning(s, place);
    if (missing.isEmpty()) return Optional.of(commit(s, place));
    var loading = Loading.words(s, place.route());
    if (s.cluster().at().isBefore(move.until()))
      return Optional.of(
          new Hold(
              (loading.isEmpty() ? "waiting for " + describe(missing) : loading)
                  + ": "
                  + place.reason()));
    if (!loading.isEmpty()) {
      adopt(missing.keySet(), s.cluster().at()); // so that it is not tried again at once
      return Optional.of(
          stay(s, "given up after %s s: %s".formatted(patience.load().toSeconds(), loading)));
    }
    var crashes = crashes(s, missing);
    if (!crashes.isEmpty()) {
      adopt(missing.keySet(), s.cluster().at()); // so that it is not tried again at once
      return Optional.of(stay(s, "given up, because it does not start: " + crashes));
    }
    return Optional.of(
        commit(
            s,
            new Choice.Place(
                place.route(),
                place.knobs(),
                "%s (%s was not running after %s ms)"
                    .formatted(place.reason(), describe(missing), patience.warmUp().toMillis()))));
  }

  private Publish commit(Snapshot s, Choice.Place place) {
    warming = Optional.empty();
    place
        .route()
        .forEach(
            (stage, shares) -> {
              if (!shares.equals(s.now(stage))) placedAt.put(stage, s.cluster().at());
            });
    placedAt.keySet().retainAll(place.route().keySet());
    return new Publish(place.route(), new TreeMap<>(), place.knobs(), place.reason());
  }

  /** The same route without anything to warm. */
  private static Publish stay(Snapshot s, String reason) {
    var current = s.current().orElseThrow();
    return new Publish(current.route(), new TreeMap<>(), current.knobs(), reason);
  }

  /** The wanted place with only some stages moved. */
  private static Choice.Place with(Snapshot s, Choice.Place wanted, Predicate<String> moves) {
    var route = new TreeMap<>(wanted.route());
    route.replaceAll((stage, shares) -> moves.test(stage) ? shares : s.now(stage));
    return new Choice.Place(route, wanted.knobs(), wanted.reason());
  }

  private static Set<String> stuck(Snapshot s) {
    return s.pipeline().stages().stream()
        .filter(
            stage ->
                s.now(stage.id()).stream()
                    .anyMatch(share -> s.unusable(share.node(), stage).isPresent()))
        .map(StageSpec::id)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Instances that the choice adds and that are not known to run, by stage. */
  private static SortedMap<String, List<String>> notRunning(Snapshot s, Choice.Place place) {
    var missing = new TreeMap<String, List<String>>();
    for (var stage : s.pipeline().stages()) {
      var old = s.now(stage.id()).stream().map(Share::node).toList();
      var nodes =
          shares(place, stage.id()).stream()
              .map(Share::node)
              .filter(node -> !old.contains(node))
              .filter(
                  node ->
                      !s.has(node, stage)
                          || node(s, node)
                              .stage(s.pipeline().name(), stage.id())
                              .filter(r -> r.type().equals(stage.type()))
                              .filter(r -> r.state() == StageState.RUNNING)
                              .isEmpty())
              .toList();
      if (!nodes.isEmpty()) missing.put(stage.id(), nodes);
    }
    return missing;
  }

  private static String crashes(Snapshot s, SortedMap<String, List<String>> missing) {
    return missing.entrySet().stream()
        .flatMap(
            e ->
                e.getValue().stream()
                    .flatMap(
                        node ->
                            node(s, node)
                                .stage(s.pipeline().name(), e.getKey())
                                .filter(r -> r.state() == StageState.BACKING_OFF)
                                .map(
                                    r ->
                                        "%s on %s (%s)"
                                            .formatted(
                                                e.getKey(),
                                                node,
                                                r.problem().orElse("no cause reported")))
                                .stream()))
        .collect(Collectors.joining(", "));
  }

  private static String describe(SortedMap<String, List<String>> instances) {
    return instances.entrySet().stream()
        .map(e -> e.getKey() + " on " + String.join("+", e.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static void check(Snapshot s, Choice.Place place) {
    for (var stage : s.pipeline().stages()) {
      var shares = place.route().getOrDefault(stage.id(), List.of());
      if (shares.isEmpty())
        throw new InvalidChoiceException("the policy names no node for stage " + stage.id());
      for (var share : shares) {
        var why = s.unusable(share.node(), stage);
        if (why.isPresent())
          throw new InvalidChoiceException(
              "the policy places stage %s badly: %s".formatted(stage.id(), why.get()));
      }
    }
  }

  /** The choice of a policy cannot be carried out; the last decision stays in force. */
  static final class InvalidChoiceException extends RuntimeException {
    private static final long serialVersionUID = 1;

    InvalidChoiceException(String message) {
      super(message);
    }
  }
}
