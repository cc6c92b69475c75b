package io.dayu.realise;

import io.dayu.collect.ClusterState;
import io.dayu.collect.Probation;
import io.dayu.evaluate.CostModel;
import io.dayu.facts.View;
import io.dayu.member.Gossip;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.policy.Policies;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Decides where the stages of all streams run: subscribes to gossip, keeps the cost model, and has
 * one {@link StreamAgent} per stream of the pipelines that are to run. The cluster's singleton,
 * spawned by every cloud node. It needs no state of its own: a new one goes on from what gossip and
 * the decision log know.
 *
 * <p>A change of the view is evaluated at once, but at most every {@code evaluate-at-most-every};
 * without one, every {@code evaluate-at-least-every}.
 */
public final class Scheduler extends AbstractBehavior<Scheduler.Command> {
  /** What the scheduler can be asked; only from its own node. */
  public sealed interface Command {}

  public record GetStatus(StreamName stream, ActorRef<StreamStatus> replyTo) implements Command {}

  /** The state of the decisions for a stream. */
  public sealed interface StreamStatus {
    StreamName stream();

    /**
     * @param version of the decision that holds, 0 if there is none
     * @param reason of the latest evaluation
     * @param problem why no new decisions are made, if none are
     */
    record Known(StreamName stream, long version, String reason, Optional<String> problem)
        implements StreamStatus {}

    /** No pipeline that is to run has this stream. */
    record Unknown(StreamName stream) implements StreamStatus {}
  }

  private record ViewChanged(View view) implements Command {}

  private enum Open implements Command {
    INSTANCE
  }

  private enum Tick implements Command {
    INSTANCE
  }

  private static final Duration MIN_BACKOFF = Duration.ofMillis(200);
  private static final Duration MAX_BACKOFF = Duration.ofSeconds(10);

  private final TimerScheduler<Command> timers;
  private final ActorRef<Gossip.Command> gossip;
  private final Policies policies;
  private final DecisionLog log;
  private final Clock clock;
  private final SchedulerSettings settings;

  private final Map<StreamName, ActorRef<StreamAgent.Command>> agents =
      new HashMap<>(); // by stream
  private Optional<View> view = Optional.empty();
  private final Probation probation;
  private CostModel costs = CostModel.EMPTY;
  private boolean open = true; // whether enough time has passed since the last evaluation
  private boolean changed;

  private Scheduler(
      ActorContext<Command> ctx,
      TimerScheduler<Command> timers,
      ActorRef<Gossip.Command> gossip,
      Policies policies,
      DecisionLog log,
      Clock clock,
      SchedulerSettings settings) {
    super(ctx);
    this.timers = timers;
    this.gossip = Objects.requireNonNull(gossip, "gossip");
    this.policies = Objects.requireNonNull(policies, "policies");
    this.log = Objects.requireNonNull(log, "log");
    this.clock = Objects.requireNonNull(clock, "clock");
    this.settings = Objects.requireNonNull(settings, "settings");
    this.probation = new Probation(settings.probation());
    gossip.tell(new Gossip.Subscribe(ctx.messageAdapter(View.class, ViewChanged::new)));
  }

  /**
   * @param gossip the gossip actor of the same node
   * @param clock the clock that the times of the view's reports come from
   */
  public static Behavior<Command> create(
      ActorRef<Gossip.Command> gossip,
      Policies policies,
      DecisionLog log,
      Clock clock,
      SchedulerSettings settings) {
    return Behaviors.setup(
        ctx ->
            Behaviors.withTimers(
                timers -> {
                  ctx.setLoggerName(Scheduler.class);
                  return new Scheduler(ctx, timers, gossip, policies, log, clock, settings);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(GetStatus.class, this::onGetStatus)
        .onMessage(ViewChanged.class, this::onViewChanged)
        .onMessage(Open.class, open -> onOpen())
        .onMessage(Tick.class, tick -> onTick())
        .build();
  }

  private Behavior<Command> onGetStatus(GetStatus get) {
    var agent = agents.get(get.stream());
    if (agent == null) get.replyTo().tell(new StreamStatus.Unknown(get.stream()));
    else agent.tell(new StreamAgent.GetStatus(get.replyTo()));
    return this;
  }

  private Behavior<Command> onViewChanged(ViewChanged message) {
    view = Optional.of(message.view());
    changed = true;
    if (open) evaluate();
    return this;
  }

  private Behavior<Command> onOpen() {
    open = true;
    if (changed) evaluate();
    return this;
  }

  private Behavior<Command> onTick() {
    evaluate();
    return this;
  }

  private void evaluate() {
    open = false;
    changed = false;
    timers.startSingleTimer(Open.INSTANCE, settings.evaluateAtMostEvery());
    timers.startSingleTimer(Tick.INSTANCE, settings.evaluateAtLeastEvery());
    view.ifPresent(this::evaluate);
  }

  private void evaluate(View seen) {
    var cluster = ClusterState.collect(seen, clock.instant(), settings.staleAfter());
    var onProbation = probation.observe(cluster);
    costs = costs.observe(cluster, seen.pipelines().keySet());
    var wanted = new HashSet<StreamName>();
    for (var pipeline : seen.pipelines().values())
      for (var source : pipeline.spec().sources()) {
        var stream = pipeline.spec().stream(source);
        wanted.add(stream);
        // Its stages are nowhere, so there is nothing to decide; its last decision stays.
        if (pipeline.isStopped()) continue;
        agents
            .computeIfAbsent(stream, s -> spawn(pipeline.spec(), source))
            .tell(
                new StreamAgent.Evaluate(
                    pipeline,
                    source,
                    cluster,
                    onProbation,
                    costs,
                    Optional.ofNullable(seen.decisions().get(stream))));
      }
    agents
        .entrySet()
        .removeIf(
            agent -> {
              if (wanted.contains(agent.getKey())) return false;
              getContext().getLog().info("Stream {} is over: no more decisions", agent.getKey());
              getContext().stop(agent.getValue());
              return true;
            });
  }

  private ActorRef<StreamAgent.Command> spawn(PipelineSpec pipeline, SourceSpec source) {
    // Anonymous: a stopping agent keeps its name for a while, and a name must not have slashes.
    return getContext()
        .spawnAnonymous(
            Behaviors.supervise(
                    StreamAgent.create(pipeline, source, gossip, policies, log, settings))
                .onFailure(
                    Throwable.class,
                    SupervisorStrategy.restartWithBackoff(MIN_BACKOFF, MAX_BACKOFF, 0.2)));
  }
}
