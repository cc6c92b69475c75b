package io.dayu.cloud;

import io.dayu.facts.View;
import io.dayu.pipeline.PipelineSpec.Retain;
import io.dayu.store.Pruner;
import io.dayu.store.StoreException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Has the result store pruned every {@link #ROUND}, turn by turn, and old decisions every {@link
 * #DECISIONS}. Spawned by the cloud node, on the dispatcher for blocking work. Where several cloud
 * nodes share a store each has one: what one of them has pruned the others do not find any more.
 * While the store cannot be used it looks again once in each round.
 */
final class Retention extends AbstractBehavior<Retention.Command> {
  sealed interface Command {}

  private enum Turn implements Command {
    INSTANCE
  }

  private record DecisionsPruned(@Nullable Throwable error) implements Command {}

  /** {@link Pruner#work}. */
  interface Results {
    Optional<Duration> work(Instant now, Map<String, Retain> wanted);
  }

  static final Duration ROUND = Duration.ofSeconds(10);
  static final Duration DECISIONS = Duration.ofHours(1);

  private final TimerScheduler<Command> timers;
  private final Results results;
  private final Function<Instant, CompletionStage<?>> decisions;
  private final Supplier<View> view;
  private final Clock clock;
  private Instant decisionsDue = Instant.MIN;
  private boolean failing;

  private Retention(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Results results,
      Function<Instant, CompletionStage<?>> decisions,
      Supplier<View> view,
      Clock clock) {
    super(context);
    this.timers = timers;
    this.results = results;
    this.decisions = decisions;
    this.view = view;
    this.clock = clock;
    context.getSelf().tell(Turn.INSTANCE);
  }

  /**
   * @param decisions prunes them as of a time; must not block
   */
  static Behavior<Command> create(
      Results results,
      Function<Instant, CompletionStage<?>> decisions,
      Supplier<View> view,
      Clock clock) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Retention.class);
                  return new Retention(context, timers, results, decisions, view, clock);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Turn.class, turn -> onTurn())
        .onMessage(DecisionsPruned.class, this::onDecisionsPruned)
        .build();
  }

  private Behavior<Command> onTurn() {
    var now = clock.instant();
    var rest = work(now);
    timers.startSingleTimer(Turn.INSTANCE, rest.orElse(ROUND));
    if (rest.isEmpty() && !failing && !now.isBefore(decisionsDue)) {
      decisionsDue = now.plus(DECISIONS);
      getContext().pipeToSelf(decisions.apply(now), (pruned, error) -> new DecisionsPruned(error));
    }
    return this;
  }

  private Optional<Duration> work(Instant now) {
    var wanted = new TreeMap<String, Retain>();
    view.get()
        .pipelines()
        .forEach((name, pipeline) -> wanted.put(name, pipeline.spec().delivery().retain()));
    try {
      var rest = results.work(now, wanted);
      if (failing) getContext().getLog().info("Results are pruned again");
      failing = false;
      return rest;
    } catch (StoreException e) {
      var log = getContext().getLog();
      if (failing) log.debug("Results are still not pruned", e);
      else
        log.warn(
            "Results are not pruned, tried again every {} s: {}",
            ROUND.toSeconds(),
            e.getMessage());
      failing = true;
      return Optional.empty();
    }
  }

  private Behavior<Command> onDecisionsPruned(DecisionsPruned pruned) {
    if (pruned.error() != null)
      getContext()
          .getLog()
          .warn(
              "Decisions are not pruned, tried again in {} min: {}",
              DECISIONS.toMinutes(),
              pruned.error().getMessage());
    return this;
  }
}
