package io.dayu.k8s.desired;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * On which nodes a service that is loaded on demand is to run: where pipelines want it, on so many
 * at least as are to stand by, and for a while where they wanted it. What cannot be loaded on a
 * node in time is ended there, and tried again later. A pure function of all that is known.
 */
public final class Loading {
  /** After this a node on which it could not be loaded may be asked for again. */
  public static final Duration AGAIN_AFTER = Duration.ofMinutes(5);

  private Loading() {}

  /** What a node does that is not as it will stay; none is kept of one that has it and needs it. */
  public enum Phase {
    LOADING,
    /** Loaded, and wanted by nobody. */
    IDLE,
    FAILED
  }

  /**
   * @param message why it failed, empty otherwise
   */
  public record State(Phase phase, Instant since, String message) {}

  /**
   * A node that the placement fits.
   *
   * @param here whether the node is ready; one that is away keeps what it has
   * @param container whether it has a container of the service, or is to have one
   * @param serving whether such a container is ready
   * @param broken why it will not become ready, if that is known
   * @param doing what it waits for, for people; may be empty
   * @param was as it was remembered
   */
  public record Place(
      String node,
      boolean here,
      boolean container,
      boolean serving,
      Optional<String> broken,
      String doing,
      Optional<State> was) {}

  /**
   * What the spec says.
   *
   * @param most nodes that may have it
   * @param standby nodes that are to have it though nobody wants it
   * @param idle how long it stays where nobody wants it
   * @param deadline for it to become ready on a node
   */
  public record Rules(int most, int standby, Duration idle, Duration deadline) {}

  /**
   * What pipelines want.
   *
   * @param described whether it has ever said what it is; until then it runs on a node, since no
   *     pipeline can name it before
   */
  public record Demand(boolean described, Set<String> nodes) {
    public Demand {
      nodes = Set.copyOf(nodes);
    }
  }

  /**
   * What is to be.
   *
   * @param run nodes on which it is to run
   * @param possible nodes that may be chosen for its stages, or have them; {@code impossible} too
   * @param impossible nodes that may not be chosen now, and why
   * @param states to remember, by node
   * @param again when the next of them ends by itself
   */
  public record Plan(
      SortedSet<String> run,
      SortedSet<String> possible,
      SortedMap<String, String> impossible,
      SortedMap<String, State> states,
      Optional<Instant> again) {
    public Plan {
      run = Collections.unmodifiableSortedSet(run);
      possible = Collections.unmodifiableSortedSet(possible);
      impossible = Collections.unmodifiableSortedMap(impossible);
      states = Collections.unmodifiableSortedMap(states);
    }
  }

  public static Plan next(List<Place> places, Demand demand, Rules rules, Instant now) {
    var making = new Making(rules, now);
    // Those that have it come first, so that the bound moves nothing.
    var sorted =
        places.stream()
            .sorted(
                Comparator.comparing((Place p) -> !p.serving())
                    .thenComparing(p -> !p.container())
                    .thenComparing(Place::node))
            .toList();
    var wanted = new ArrayList<Place>();
    var others = new ArrayList<Place>();
    for (var p : sorted)
      if (!p.here()) making.away(p);
      else if (making.isToWait(p)) making.waits(p);
      else if (demand.nodes().contains(p.node())) wanted.add(p);
      else others.add(p);
    wanted.forEach(making::wanted);
    int least = Math.min(rules.most(), Math.max(rules.standby(), demand.described() ? 0 : 1));
    for (var p : others)
      if (making.needed < least) making.load(p);
      else making.unwanted(p);
    return making.done(sorted);
  }

  /**
   * While the revision that the spec describes is not to be tried again, none can be made, and what
   * runs is all there is.
   */
  public static Plan held(List<Place> places, String why) {
    var plan = nothing();
    for (var p : places) {
      plan.possible().add(p.node());
      if (p.container()) plan.run().add(p.node());
      else plan.impossible().put(p.node(), why);
      p.was().ifPresent(was -> plan.states().put(p.node(), was));
    }
    return sealed(plan, Optional.empty());
  }

  /** What a plan is made in. */
  private record Draft(
      TreeSet<String> run,
      TreeSet<String> possible,
      TreeMap<String, String> impossible,
      TreeMap<String, State> states) {}

  private static Draft nothing() {
    return new Draft(new TreeSet<>(), new TreeSet<>(), new TreeMap<>(), new TreeMap<>());
  }

  private static Plan sealed(Draft draft, Optional<Instant> again) {
    return new Plan(draft.run(), draft.possible(), draft.impossible(), draft.states(), again);
  }

  /** One plan in the making. */
  private static final class Making {
    private final Rules rules;
    private final Instant now;
    private final Draft plan = nothing();
    private int needed; // on nodes that are here
    private int idle;

    private Making(Rules rules, Instant now) {
      this.rules = rules;
      this.now = now;
    }

    private void away(Place p) {
      if (p.container()) plan.run().add(p.node());
      p.was().ifPresent(was -> plan.states().put(p.node(), was));
    }

    /** Whether it has failed and is not to be tried yet. */
    private boolean isToWait(Place p) {
      return p.was()
          .filter(w -> w.phase() == Phase.FAILED && now.isBefore(w.since().plus(AGAIN_AFTER)))
          .isPresent();
    }

    private void waits(Place p) {
      fail(p, p.was().orElseThrow());
    }

    private void fail(Place p, State state) {
      plan.states().put(p.node(), state);
      plan.impossible().put(p.node(), state.message());
    }

    /**
     * Elements may be on their way to what runs, so it goes on beyond the bound until they are not.
     */
    private void wanted(Place p) {
      boolean over = needed >= rules.most();
      if (over)
        plan.impossible()
            .put(p.node(), "it may be loaded on %s nodes (replicas)".formatted(rules.most()));
      if (over && p.container()) plan.run().add(p.node());
      else if (!over) load(p);
    }

    private void load(Place p) {
      if (p.serving()) {
        plan.run().add(p.node());
        needed++;
        return;
      }
      var since = since(p, Phase.LOADING);
      var wrong =
          p.broken()
              .or(
                  () ->
                      now.isBefore(since.plus(rules.deadline()))
                          ? Optional.empty()
                          : Optional.of(
                              "it was not ready within %s s%s"
                                  .formatted(
                                      rules.deadline().toSeconds(),
                                      p.doing().isEmpty() ? "" : " (" + p.doing() + ")")));
      // What broke before it was asked for is of an earlier try.
      if (wrong.isPresent() && p.container()) {
        fail(p, new State(Phase.FAILED, now, wrong.get()));
        return;
      }
      plan.run().add(p.node());
      plan.states().put(p.node(), new State(Phase.LOADING, since, ""));
      needed++;
    }

    private void unwanted(Place p) {
      if (!p.serving()) return;
      var since = since(p, Phase.IDLE);
      if (!now.isBefore(since.plus(rules.idle())) || needed + idle >= rules.most()) return;
      plan.run().add(p.node());
      plan.states().put(p.node(), new State(Phase.IDLE, since, ""));
      idle++;
    }

    private Instant since(Place p, Phase phase) {
      return p.was().filter(w -> w.phase() == phase).map(State::since).orElse(now);
    }

    private Plan done(List<Place> places) {
      boolean full = needed >= rules.most();
      for (var p : places)
        if (!full || plan.run().contains(p.node()) || plan.impossible().containsKey(p.node()))
          plan.possible().add(p.node());
      if (plan.possible().isEmpty() && !places.isEmpty()) {
        // A declaration names a node at least.
        plan.possible().add(places.get(0).node());
        plan.impossible().put(places.get(0).node(), "it may be loaded on no node (replicas)");
      }
      return sealed(
          plan, plan.states().values().stream().map(this::ends).min(Comparator.naturalOrder()));
    }

    private Instant ends(State state) {
      return state
          .since()
          .plus(
              switch (state.phase()) {
                case LOADING -> rules.deadline();
                case IDLE -> rules.idle();
                case FAILED -> AGAIN_AFTER;
              });
    }
  }

  /** For people: what nodes do, such as {@code edge-2}; empty if none does. */
  public static String nodes(Map<String, State> states, Phase phase) {
    return String.join(
        ", ",
        new TreeSet<>(
            states.entrySet().stream()
                .filter(e -> e.getValue().phase() == phase)
                .map(Map.Entry::getKey)
                .toList()));
  }
}
