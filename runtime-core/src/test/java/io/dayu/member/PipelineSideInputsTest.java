package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.typesafe.config.ConfigFactory;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.SideVersions;
import io.dayu.member.PipelineEntity.Answer;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.SideSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.process.Plans;
import io.dayu.side.SideSources;
import io.dayu.side.SideValues;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The kit writes and reads every event and state with its serializer. */
final class PipelineSideInputsTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration OFTEN = Duration.ofMillis(10);

  /** What the next reads give. */
  private static final class Places implements SideSources {
    volatile CompletionStage<ByteString> next = value("1");

    @Override
    public Optional<Duration> every(String name) {
      return name.equals("plates") ? Optional.of(OFTEN) : Optional.empty();
    }

    @Override
    public CompletionStage<ByteString> read(String name) {
      return next;
    }
  }

  private static CompletionStage<ByteString> value(String json) {
    return CompletableFuture.completedStage(ByteString.copyFromUtf8(json));
  }

  private final Places places = new Places();
  private ActorTestKit kit;
  private TestProbe<Gossip.Command> gossip;
  private EventSourcedBehaviorTestKit<
          PipelineEntity.Command, PipelineEntity.Event, PipelineEntity.State>
      entity;

  @BeforeEach
  void start() {
    kit =
        ActorTestKit.create(
            EventSourcedBehaviorTestKit.config().withFallback(ConfigFactory.load()).resolve());
    gossip = kit.createTestProbe();
    TestProbe<ClusterSharding.ShardCommand> shard = kit.createTestProbe();
    entity =
        EventSourcedBehaviorTestKit.create(
            kit.system(),
            PipelineEntity.create(
                "crossing", shard.getRef(), gossip.getRef(), places, Clock.systemUTC()));
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private static PipelineSpec spec(SideSpec... inputs) {
    var plain = Plans.plan(1, List.of(), "detect:reader").spec();
    var stage =
        new StageSpec(
            "detect",
            "reader",
            List.of(),
            new TreeMap<>(),
            Map.of(),
            Optional.empty(),
            List.of(inputs).stream().map(SideSpec::name).toList());
    return new PipelineSpec(
        "crossing",
        plain.sources(),
        List.of(stage),
        plain.policy(),
        plain.objective(),
        plain.delivery(),
        List.of(inputs));
  }

  private static SideSpec limits(Object value) {
    return new SideSpec("limits", Optional.of(value), Optional.empty());
  }

  private static SideSpec plates() {
    return new SideSpec("plates", Optional.empty(), Optional.of("plates"));
  }

  private Answer submit(PipelineSpec spec) {
    return entity
        .<Answer>runCommand(
            replyTo ->
                new PipelineEntity.Submit(spec, true, false, Optional.empty(), Set.of(), replyTo))
        .reply();
  }

  private Answer give(String json) {
    return part("limits", json, 0, json);
  }

  private Answer part(String name, String json, int offset, String part) {
    return entity
        .<Answer>runCommand(
            replyTo ->
                new PipelineEntity.GiveSide(
                    name, "one", offset, json.length(), ByteString.copyFromUtf8(part), replyTo))
        .reply();
  }

  /** As it was told last. */
  private SideVersions sides() {
    return entity.getState().pipeline().orElseThrow().side();
  }

  private Optional<String> present(String name) {
    var sides = sides();
    return sides
        .at(name, sides.latest())
        .map(change -> fetch(change.digest(), 0).part().toStringUtf8());
  }

  private Gateway.SidePart fetch(String digest, int offset) {
    return entity
        .<Gateway.SidePart>runCommand(
            replyTo -> new Gateway.AskSide("crossing", digest, offset, replyTo))
        .reply();
  }

  @Test
  void theDocumentsValueIsTheFirstVersionAndTheApiGivesTheNext() {
    submit(spec(limits(Map.of("most", 3))));
    assertThat(present("limits")).hasValue("{\"most\":3}");
    assertThat(give("{\"most\": 4}")).isEqualTo(new PipelineEntity.SideGiven(2));
    assertThat(present("limits")).hasValue("{\"most\": 4}");
    assertThat(give("{\"most\": 4}"))
        .as("the same again")
        .isEqualTo(new PipelineEntity.SideGiven(2));
    assertThat(sides().changes()).extracting(SideVersions.Change::number).containsExactly(1L, 2L);
    entity.restart();
    assertThat(present("limits")).hasValue("{\"most\": 4}");
    assertThat(((DesiredPipeline) told(2).fact()).side()).isEqualTo(sides());
  }

  private Gossip.PublishPipeline told(long number) {
    return gossip
        .fishForMessage(
            SOON,
            told ->
                ((DesiredPipeline) ((Gossip.PublishPipeline) told).fact()).side().latest() == number
                    ? org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes.complete()
                    : org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes
                        .continueAndIgnore())
        .stream()
        .map(Gossip.PublishPipeline.class::cast)
        .reduce((before, told) -> told)
        .orElseThrow();
  }

  @Test
  void aGivenValueStandsUntilTheDocumentSaysSomethingElseThanBefore() {
    submit(spec(limits(3)));
    give("4");
    submit(spec(limits(3), new SideSpec("more", Optional.of(true), Optional.empty())));
    assertThat(present("limits")).hasValue("4");
    assertThat(present("more")).hasValue("true");
    submit(spec(limits(5)));
    assertThat(present("limits")).hasValue("5");
    assertThat(present("more")).as("it is gone").isEmpty();
  }

  @Test
  void aValueComesInPartsThatFollowEachOther() {
    submit(spec(limits(3)));
    assertThat(part("limits", "12345", 0, "12")).isEqualTo(new PipelineEntity.SidePartTaken());
    assertThat(part("limits", "12345", 3, "45")).isInstanceOf(PipelineEntity.SideRefused.class);
    assertThat(part("limits", "12345", 0, "12")).isEqualTo(new PipelineEntity.SidePartTaken());
    assertThat(part("limits", "12345", 2, "345")).isEqualTo(new PipelineEntity.SideGiven(2));
    assertThat(present("limits")).hasValue("12345");
  }

  @Test
  void aLargeValueIsFetchedInParts() {
    var large = "\"" + "x".repeat(PipelineEntity.SIDE_PART) + "\"";
    submit(spec(limits(3)));
    assertThat(give(large)).isEqualTo(new PipelineEntity.SideGiven(2));
    var digest = SideValues.digest(ByteString.copyFromUtf8(large));
    var first = fetch(digest, 0);
    assertThat(first.total()).isEqualTo(large.length());
    assertThat(first.part().size()).isEqualTo(PipelineEntity.SIDE_PART);
    assertThat(first.part().concat(fetch(digest, PipelineEntity.SIDE_PART).part()).toStringUtf8())
        .isEqualTo(large);
    assertThat(fetch(SideValues.digest(ByteString.EMPTY), 0).total()).isEqualTo(-1);
  }

  @Test
  void whatCannotBeAValueIsRefused() {
    submit(spec(limits(3), plates()));
    assertThat(give("{")).isInstanceOf(PipelineEntity.SideRefused.class);
    assertThat(part("limits", "1".repeat(SideValues.MOST + 1), 0, "1"))
        .isInstanceOf(PipelineEntity.SideRefused.class);
    assertThat(part("plates", "1", 0, "1"))
        .isEqualTo(
            new PipelineEntity.SideRefused(
                "it is read from dayu.side-inputs.plates of the cloud nodes"));
    assertThat(part("none", "1", 0, "1")).isEqualTo(new PipelineEntity.Absent());
    assertThat(present("limits")).hasValue("3");
  }

  @Test
  void whatIsReadBadlyIsToldBesideTheValueThatStands() {
    submit(spec(plates()));
    told(1);
    assertThat(present("plates")).hasValue("1");
    places.next = CompletableFuture.failedStage(new IOException("the disk is away"));
    awaitProblem(Optional.of("the disk is away"));
    places.next = value("{\"a\": ");
    awaitProblem(Optional.of("no JSON"));
    places.next = value("1".repeat(SideValues.MOST + 1));
    awaitProblem(Optional.of("262145 bytes"));
    assertThat(present("plates")).hasValue("1");
    places.next = value("1");
    awaitProblem(Optional.empty());
    assertThat(sides().latest()).as("nothing has changed").isEqualTo(1);
    places.next = value("2");
    told(2);
    assertThat(present("plates")).hasValue("2");
  }

  private void awaitProblem(Optional<String> words) {
    org.awaitility.Awaitility.await()
        .atMost(SOON)
        .until(
            () -> {
              var problem = Optional.ofNullable(sides().problems().get("plates"));
              return words.isEmpty()
                  ? problem.isEmpty()
                  : problem.filter(p -> p.contains(words.get())).isPresent();
            });
  }

  @Test
  void whatThisNodeDoesNotDeclareIsAProblem() {
    submit(spec(new SideSpec("plates", Optional.empty(), Optional.of("elsewhere"))));
    awaitProblem(Optional.of("dayu.side-inputs.elsewhere"));
    assertThat(present("plates")).isEmpty();
  }

  @Test
  void noNumberIsUsedTwiceThoughThePipelineIsDroppedAndMadeAgain() {
    submit(spec(limits(3)));
    give("4");
    entity.<Answer>runCommand(PipelineEntity.Delete::new);
    submit(spec(limits(5)));
    assertThat(sides().latest()).isEqualTo(3);
    assertThat(present("limits")).hasValue("5");
  }

  @Test
  void onlyWhatTheLatestVersionsNeedIsKept() {
    submit(spec(limits(0)));
    for (int i = 1; i <= 30; i++) give(String.valueOf(i));
    assertThat(sides().latest()).isEqualTo(31);
    assertThat(entity.getState().side().values()).hasSize(SideVersions.KEPT);
    entity.restart();
    assertThat(present("limits")).hasValue("30");
    assertThat(sides().latest()).isEqualTo(31);
  }
}
