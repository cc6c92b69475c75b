package io.dayu.k8s.desired;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * How one revision of a service takes over from another without a gap: the new one is started
 * beside the old one, at the other of two ports; when it is ready on every node that is, the
 * members are told of its port; when they call it, and the calls of before have had their time, the
 * old one ends. A new one that does not become ready, or does not stay so, is taken back, and not
 * tried again.
 */
public final class RevisionSwitch {
  private RevisionSwitch() {}

  /**
   * @param slot which of the two ports
   * @param since when it was begun
   * @param told when the members were told of it; empty for not yet
   */
  public record Revision(String name, int slot, Instant since, Optional<Instant> told) {}

  /**
   * Where a switch is.
   *
   * @param active what members call
   * @param candidate what is to take over
   * @param failed what was taken back
   */
  public record State(
      Optional<Revision> active, Optional<Revision> candidate, Optional<String> failed) {}

  /**
   * How a revision is on the nodes that are ready; nodes that are away are not waited for.
   *
   * @param wanted nodes on which it is to run
   * @param ready of these, on which its container is ready
   * @param calling of these, whose member calls it
   * @param broken why it will not become ready, if that is known
   */
  public record Health(int wanted, int ready, int calling, Optional<String> broken) {}

  /**
   * What is to be.
   *
   * @param run the revisions whose containers are to run
   * @param told the revision that members are to call
   * @param failure why a revision was taken back just now
   */
  public record Plan(
      State state, List<String> run, Optional<Revision> told, Optional<String> failure) {}

  /**
   * @param target the revision that the resource describes
   * @param deadline for it to become ready
   * @param drain that the old one goes on once all members call the new one
   */
  public static Plan next(
      String target,
      State state,
      Function<String, Health> health,
      Duration deadline,
      Duration drain,
      Instant now) {
    // What is no longer wanted was given up for something newer, or for what is active.
    var candidate = state.candidate().filter(c -> c.name().equals(target));
    if (state.active().isEmpty()) return first(target, candidate, health.apply(target), now);
    var active = state.active().get();
    if (active.name().equals(target))
      return steady(new State(state.active(), Optional.empty(), Optional.empty()));
    if (state.failed().filter(target::equals).isPresent())
      return steady(new State(state.active(), Optional.empty(), state.failed()));
    var next =
        candidate.orElseGet(() -> new Revision(target, 1 - active.slot(), now, Optional.empty()));
    var is = health.apply(target);
    var wrong = wrong(next, is, deadline, now);
    if (wrong.isPresent())
      return new Plan(
          new State(state.active(), Optional.empty(), Optional.of(target)),
          List.of(active.name()),
          state.active(),
          wrong);
    boolean ready = is.wanted() > 0 && is.ready() >= is.wanted();
    if (next.told().isEmpty() && ready)
      next = new Revision(target, next.slot(), next.since(), Optional.of(now));
    if (next.told().isPresent() && over(next.told().get(), is, drain, now))
      return steady(new State(Optional.of(next), Optional.empty(), Optional.empty()));
    return new Plan(
        new State(state.active(), Optional.of(next), Optional.empty()),
        List.of(active.name(), target),
        Optional.of(next.told().isPresent() ? next : active),
        Optional.empty());
  }

  /** There is nothing to go back to, so it is waited for however long it takes. */
  private static Plan first(
      String target, Optional<Revision> candidate, Health health, Instant now) {
    var revision = candidate.orElseGet(() -> new Revision(target, 0, now, Optional.empty()));
    if (health.ready() == 0)
      return new Plan(
          new State(Optional.empty(), Optional.of(revision), Optional.empty()),
          List.of(target),
          Optional.empty(),
          Optional.empty());
    var active = new Revision(target, revision.slot(), revision.since(), Optional.of(now));
    return steady(new State(Optional.of(active), Optional.empty(), Optional.empty()));
  }

  private static Plan steady(State state) {
    return new Plan(
        state,
        state.active().map(a -> List.of(a.name())).orElse(List.of()),
        state.active(),
        Optional.empty());
  }

  private static Optional<String> wrong(Revision next, Health is, Duration deadline, Instant now) {
    if (is.broken().isPresent()) return is.broken();
    boolean ready = is.ready() >= is.wanted();
    if (next.told().isPresent())
      return ready
          ? Optional.empty()
          : Optional.of(
              "it did not stay ready (%s of %s nodes)".formatted(is.ready(), is.wanted()));
    return !ready && Duration.between(next.since(), now).compareTo(deadline) > 0
        ? Optional.of(
            "it was not ready within %s s (%s of %s nodes)"
                .formatted(deadline.toSeconds(), is.ready(), is.wanted()))
        : Optional.empty();
  }

  /** A member that does not say what it calls is waited for four times as long. */
  private static boolean over(Instant told, Health is, Duration drain, Instant now) {
    var time = Duration.between(told, now);
    return is.calling() >= is.wanted()
        ? time.compareTo(drain) >= 0
        : time.compareTo(drain.multipliedBy(4)) >= 0;
  }
}
