package io.dayu.k8s.desired;

import io.dayu.k8s.desired.ErrorRate.Figures;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * How one revision of a service takes over from another without a gap: the new one is started
 * beside the old one, at the other of two ports; when it is ready on every node that is, the
 * members are told of its port; when it has been called for a while and has done well, and no
 * member has a call left at the old one, that ends. A new one that does not become ready, does not
 * stay so, or fails at what the old one could do, is taken back, and not tried again.
 */
public final class RevisionSwitch {
  private RevisionSwitch() {}

  /**
   * @param slot which of the two ports
   * @param since when it was begun
   * @param told when the members were told of it; empty for not yet
   * @param passed when it had done well for long enough; from then on the old one is left
   */
  public record Revision(
      String name, int slot, Instant since, Optional<Instant> told, Optional<Instant> passed) {
    private Revision told(Instant now) {
      return new Revision(name, slot, since, Optional.of(now), passed);
    }

    private Revision passed(Instant now) {
      return new Revision(name, slot, since, told, Optional.of(now));
    }
  }

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
   * @param done of these, whose member says that none of its calls is left elsewhere
   * @param elsewhere calls that members which call it have left elsewhere
   * @param figures how calls to it have ended
   * @param before how those calls have ended that the same members made before
   * @param broken why it will not become ready, if that is known
   */
  public record Health(
      int wanted,
      int ready,
      int calling,
      int done,
      int elsewhere,
      Figures figures,
      Figures before,
      Optional<String> broken) {}

  /**
   * How long is waited, and for what.
   *
   * @param deadline for a new one to become ready
   * @param watch that it is called before the old one is left
   * @param drain that members are waited for which do not say what they call
   * @param errors at which it is taken back
   */
  public record Patience(Duration deadline, Duration watch, Duration drain, ErrorRate errors) {}

  /**
   * What is to be.
   *
   * @param run the revisions whose containers are to run
   * @param told the revision that members are to call
   * @param fallback the revision that they are to call with what that cannot do
   * @param failure why a revision was taken back just now
   */
  public record Plan(
      State state,
      List<String> run,
      Optional<Revision> told,
      Optional<Revision> fallback,
      Optional<String> failure) {}

  /**
   * @param target the revision that the resource describes
   * @param health of a revision by its name
   */
  public static Plan next(
      String target, State state, Function<String, Health> health, Patience patience, Instant now) {
    // What is no longer wanted was given up for something newer, or for what is active.
    var candidate = state.candidate().filter(c -> c.name().equals(target));
    if (state.active().isEmpty()) return first(target, candidate, health.apply(target), now);
    var active = state.active().get();
    if (active.name().equals(target))
      return steady(new State(state.active(), Optional.empty(), Optional.empty()));
    if (state.failed().filter(target::equals).isPresent())
      return steady(new State(state.active(), Optional.empty(), state.failed()));
    var next =
        candidate.orElseGet(
            () -> new Revision(target, 1 - active.slot(), now, Optional.empty(), Optional.empty()));
    var is = health.apply(target);
    var wrong =
        wrong(next, is, patience.deadline(), now)
            .or(
                () ->
                    next.told().isEmpty()
                        ? Optional.empty()
                        : patience.errors().worse(is.figures(), is.before()));
    if (wrong.isPresent())
      return new Plan(
          new State(state.active(), Optional.empty(), Optional.of(target)),
          List.of(active.name()),
          state.active(),
          Optional.empty(),
          wrong);
    boolean ready = is.wanted() > 0 && is.ready() >= is.wanted();
    var then = next.told().isEmpty() && ready ? next.told(now) : next;
    if (then.told().isPresent()
        && then.passed().isEmpty()
        && isOver(then.told().get(), is, patience, now)) then = then.passed(now);
    if (then.passed().isPresent() && isLeft(then.passed().get(), is, patience.drain(), now))
      return steady(new State(Optional.of(then), Optional.empty(), Optional.empty()));
    return new Plan(
        new State(state.active(), Optional.of(then), Optional.empty()),
        List.of(active.name(), target),
        Optional.of(then.told().isPresent() ? then : active),
        then.told().isPresent() && then.passed().isEmpty() ? state.active() : Optional.empty(),
        Optional.empty());
  }

  /** There is nothing to go back to, so it is waited for however long it takes. */
  private static Plan first(
      String target, Optional<Revision> candidate, Health health, Instant now) {
    var revision =
        candidate.orElseGet(() -> new Revision(target, 0, now, Optional.empty(), Optional.empty()));
    if (health.ready() == 0)
      return new Plan(
          new State(Optional.empty(), Optional.of(revision), Optional.empty()),
          List.of(target),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());
    var active = revision.told(now).passed(now);
    return steady(new State(Optional.of(active), Optional.empty(), Optional.empty()));
  }

  private static Plan steady(State state) {
    return new Plan(
        state,
        state.active().map(a -> List.of(a.name())).orElse(List.of()),
        state.active(),
        Optional.empty(),
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

  /** Whether it has been watched for long enough. */
  private static boolean isOver(Instant told, Health is, Patience patience, Instant now) {
    var time = Duration.between(told, now);
    return is.calling() >= is.wanted()
        ? time.compareTo(patience.watch()) >= 0
        : time.compareTo(patience.watch().plus(patience.drain())) >= 0;
  }

  /** Whether nobody calls the old one any more, as far as members say. */
  private static boolean isLeft(Instant passed, Health is, Duration drain, Instant now) {
    return is.done() >= is.wanted()
        || is.elsewhere() == 0 && Duration.between(passed, now).compareTo(drain) >= 0;
  }
}
