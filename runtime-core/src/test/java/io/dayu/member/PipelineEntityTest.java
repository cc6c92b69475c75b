package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.DroppedPipeline;
import io.dayu.facts.PipelineVersion;
import io.dayu.member.PipelineEntity.Answer;
import io.dayu.member.PipelineEntity.Command;
import io.dayu.member.PipelineEntity.Event;
import io.dayu.member.PipelineEntity.State;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.RunState;
import io.dayu.process.Plans;
import io.dayu.side.SideSources;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The kit writes and reads every command, event and state with its serializer. */
final class PipelineEntityTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final PipelineSpec spec = spec("detect:reader");
  private ActorTestKit kit;
  private TestProbe<ClusterSharding.ShardCommand> shard;
  private TestProbe<Gossip.Command> gossip;
  private EventSourcedBehaviorTestKit<Command, Event, State> entity;

  private final Clock clock = Clock.fixed(Instant.ofEpochMilli(7), ZoneOffset.UTC);

  @BeforeEach
  void start() {
    kit =
        ActorTestKit.create(
            EventSourcedBehaviorTestKit.config().withFallback(ConfigFactory.load()).resolve());
    shard = kit.createTestProbe();
    gossip = kit.createTestProbe();
    entity =
        EventSourcedBehaviorTestKit.create(
            kit.system(),
            PipelineEntity.create(
                "crossing", shard.getRef(), gossip.getRef(), SideSources.NONE, clock));
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void aSubmittedPipelineIsKeptAndEveryoneIsTold() {
    var wanted = new DesiredPipeline(1, spec);
    assertThat(submit(spec, false)).isEqualTo(new PipelineEntity.Created(wanted));
    assertThat(told()).isEqualTo(new Gossip.PublishPipeline(wanted));
    assertThat(get()).isEqualTo(new PipelineEntity.Runs(wanted));
    assertThat(submit(spec, false)).isEqualTo(new PipelineEntity.Exists());
    shard.expectNoMessage(Duration.ofMillis(100));
  }

  @Test
  void aReplacedPipelineHasAHigherVersion() {
    submit(spec, false);
    var other = spec("track:reader");
    assertThat(submit(other, true))
        .isEqualTo(new PipelineEntity.Replaced(new DesiredPipeline(2, other)));
  }

  @Test
  void aChangeOfAnythingButItsStagesGoesOnWithTheInstancesThatRun() {
    submit(spec, false);
    var otherPolicy =
        new PipelineSpec(
            spec.name(),
            spec.sources(),
            spec.stages(),
            new PipelineSpec.PolicySpec("cloud-only", Map.of()),
            spec.objective(),
            spec.delivery());
    assertThat(submit(otherPolicy, true))
        .isEqualTo(new PipelineEntity.Replaced(new DesiredPipeline(2, 1, otherPolicy)));
    assertThat(submit(otherPolicy, true))
        .isEqualTo(new PipelineEntity.Replaced(new DesiredPipeline(3, 1, otherPolicy)));
    entity.restart();
    assertThat(get()).isEqualTo(new PipelineEntity.Runs(new DesiredPipeline(3, 1, otherPolicy)));
    var other = spec("track:reader");
    assertThat(submit(other, true))
        .isEqualTo(new PipelineEntity.Replaced(new DesiredPipeline(4, 4, other)));
  }

  @Test
  void aDroppedPipelineIsForgottenButItsVersionIsNot() {
    submit(spec, false);
    told();
    assertThat(delete()).isEqualTo(new PipelineEntity.Deleted());
    assertThat(told()).isEqualTo(new Gossip.PublishPipeline(new DroppedPipeline("crossing", 2)));
    shard.expectMessageClass(ClusterSharding.Passivate.class, SOON);
    assertThat(get()).isEqualTo(new PipelineEntity.Absent());
    assertThat(submit(spec, false))
        .isEqualTo(new PipelineEntity.Created(new DesiredPipeline(3, spec)));
  }

  @Test
  void aLateDeletionSparesWhatWasSubmittedAfterIt() {
    submit(spec, false);
    told();
    submit(spec, true);
    told();
    assertThat(deleteUpTo(1)).isEqualTo(new PipelineEntity.Absent());
    var wanted = new DesiredPipeline(2, 1, spec);
    assertThat(told())
        .as("others may have heard that version 1 is dropped as version 2")
        .isEqualTo(new Gossip.PublishPipeline(wanted));
    assertThat(get()).isEqualTo(new PipelineEntity.Runs(wanted));
    assertThat(deleteUpTo(2)).isEqualTo(new PipelineEntity.Deleted());
  }

  @Test
  void aNameThatWasNeverUsedIsNotRemembered() {
    assertThat(get()).isEqualTo(new PipelineEntity.Absent());
    shard.expectMessageClass(ClusterSharding.Passivate.class, SOON);
    assertThat(delete()).isEqualTo(new PipelineEntity.Absent());
    gossip.expectNoMessage(Duration.ofMillis(100));
  }

  @Test
  void anEntityThatIsStartedAgainKnowsItsPipelineAndTellsIt() {
    submit(spec, false);
    told();
    var recovered = entity.restart().state();
    assertThat(recovered.pipeline()).contains(new DesiredPipeline(1, spec));
    assertThat(told()).isEqualTo(new Gossip.PublishPipeline(new DesiredPipeline(1, spec)));
  }

  @Test
  void aPausedPipelineStaysSoThroughRestartsAndChangesUntilItIsToldToGoOn() {
    submit(spec, false);
    told();
    var paused = new DesiredPipeline(2, 1, spec, false, RunState.PAUSED);
    assertThat(turn(RunState.PAUSED)).isEqualTo(new PipelineEntity.Replaced(paused));
    assertThat(told()).isEqualTo(new Gossip.PublishPipeline(paused));
    assertThat(turn(RunState.PAUSED)).as("again").isEqualTo(new PipelineEntity.Replaced(paused));
    entity.restart();
    assertThat(told()).isEqualTo(new Gossip.PublishPipeline(paused));
    assertThat(submit(spec, true))
        .as("a document that says nothing of it")
        .isEqualTo(
            new PipelineEntity.Replaced(new DesiredPipeline(3, 1, spec, false, RunState.PAUSED)));
    assertThat(turn(RunState.RUNNING))
        .isEqualTo(new PipelineEntity.Replaced(new DesiredPipeline(4, 1, spec)));
    assertThat(submit(spec, true, Optional.of(RunState.PAUSED)))
        .isEqualTo(
            new PipelineEntity.Replaced(new DesiredPipeline(5, 1, spec, false, RunState.PAUSED)));
    delete();
    assertThat(submit(spec, false))
        .as("a new one of the name")
        .isEqualTo(new PipelineEntity.Created(new DesiredPipeline(7, spec)));
  }

  @Test
  void whatIsNotThereIsNotPaused() {
    assertThat(turn(RunState.PAUSED)).isEqualTo(new PipelineEntity.Absent());
    shard.expectMessageClass(ClusterSharding.Passivate.class, SOON);
  }

  @Test
  void itsLastTenSpecificationsAreKeptAndPausesAreNone() {
    submit(spec("s1:reader"), false);
    for (int i = 2; i <= 12; i++) submit(spec("s" + i + ":reader"), true);
    turn(RunState.PAUSED);
    entity.restart();
    var versions = ((PipelineEntity.Versions) ask(PipelineEntity.GetVersions::new)).versions();
    assertThat(versions)
        .extracting(PipelineVersion::version)
        .containsExactly(13L, 11L, 10L, 9L, 8L, 7L, 6L, 5L, 4L, 3L);
    assertThat(versions.get(9))
        .isEqualTo(new PipelineVersion(3, Optional.of(Instant.ofEpochMilli(7)), 1, 1, "fixed"));
    assertThat(ask(replyTo -> new PipelineEntity.GetVersion(3, replyTo)))
        .isEqualTo(new PipelineEntity.Was(new DesiredPipeline(3, spec("s3:reader"))));
    assertThat(ask(replyTo -> new PipelineEntity.GetVersion(2, replyTo)))
        .isEqualTo(new PipelineEntity.Absent());
    delete();
    submit(spec, false);
    assertThat(((PipelineEntity.Versions) ask(PipelineEntity.GetVersions::new)).versions())
        .as("those of a pipeline that was deleted are gone")
        .hasSize(1);
  }

  @Test
  void whatIsMeantForAnotherVersionIsNotDone() {
    submit(spec, false);
    var other = spec("track:reader");
    assertThat(submit(other, true, Optional.empty(), Set.of(2L)))
        .isEqualTo(new PipelineEntity.Differs(1));
    assertThat(submit(other, true, Optional.empty(), Set.of(1L)))
        .isInstanceOf(PipelineEntity.Replaced.class);
    assertThat(ask(r -> new PipelineEntity.Delete(Long.MAX_VALUE, Set.of(1L), r)))
        .isEqualTo(new PipelineEntity.Differs(2));
    assertThat(ask(r -> new PipelineEntity.Delete(Long.MAX_VALUE, Set.of(2L), r)))
        .isEqualTo(new PipelineEntity.Deleted());
    assertThat(submit(other, true, Optional.empty(), Set.of(2L)))
        .isEqualTo(new PipelineEntity.Differs(0));
  }

  private Answer ask(Function<ActorRef<Answer>, PipelineEntity.Command> command) {
    return entity.<Answer>runCommand((ActorRef<Answer> replyTo) -> command.apply(replyTo)).reply();
  }

  private Answer submit(PipelineSpec spec, boolean replace) {
    return submit(spec, replace, Optional.empty());
  }

  private Answer submit(PipelineSpec spec, boolean replace, Optional<RunState> state) {
    return submit(spec, replace, state, Set.of());
  }

  private Answer submit(
      PipelineSpec spec, boolean replace, Optional<RunState> state, Set<Long> only) {
    return entity
        .<Answer>runCommand(
            (ActorRef<Answer> replyTo) ->
                new PipelineEntity.Submit(spec, replace, false, state, only, replyTo))
        .reply();
  }

  private Answer turn(RunState state) {
    return entity
        .<Answer>runCommand((ActorRef<Answer> replyTo) -> new PipelineEntity.Turn(state, replyTo))
        .reply();
  }

  private Answer get() {
    return entity
        .<Answer>runCommand((ActorRef<Answer> replyTo) -> new PipelineEntity.Get(replyTo))
        .reply();
  }

  private Answer delete() {
    return entity
        .<Answer>runCommand((ActorRef<Answer> replyTo) -> new PipelineEntity.Delete(replyTo))
        .reply();
  }

  private Answer deleteUpTo(long version) {
    return entity
        .<Answer>runCommand(
            (ActorRef<Answer> replyTo) -> new PipelineEntity.Delete(version, Set.of(), replyTo))
        .reply();
  }

  private Gossip.Command told() {
    return gossip.receiveMessage(SOON);
  }

  private static PipelineSpec spec(String... stages) {
    return Plans.plan(1, List.of(), stages).spec();
  }
}
