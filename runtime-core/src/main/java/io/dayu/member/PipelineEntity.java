package io.dayu.member;

import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.DroppedPipeline;
import io.dayu.facts.PipelineVersion;
import io.dayu.facts.Wire;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.RunState;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.BackoffSupervisorStrategy;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.slf4j.event.Level;

/**
 * The life of one pipeline: wanted, changed, paused, dropped. A sharded, event-sourced entity of
 * the cloud, one per name, remembered while it is wanted. After every change, and whenever it is
 * started again, it tells gossip what is to run.
 */
public final class PipelineEntity
    extends EventSourcedBehavior<
        PipelineEntity.Command, PipelineEntity.Event, PipelineEntity.State> {
  public static final EntityTypeKey<Command> TYPE = EntityTypeKey.create(Command.class, "Pipeline");

  public interface Command {}

  /**
   * Run this verified pipeline.
   *
   * @param declaredOnly see {@link DesiredPipeline}
   * @param state empty for that of the pipeline that it replaces
   * @param only the versions one of which the present pipeline must have; empty for any
   */
  public record Submit(
      PipelineSpec spec,
      boolean replace,
      boolean declaredOnly,
      Optional<RunState> state,
      Set<Long> only,
      ActorRef<Answer> replyTo)
      implements Command, Wire {
    public Submit {
      only = Set.copyOf(only);
    }
  }

  /** Read its sources, or do not. */
  public record Turn(RunState state, ActorRef<Answer> replyTo) implements Command, Wire {}

  public record Get(ActorRef<Answer> replyTo) implements Command, Wire {}

  /** Which specifications does it have and did it have? */
  public record GetVersions(ActorRef<Answer> replyTo) implements Command, Wire {}

  /** What was it in this version? */
  public record GetVersion(long version, ActorRef<Answer> replyTo) implements Command, Wire {}

  /**
   * @param upTo a pipeline with a higher version stays
   * @param only see {@link Submit}
   */
  public record Delete(long upTo, Set<Long> only, ActorRef<Answer> replyTo)
      implements Command, Wire {
    public Delete {
      only = Set.copyOf(only);
    }

    /** Whatever its version is. */
    public Delete(ActorRef<Answer> replyTo) {
      this(Long.MAX_VALUE, Set.of(), replyTo);
    }
  }

  /** One for every command. */
  public sealed interface Answer extends Wire {}

  public record Created(DesiredPipeline pipeline) implements Answer {}

  public record Replaced(DesiredPipeline pipeline) implements Answer {}

  /** Not done: one of this name runs and {@code replace} was not asked. */
  public record Exists() implements Answer {}

  public record Runs(DesiredPipeline pipeline) implements Answer {}

  /** The pipeline in the version that was asked for. */
  public record Was(DesiredPipeline pipeline) implements Answer {}

  /** The present one first. */
  public record Versions(List<PipelineVersion> versions) implements Answer {
    public Versions {
      versions = List.copyOf(versions);
    }
  }

  /**
   * Not done: the pipeline has another version than was asked for.
   *
   * @param version 0 if there is none of this name
   */
  public record Differs(long version) implements Answer {}

  public record Deleted() implements Answer {}

  /** There is no pipeline of this name, or none that was meant. */
  public record Absent() implements Answer {}

  /** What has happened to the pipeline. */
  public sealed interface Event extends Wire {}

  /**
   * @param at empty in what release 0.1 wrote
   */
  public record Wanted(DesiredPipeline pipeline, Optional<Instant> at) implements Event {
    public Wanted {
      Objects.requireNonNull(pipeline, "pipeline");
      Objects.requireNonNull(at, "at");
    }

    private PipelineVersion inShort() {
      var spec = pipeline.spec();
      return new PipelineVersion(
          pipeline.version(),
          at,
          spec.sources().size(),
          spec.stages().size(),
          spec.policy().name());
    }
  }

  public record Dropped(long version) implements Event {}

  /**
   * @param version of the latest event; it outlives the pipeline, so that one of the same name
   *     continues it
   * @param latest the pipeline that is to run
   * @param earlier what it was before with other specifications, the newest first; none of before
   *     it was dropped
   */
  public record State(long version, Optional<Wanted> latest, List<Wanted> earlier) implements Wire {
    public State {
      Objects.requireNonNull(latest, "latest");
      earlier = List.copyOf(earlier);
    }

    private static State dropped(long version) {
      return new State(version, Optional.empty(), List.of());
    }

    private State then(Wanted wanted) {
      var before = new ArrayList<>(earlier);
      latest
          .filter(was -> !was.pipeline().spec().equals(wanted.pipeline().spec()))
          .ifPresent(was -> before.add(0, was));
      return new State(
          wanted.pipeline().version(),
          Optional.of(wanted),
          before.subList(0, Math.min(before.size(), KEPT - 1)));
    }

    public Optional<DesiredPipeline> pipeline() {
      return latest.map(Wanted::pipeline);
    }

    /** With different specifications, the newest first. */
    private Stream<Wanted> all() {
      return Stream.concat(latest.stream(), earlier.stream());
    }
  }

  /** How many specifications are kept, the present one included. */
  static final int KEPT = 10;

  private static final BackoffSupervisorStrategy WHILE_THE_STORE_IS_AWAY =
      SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(2), 0.2)
          .withLogLevel(Level.WARN);

  private final String name;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final ActorRef<Command> self;
  private final ActorRef<Gossip.Command> gossip;
  private final Clock clock;

  private PipelineEntity(
      String name,
      ActorRef<ClusterSharding.ShardCommand> shard,
      ActorRef<Command> self,
      ActorRef<Gossip.Command> gossip,
      Clock clock) {
    super(PersistenceId.of(TYPE.name(), name), WHILE_THE_STORE_IS_AWAY);
    this.name = name;
    this.shard = shard;
    this.self = self;
    this.gossip = gossip;
    this.clock = clock;
  }

  public static Behavior<Command> create(
      String name,
      ActorRef<ClusterSharding.ShardCommand> shard,
      ActorRef<Gossip.Command> gossip,
      Clock clock) {
    return Behaviors.setup(
        context -> new PipelineEntity(name, shard, context.getSelf(), gossip, clock));
  }

  @Override
  public State emptyState() {
    return State.dropped(0);
  }

  @Override
  public CommandHandler<Command, Event, State> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(Submit.class, this::onSubmit)
        .onCommand(
            Get.class,
            (state, get) -> {
              get.replyTo().tell(state.pipeline().<Answer>map(Runs::new).orElseGet(Absent::new));
              forgetIfUnused(state);
              return Effect().none();
            })
        .onCommand(
            GetVersions.class,
            (state, get) -> {
              get.replyTo()
                  .tell(
                      state.pipeline().isEmpty()
                          ? new Absent()
                          : new Versions(state.all().map(Wanted::inShort).toList()));
              forgetIfUnused(state);
              return Effect().none();
            })
        .onCommand(
            GetVersion.class,
            (state, get) -> {
              get.replyTo()
                  .tell(
                      state
                          .all()
                          .map(Wanted::pipeline)
                          .filter(p -> p.version() == get.version())
                          .findFirst()
                          .<Answer>map(Was::new)
                          .orElseGet(Absent::new));
              forgetIfUnused(state);
              return Effect().none();
            })
        .onCommand(Turn.class, this::onTurn)
        .onCommand(Delete.class, this::onDelete)
        .build();
  }

  @Override
  public EventHandler<State, Event> eventHandler() {
    return newEventHandlerBuilder()
        .forAnyState()
        .onEvent(Wanted.class, State::then)
        .onEvent(Dropped.class, (state, dropped) -> State.dropped(dropped.version()))
        .build();
  }

  @Override
  public SignalHandler<State> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), this::tellGossip)
        .build();
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(20, 2).withDeleteEventsOnSnapshot();
  }

  private Effect<Event, State> onSubmit(State state, Submit submit) {
    if (isOther(state, submit.only())) return Effect().reply(submit.replyTo(), differs(state));
    if (state.pipeline().isPresent() && !submit.replace())
      return Effect().reply(submit.replyTo(), new Exists());
    boolean created = state.pipeline().isEmpty();
    var pipeline =
        state
            .pipeline()
            .map(
                running ->
                    running
                        .changed(submit.spec(), submit.declaredOnly())
                        .in(submit.state().orElse(running.state())))
            .orElseGet(
                () -> {
                  long version = state.version() + 1;
                  return new DesiredPipeline(
                      version,
                      version,
                      submit.spec(),
                      submit.declaredOnly(),
                      submit.state().orElse(RunState.RUNNING));
                });
    return Effect()
        .persist(wanted(pipeline))
        .thenRun(this::tellGossip)
        .thenReply(submit.replyTo(), s -> created ? new Created(pipeline) : new Replaced(pipeline));
  }

  private Effect<Event, State> onTurn(State state, Turn turn) {
    if (state.pipeline().isEmpty())
      return Effect()
          .none()
          .thenRun(this::forgetIfUnused)
          .thenReply(turn.replyTo(), s -> new Absent());
    var running = state.pipeline().get();
    if (running.state() == turn.state())
      return Effect().reply(turn.replyTo(), new Replaced(running));
    var turned = running.turned(turn.state());
    return Effect()
        .persist(wanted(turned))
        .thenRun(this::tellGossip)
        .thenReply(turn.replyTo(), s -> new Replaced(turned));
  }

  private Wanted wanted(DesiredPipeline pipeline) {
    return new Wanted(pipeline, Optional.of(Instant.ofEpochMilli(clock.millis())));
  }

  private static boolean isOther(State state, Set<Long> only) {
    return !only.isEmpty() && !only.contains(differs(state).version());
  }

  private static Differs differs(State state) {
    return new Differs(state.pipeline().map(DesiredPipeline::version).orElse(0L));
  }

  private Effect<Event, State> onDelete(State state, Delete delete) {
    if (state.pipeline().isPresent() && isOther(state, delete.only()))
      return Effect().reply(delete.replyTo(), differs(state));
    // Gossip may have been told that an earlier version is dropped, so it is told what holds.
    if (state.pipeline().filter(p -> p.version() <= delete.upTo()).isEmpty())
      return Effect()
          .none()
          .thenRun(this::tellGossip)
          .thenRun(this::forgetIfUnused)
          .thenReply(delete.replyTo(), s -> new Absent());
    return Effect()
        .persist(new Dropped(state.version() + 1))
        .thenRun(this::tellGossip)
        .thenRun(this::forgetIfUnused)
        .thenReply(delete.replyTo(), s -> new Deleted());
  }

  private void tellGossip(State state) {
    if (state.pipeline().isPresent())
      gossip.tell(new Gossip.PublishPipeline(state.pipeline().get()));
    else if (state.version() > 0)
      gossip.tell(new Gossip.PublishPipeline(new DroppedPipeline(name, state.version())));
  }

  /**
   * Stops remembering an entity of which no pipeline exists: its name was wrong, or the pipeline
   * was dropped.
   */
  private void forgetIfUnused(State state) {
    if (state.pipeline().isEmpty()) shard.tell(new ClusterSharding.Passivate<>(self));
  }
}
