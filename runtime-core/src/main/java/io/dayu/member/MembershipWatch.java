package io.dayu.member;

import java.time.Duration;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Finds out that a life of the membership is over although the member has not noticed, and reports
 * it once. A child of the {@link Rejoiner}, one for each life.
 *
 * <p>A member whose cluster is gone, or has removed it, may wait for ever: all of the cloud looks
 * unreachable to it. And after a cut of the network the connections of membership may wait for
 * minutes, because TCP doubles the time between its tries; new connections find the way at once.
 */
final class MembershipWatch extends AbstractBehavior<MembershipWatch.Command> {
  sealed interface Command {}

  /** Why a life is over. */
  enum Finding {
    /** The cloud answers and does not have this node among its members. */
    ORPHANED,
    /** The cloud can be reached, and membership does not reach it. */
    CUT_OFF
  }

  private record Answered(MemberSystem.MembershipStatus status, Seeds.Answer answer)
      implements Command {}

  private enum Timer implements Command {
    LOOK
  }

  static final Duration EVERY = Duration.ofSeconds(3);

  /** How many answers in a row are needed: gossip takes a moment to reach each cloud node. */
  static final int MISSES = 3;

  private final TimerScheduler<Command> timers;
  private final MemberSystem.Identity identity;
  private final Supplier<MemberSystem.MembershipStatus> status;
  private final Seeds seeds;
  private final Duration patience;
  private final ActorRef<Finding> owner;
  private int misses;
  private int cutOff; // looks in a row

  private MembershipWatch(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      MemberSystem.Identity identity,
      Supplier<MemberSystem.MembershipStatus> status,
      Seeds seeds,
      Duration patience,
      ActorRef<Finding> owner) {
    super(context);
    this.timers = timers;
    this.identity = identity;
    this.status = status;
    this.seeds = seeds;
    this.patience = patience;
    this.owner = owner;
    timers.startSingleTimer(Timer.LOOK, EVERY);
  }

  /**
   * @param status must not block
   * @param patience how long a cut that should be over is left to membership itself
   * @param owner gets one finding, if there is one
   */
  static Behavior<Command> create(
      MemberSystem.Identity identity,
      Supplier<MemberSystem.MembershipStatus> status,
      Seeds seeds,
      Duration patience,
      ActorRef<Finding> owner) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(MembershipWatch.class);
                  return new MembershipWatch(
                      context, timers, identity, status, seeds, patience, owner);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessageEquals(Timer.LOOK, this::onLook)
        .onMessage(Answered.class, this::onAnswered)
        .build();
  }

  private Behavior<Command> onLook() {
    var now = status.get();
    // While the node joins, no cloud node knows it yet; joining is retried by Pekko itself.
    if (!now.joined()) return onAnswered(new Answered(now, Seeds.Answer.NONE));
    getContext()
        .pipeToSelf(
            seeds.ask(identity),
            (answer, error) -> new Answered(now, error == null ? answer : Seeds.Answer.NONE));
    return this;
  }

  private Behavior<Command> onAnswered(Answered answered) {
    var answer = answered.answer();
    if (answer == Seeds.Answer.UNKNOWN) misses++;
    else if (answer != Seeds.Answer.NONE) misses = 0;
    if (answered.status().cutOff() || answer == Seeds.Answer.UNREACHABLE) cutOff++;
    // If one cloud node does not answer, what another one has answered still counts.
    else if (answer != Seeds.Answer.NONE || !answered.status().joined()) cutOff = 0;
    if (misses >= MISSES) return found(Finding.ORPHANED);
    if (EVERY.multipliedBy(cutOff).compareTo(patience) > 0) return found(Finding.CUT_OFF);
    timers.startSingleTimer(Timer.LOOK, EVERY);
    return this;
  }

  private Behavior<Command> found(Finding finding) {
    owner.tell(finding);
    return Behaviors.stopped();
  }
}
