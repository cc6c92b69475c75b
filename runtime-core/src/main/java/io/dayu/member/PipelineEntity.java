package io.dayu.member;

import com.google.protobuf.ByteString;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.DroppedPipeline;
import io.dayu.facts.PipelineVersion;
import io.dayu.facts.SideVersions;
import io.dayu.facts.Wire;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.RunState;
import io.dayu.side.SideSources;
import io.dayu.stage.Causes;
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
import org.apache.pekko.persistence.typed.javadsl.EffectBuilder;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.jspecify.annotations.Nullable;
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

  /**
   * A part of a value for a side input, in the order of the parts; each is sent when the one before
   * it is answered.
   *
   * @param upload the same for all parts of one value, and of no other
   * @param offset of the part
   * @param total bytes of the value
   */
  public record GiveSide(
      String name, String upload, int offset, int total, ByteString part, ActorRef<Answer> replyTo)
      implements Command, Wire {}

  /** One for every command. */
  public sealed interface Answer extends Wire {}

  /** The part was taken, more are to come. */
  public record SidePartTaken() implements Answer {}

  /**
   * The value was taken.
   *
   * @param number of the version of the side inputs that has it
   */
  public record SideGiven(long number) implements Answer {}

  /** The value was not taken. */
  public record SideRefused(String reason) implements Answer {}

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

  /** Side inputs have other values, or other problems. */
  record SideTold(SideState.Told told) implements Event {}

  /**
   * @param version of the latest event; it outlives the pipeline, so that one of the same name
   *     continues it
   * @param latest the pipeline that is to run
   * @param earlier what it was before with other specifications, the newest first; none of before
   *     it was dropped
   */
  record State(long version, Optional<Wanted> latest, List<Wanted> earlier, SideState side)
      implements Wire {
    State {
      Objects.requireNonNull(latest, "latest");
      Objects.requireNonNull(side, "side");
      earlier = List.copyOf(earlier);
    }

    /** Of a pipeline that never had side inputs. */
    State(long version, Optional<Wanted> latest, List<Wanted> earlier) {
      this(version, latest, earlier, SideState.NONE);
    }

    private State dropped(long at) {
      return new State(at, Optional.empty(), List.of(), side.dropped());
    }

    private State then(SideTold told) {
      return new State(version, latest, earlier, side.then(told.told()));
    }

    private State then(Wanted wanted) {
      var before = new ArrayList<>(earlier);
      latest
          .filter(was -> !was.pipeline().spec().equals(wanted.pipeline().spec()))
          .ifPresent(was -> before.add(0, was));
      return new State(
          wanted.pipeline().version(),
          Optional.of(wanted),
          before.subList(0, Math.min(before.size(), KEPT - 1)),
          side);
    }

    /** With the present side inputs, which events do not tell together with it. */
    Optional<DesiredPipeline> pipeline() {
      return latest.map(Wanted::pipeline).map(p -> p.with(side.versions()));
    }

    /** With different specifications, the newest first. */
    private Stream<Wanted> all() {
      return Stream.concat(latest.stream(), earlier.stream());
    }
  }

  /** How many specifications are kept, the present one included. */
  static final int KEPT = 10;

  /** Bytes of a side input in one message, of which several may be sent at once. */
  public static final int SIDE_PART = 64 << 10;

  private static final BackoffSupervisorStrategy WHILE_THE_STORE_IS_AWAY =
      SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(2), 0.2)
          .withLogLevel(Level.WARN);

  private final String name;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final ActorRef<Command> self;
  private final ActorRef<Gossip.Command> gossip;
  private final SideDesk sides;
  private final Clock clock;

  private PipelineEntity(
      String name,
      ActorRef<ClusterSharding.ShardCommand> shard,
      ActorRef<Command> self,
      ActorRef<Gossip.Command> gossip,
      SideDesk sides,
      Clock clock) {
    super(PersistenceId.of(TYPE.name(), name), WHILE_THE_STORE_IS_AWAY);
    this.name = name;
    this.shard = shard;
    this.self = self;
    this.gossip = gossip;
    this.sides = sides;
    this.clock = clock;
  }

  /**
   * @param sides what its side inputs may be read from
   */
  public static Behavior<Command> create(
      String name,
      ActorRef<ClusterSharding.ShardCommand> shard,
      ActorRef<Gossip.Command> gossip,
      SideSources sides,
      Clock clock) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new PipelineEntity(
                        name,
                        shard,
                        context.getSelf(),
                        gossip,
                        new SideDesk(context, timers, sides),
                        clock)));
  }

  @Override
  public State emptyState() {
    return new State(0, Optional.empty(), List.of());
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
        .onCommand(GiveSide.class, this::onGiveSide)
        .onCommand(Gateway.AskSide.class, this::onAskSide)
        .onCommand(
            SideDesk.Read.class,
            (state, read) -> {
              sides.read(read.name());
              return Effect().none();
            })
        .onCommand(SideDesk.HasRead.class, this::onHasRead)
        .build();
  }

  @Override
  public EventHandler<State, Event> eventHandler() {
    return newEventHandlerBuilder()
        .forAnyState()
        .onEvent(Wanted.class, State::then)
        .onEvent(Dropped.class, (state, dropped) -> state.dropped(dropped.version()))
        .onEvent(SideTold.class, State::then)
        .build();
  }

  @Override
  public SignalHandler<State> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(
            RecoveryCompleted.instance(),
            state -> {
              tellGossip(state);
              sides.begin(state.pipeline().map(DesiredPipeline::spec));
            })
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
    var events = new ArrayList<Event>();
    events.add(wanted(pipeline));
    state
        .side()
        .changed(state.pipeline().map(DesiredPipeline::spec), submit.spec())
        .ifPresent(told -> events.add(new SideTold(told)));
    return Effect()
        .persist(events)
        .thenRun(this::tellGossip)
        .thenRun((State s) -> sides.follow(s.pipeline().map(DesiredPipeline::spec)))
        .thenReply(
            submit.replyTo(),
            s -> {
              var told = s.pipeline().orElse(pipeline);
              return created ? new Created(told) : new Replaced(told);
            });
  }

  private Effect<Event, State> onGiveSide(State state, GiveSide give) {
    var spec = state.pipeline().map(DesiredPipeline::spec);
    var input =
        spec.flatMap(
            p -> p.sideInputs().stream().filter(i -> i.name().equals(give.name())).findFirst());
    if (input.isEmpty())
      return Effect()
          .none()
          .thenRun(this::forgetIfUnused)
          .thenReply(give.replyTo(), s -> new Absent());
    if (input.get().from().isPresent())
      return Effect()
          .reply(
              give.replyTo(),
              new SideRefused(
                  "it is read from dayu.side-inputs.%s of the cloud nodes"
                      .formatted(input.get().from().get())));
    Optional<ByteString> json;
    try {
      json = sides.add(give);
    } catch (IllegalArgumentException e) {
      return Effect().reply(give.replyTo(), new SideRefused(Causes.words(e)));
    }
    if (json.isEmpty()) return Effect().reply(give.replyTo(), new SidePartTaken());
    return told(state.side().given(give.name(), json.get()))
        .thenReply(give.replyTo(), s -> new SideGiven(s.side().number()));
  }

  private Effect<Event, State> onHasRead(State state, SideDesk.HasRead read) {
    if (!sides.hasRead(read)) return Effect().none();
    return told(
        read.json().isPresent()
            ? state.side().given(read.name(), read.json().get())
            : state.side().failed(read.name(), read.problem()));
  }

  private EffectBuilder<Event, State> told(Optional<SideState.Told> told) {
    return told.<EffectBuilder<Event, State>>map(
            now -> Effect().persist(new SideTold(now)).thenRun(this::tellGossip))
        .orElseGet(() -> Effect().none());
  }

  private static Gateway.SidePart part(@Nullable ByteString json, int offset) {
    if (json == null || offset < 0 || offset > json.size())
      return new Gateway.SidePart(-1, ByteString.EMPTY);
    return new Gateway.SidePart(
        json.size(), json.substring(offset, Math.min(json.size(), offset + SIDE_PART)));
  }

  private Effect<Event, State> onAskSide(State state, Gateway.AskSide ask) {
    ask.replyTo().tell(part(state.side().values().get(ask.digest()), ask.offset()));
    forgetIfUnused(state);
    return Effect().none();
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

  /** Side inputs are told by events of their own. */
  private Wanted wanted(DesiredPipeline pipeline) {
    return new Wanted(
        pipeline.with(SideVersions.NONE), Optional.of(Instant.ofEpochMilli(clock.millis())));
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
        .thenRun((State s) -> sides.follow(Optional.empty()))
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
