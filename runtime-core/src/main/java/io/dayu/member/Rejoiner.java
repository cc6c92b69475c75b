package io.dayu.member;

import io.dayu.link.Backoff;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Keeps an edge a member: when its membership has ended, or the cluster no longer reaches it, a new
 * one is started. One per node, in the {@code flow} system, which goes on meanwhile. Starts and
 * stops block, so it runs on the dispatcher for that.
 */
final class Rejoiner extends AbstractBehavior<Rejoiner.Command> {
  sealed interface Command {}

  /** Keep this one, the first, which runs already. */
  record Begin(MemberSystem first) implements Command {}

  /** Leave the cluster for good; always answered. */
  record Stop(ActorRef<Done> replyTo) implements Command {}

  private record Found(MembershipWatch.Finding finding) implements Command {}

  private record Ended(int life) implements Command {}

  private record Joined(int life) implements Command {}

  private enum Timer implements Command {
    START
  }

  private static final Duration MIN_BACKOFF = Duration.ofMillis(500);
  private static final Duration MAX_BACKOFF = Duration.ofSeconds(30);

  /**
   * How long membership may take to recover by itself after a cut; doubled each time a new start
   * did not help.
   */
  static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Duration MAX_PATIENCE = Duration.ofMinutes(10);

  private final TimerScheduler<Command> timers;
  private final Supplier<MemberSystem> starter;
  private final Seeds seeds;
  private final Runnable rejoined;
  private final LongSupplier nanos;
  private final ActorRef<MembershipWatch.Finding> findings;
  private Optional<MemberSystem> member = Optional.empty();
  private Optional<ActorRef<MembershipWatch.Command>> watch = Optional.empty();
  private final Backoff backoff = new Backoff(MIN_BACKOFF, MAX_BACKOFF);
  private Duration patience = PATIENCE;
  private long endedNanos;
  private long startedNanos;
  private int life;

  private Rejoiner(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Supplier<MemberSystem> starter,
      Seeds seeds,
      Runnable rejoined,
      LongSupplier nanos) {
    super(context);
    this.timers = timers;
    this.starter = starter;
    this.seeds = seeds;
    this.rejoined = rejoined;
    this.nanos = nanos;
    this.startedNanos = nanos.getAsLong();
    this.endedNanos = startedNanos;
    this.findings = context.messageAdapter(MembershipWatch.Finding.class, Found::new);
  }

  /**
   * @param starter starts a next one at the same address; throws if that is not possible now
   * @param rejoined called when a next one is a member; must not block
   * @param nanos a clock as {@link System#nanoTime}
   */
  static Behavior<Command> create(
      Supplier<MemberSystem> starter, Seeds seeds, Runnable rejoined, LongSupplier nanos) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Rejoiner.class);
                  return new Rejoiner(context, timers, starter, seeds, rejoined, nanos);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(
            Begin.class,
            begin -> {
              begin(begin.first());
              return this;
            })
        .onMessage(Stop.class, this::onStop)
        .onMessage(Found.class, this::onFound)
        .onMessage(Ended.class, this::onEnded)
        .onMessage(Joined.class, this::onJoined)
        .onMessageEquals(Timer.START, this::onStart)
        .build();
  }

  private Behavior<Command> onStop(Stop stop) {
    member.ifPresent(MemberSystem::stop);
    stop.replyTo().tell(Done.getInstance());
    return Behaviors.stopped();
  }

  private Behavior<Command> onFound(Found found) {
    if (member.isEmpty()) return this;
    if (found.finding() == MembershipWatch.Finding.CUT_OFF) {
      if (nanos.getAsLong() - startedNanos > MAX_PATIENCE.toNanos()) patience = PATIENCE;
      patience = shorter(patience.multipliedBy(2), MAX_PATIENCE);
    }
    getContext()
        .getLog()
        .warn(
            "{}; membership is started anew, the streams go on",
            found.finding() == MembershipWatch.Finding.ORPHANED
                ? "the cloud answers and does not know this node"
                : "the cloud can be reached again and membership does not reach it");
    member.get().abandon();
    return this;
  }

  private Behavior<Command> onEnded(Ended ended) {
    if (ended.life() != life) return this;
    var wait = startLater();
    getContext()
        .getLog()
        .warn("this node's membership has ended; the next one begins in {} ms", wait.toMillis());
    watch.ifPresent(w -> getContext().stop(w));
    watch = Optional.empty();
    member = Optional.empty();
    endedNanos = nanos.getAsLong();
    return this;
  }

  private Behavior<Command> onJoined(Joined joined) {
    if (joined.life() != life) return this;
    backoff.reset();
    if (life > 1) {
      getContext()
          .getLog()
          .info("member again after {} ms", (nanos.getAsLong() - endedNanos) / 1_000_000);
      rejoined.run();
    }
    return this;
  }

  private Behavior<Command> onStart() {
    try {
      begin(starter.get());
    } catch (Exception e) { // Scala throws checked ones without declaring them
      var wait = startLater();
      getContext().getLog().warn("{}; tried again in {} ms", e.getMessage(), wait.toMillis());
    }
    return this;
  }

  /** Schedules the next start; returns how long it waits. */
  private Duration startLater() {
    var wait = backoff.next();
    timers.startSingleTimer(Timer.START, wait);
    return wait;
  }

  private void begin(MemberSystem started) {
    int mine = ++life;
    startedNanos = nanos.getAsLong();
    member = Optional.of(started);
    getContext().pipeToSelf(started.whenEnded(), (done, error) -> new Ended(mine));
    getContext().pipeToSelf(started.whenMember(), (done, error) -> new Joined(mine));
    watch =
        Optional.of(
            getContext()
                .spawnAnonymous(
                    MembershipWatch.create(
                        started.identity(), started::status, seeds, patience, findings)));
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
