package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.Wire;
import io.dayu.member.PipelineEntity.Answer;
import io.dayu.member.PipelineEntity.Command;
import io.dayu.member.PipelineEntity.Event;
import io.dayu.member.PipelineEntity.State;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.Shed;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.side.SideSources;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.apache.pekko.serialization.SerializationExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Pipelines that release 0.1 stored go on: its events and snapshots, as bytes, are in {@code
 * release-0.1/pipelines.properties}. The one in them uses every field of the document.
 */
final class RecordedPipelineTest {
  private static final DesiredPipeline PIPELINE = new DesiredPipeline(9, 6, spec());
  private static final long LATE = 1L << 40;

  private ActorTestKit kit;
  private MemberSerializer serializer;

  @BeforeEach
  void start() throws IOException {
    kit =
        ActorTestKit.create(
            EventSourcedBehaviorTestKit.config().withFallback(ConfigFactory.load()).resolve());
    serializer =
        (MemberSerializer)
            SerializationExtension.get(Adapter.toClassic(kit.system())).serializerFor(State.class);
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void eventsAndSnapshotsAreReadAndWrittenAsTheyWere() throws IOException {
    assertSame("wanted", "ew", new PipelineEntity.Wanted(PIPELINE, Optional.empty()));
    assertSame("dropped", "ed", new PipelineEntity.Dropped(LATE));
    assertSame(
        "running",
        "st",
        new State(
            9, Optional.of(new PipelineEntity.Wanted(PIPELINE, Optional.empty())), List.of()));
    assertSame("gone", "st", new State(10, Optional.empty(), List.of()));
  }

  @Test
  void aPipelineGoesOnFromItsEventsWithTheInstancesThatRun() throws IOException {
    var entity = entity();
    entity.initialize((Event) read("wanted", "ew"));
    assertThat(get(entity)).isEqualTo(new PipelineEntity.Runs(PIPELINE));
    assertGoesOn(entity);
  }

  @Test
  void aPipelineGoesOnFromItsSnapshotWithTheInstancesThatRun() throws IOException {
    var entity = entity();
    entity.initialize((State) read("running", "st"));
    assertThat(get(entity)).isEqualTo(new PipelineEntity.Runs(PIPELINE));
    assertGoesOn(entity);
  }

  @Test
  void theVersionOfAPipelineThatWasDroppedIsNotUsedAgain() throws IOException {
    var entity = entity();
    entity.initialize((State) read("gone", "st"));
    assertThat(get(entity)).isEqualTo(new PipelineEntity.Absent());
    assertThat(submit(entity, PIPELINE.spec()))
        .isEqualTo(new PipelineEntity.Created(new DesiredPipeline(11, PIPELINE.spec())));

    entity.initialize((Event) read("wanted", "ew"), (Event) read("dropped", "ed"));
    assertThat(get(entity)).isEqualTo(new PipelineEntity.Absent());
    assertThat(submit(entity, PIPELINE.spec()))
        .isEqualTo(new PipelineEntity.Created(new DesiredPipeline(LATE + 1, PIPELINE.spec())));
  }

  private static void assertGoesOn(EventSourcedBehaviorTestKit<Command, Event, State> entity) {
    var was = PIPELINE.spec();
    var changed =
        new PipelineSpec(
            was.name(),
            was.sources(),
            was.stages(),
            new PolicySpec("fixed", Map.of()),
            was.objective(),
            was.delivery());
    assertThat(submit(entity, changed))
        .isEqualTo(new PipelineEntity.Replaced(new DesiredPipeline(10, 6, changed)));
  }

  private void assertSame(String name, String manifest, Wire meant) throws IOException {
    assertThat(read(name, manifest)).isEqualTo(meant);
    assertThat(serializer.manifest(meant)).isEqualTo(manifest);
    assertThat(HexFormat.of().formatHex(serializer.toBinary(meant)))
        .isEqualTo(recorded().getProperty(name));
  }

  private Object read(String name, String manifest) throws IOException {
    return serializer.fromBinary(HexFormat.of().parseHex(recorded().getProperty(name)), manifest);
  }

  private static Properties recorded() throws IOException {
    var recorded = new Properties();
    try (var in =
        RecordedPipelineTest.class.getResourceAsStream("release-0.1/pipelines.properties")) {
      recorded.load(in);
    }
    return recorded;
  }

  private EventSourcedBehaviorTestKit<Command, Event, State> entity() {
    var shard = kit.<ClusterSharding.ShardCommand>createTestProbe();
    var gossip = kit.<Gossip.Command>createTestProbe();
    return EventSourcedBehaviorTestKit.create(
        kit.system(),
        PipelineEntity.create(
            "crossing", shard.getRef(), gossip.getRef(), SideSources.NONE, Clock.systemUTC()));
  }

  private static Answer get(EventSourcedBehaviorTestKit<Command, Event, State> entity) {
    return entity
        .<Answer>runCommand((ActorRef<Answer> replyTo) -> new PipelineEntity.Get(replyTo))
        .reply();
  }

  private static Answer submit(
      EventSourcedBehaviorTestKit<Command, Event, State> entity, PipelineSpec spec) {
    return entity
        .<Answer>runCommand(
            (ActorRef<Answer> replyTo) ->
                new PipelineEntity.Submit(spec, true, false, Optional.empty(), Set.of(), replyTo))
        .reply();
  }

  private static PipelineSpec spec() {
    // Of an object within the parameters the order is not fixed.
    var area = Map.<String, Object>of("name", "Straße");
    return new PipelineSpec(
        "crossing",
        List.of(
            new SourceSpec(
                "cam-0",
                URI.create("http://127.0.0.1:8000/cam-0.mjpeg?a=b"),
                Optional.of("edge-1"),
                Optional.of(Shed.OLDEST),
                new TreeMap<>(Map.of("fps", List.of(5.0, 10.0), "height", List.of(360.0)))),
            new SourceSpec(
                "meter",
                URI.create("mqtt://broker/plant/meter"),
                Optional.of("edge-2"),
                Optional.empty(),
                new TreeMap<>())),
        List.of(
            new StageSpec(
                "detect",
                "object-detection",
                List.of(),
                Map.of(
                    "labels",
                    List.of("person", "car"),
                    "least",
                    0.5,
                    "every",
                    3L,
                    "boxes",
                    true,
                    "area",
                    area)),
            new StageSpec("track", "box-tracker", List.of("detect"), Map.of()),
            new StageSpec("count", "count-by-label", List.of("track", "detect"), Map.of())),
        new PolicySpec("hierarchical", Map.of("seed", 7L, "explore", 0.1)),
        new Objective(Duration.ofMillis(250), 99.5),
        new Delivery(Offline.SPOOL, 0.5));
  }
}
