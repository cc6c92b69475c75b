package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.dayu.deliver.OutboxSettings;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.OutboxStore.Kind;
import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.facts.Decision;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.View;
import io.dayu.generate.Progress;
import io.dayu.generate.SourceSpan;
import io.dayu.generate.StreamStore;
import io.dayu.link.FlowKit;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.Shed;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Paths;
import io.dayu.process.Plans;
import io.dayu.source.Knobs;
import io.dayu.source.SourceProvider;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.zip.ZipInputStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node of today goes on with the data directory of one of release 0.1 that was killed while it
 * was cut off from the cloud. The directory is {@code release-0.1/edge-1.zip}; the README there
 * tells what had happened. The number {@code n} of a source became the element {@code n + 1}.
 */
final class RecordedNodeStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  /** The first number that the killed node had not reserved. */
  private static final long UNUSED = 20_001;

  private static final List<String> STREAMS =
      List.of("camera/in", "readings/in", "spooled/in", "watch/in");

  @TempDir Path dir;
  private Path edge;

  @BeforeEach
  void unpack() throws IOException {
    edge = Files.createDirectory(dir.resolve("edge-1"));
    Files.createDirectory(edge.resolve("cuts"));
    var recorded = RecordedNodeStreamTest.class.getResourceAsStream("release-0.1/edge-1.zip");
    try (var zip = new ZipInputStream(Objects.requireNonNull(recorded))) {
      for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry())
        Files.copy(zip, edge.resolve(entry.getName()));
    }
  }

  @Test
  void pipelinesDecisionsAndPeersAreKnown() {
    var known = known();
    assertThat(known.pipelines())
        .isEqualTo(
            Map.of(
                "readings",
                new DesiredPipeline(
                    1, spec("readings", "numbers:readings", Optional.empty(), Offline.LOCAL)),
                "spooled",
                new DesiredPipeline(
                    1, spec("spooled", "numbers:spooled", Optional.of(Shed.NONE), Offline.SPOOL)),
                "camera",
                new DesiredPipeline(3, 2, camera()),
                "watch",
                new DesiredPipeline(
                    1, spec("watch", "camera:south", Optional.of(Shed.NEWEST), Offline.SHED))));
    assertThat(known.decisions())
        .isEqualTo(
            Map.of(
                name("readings/in"),
                decision("readings/in", Map.of("copy", share("edge-1", 2)), Map.of(), Knobs.NONE),
                name("spooled/in"),
                decision("spooled/in", Map.of("copy", share("cloud-1", 2)), Map.of(), Knobs.NONE),
                name("camera/in"),
                decision(
                    "camera/in",
                    Map.of("copy", share("edge-1", 2), "count", share("edge-1", 1)),
                    Map.of("count", List.of("cloud-1")),
                    new Knobs(Map.of("fps", 10.0))),
                name("watch/in"),
                decision("watch/in", Map.of("copy", share("edge-1", 2)), Map.of(), Knobs.NONE)));
    assertThat(known.nodes().values().stream().map(seen -> seen.report().self()))
        .containsExactly(
            new NodeReport.Self("cloud-1", Role.CLOUD, "here", "127.0.0.1", 1),
            new NodeReport.Self("edge-1", Role.EDGE, "here", "127.0.0.1", 1),
            new NodeReport.Self("edge-2", Role.EDGE, "north", "192.0.2.7", 25_530));
  }

  @Test
  void progressAndCutsAreAsTheyWere() {
    try (var store = StreamStore.open(edge)) {
      // Of 61 to 72 and 16 to 20 nothing but the cuts is left, and of the last ones nothing more.
      assertStream(
          store,
          "readings/in",
          new Progress("numbers:readings", UNUSED, 60, 61, 69, 39, 1, 0, 68, range(41, 68)),
          spans(61, 72));
      assertStream(
          store,
          "spooled/in",
          new Progress("numbers:spooled", UNUSED, 20, 21, 21, 10, 0, 0, 20, range(11, 20)),
          List.of());
      assertStream(
          store,
          "camera/in",
          new Progress("camera:north", UNUSED, 15, 16, 19, 10, 0, 0, 18, range(11, 18)),
          spans(16, 20));
      assertStream(
          store,
          "watch/in",
          new Progress("camera:south", UNUSED, 7, 8, 8, 2, 0, 5, 7, new Ranges()),
          List.of());
    }
  }

  @Test
  void resultsAndElementsWaitInTheOutbox() {
    var settings = OutboxSettings.from(ConfigFactory.load().getConfig("dayu.outbox"));
    try (var store = OutboxStore.open(edge, settings)) {
      var readings = read(store, Kind.RESULT, "readings/in");
      assertThat(readings).hasSize(20);
      for (int i = 0; i < 20; i++) {
        var element = element("readings/in", 41 + i).setAttempt(1).setDecision(4);
        element.addAllPath(Paths.steps(Map.of("copy", "edge-1")));
        if (i == 3) element.setEnding(failed("number 43 cannot be copied"));
        else element.addOutputs(Outputs.of("copy", media(40 + i)));
        assertThat(timeless(readings.get(i))).isEqualTo(element.build());
      }
      var camera = read(store, Kind.RESULT, "camera/in");
      assertThat(camera).hasSize(5);
      for (int i = 0; i < 5; i++) {
        var element = element("camera/in", 11 + i).setAttempt(1).setDecision(4);
        element.addAllPath(Paths.steps(Map.of("count", "edge-1")));
        element.addAllPath(Paths.steps(Map.of("copy", "edge-1")));
        element.setKeep(true).setPayload(media(10 + i));
        element
            .addOutputs(Outputs.of("copy", media(10 + i)))
            .addOutputs(Outputs.of("count", media(10 + i)));
        assertThat(timeless(camera.get(i))).isEqualTo(element.build());
      }
      for (var result : camera)
        assertThat(result.getTraceList().stream().map(hop -> hop.getStage() + hop.getNode()))
            .containsExactly("copyedge-1", "countedge-1");
      var spooled = read(store, Kind.ELEMENT, "spooled/in");
      assertThat(spooled).hasSize(10);
      for (int i = 0; i < 10; i++)
        assertThat(timeless(spooled.get(i)))
            .isEqualTo(element("spooled/in", 11 + i).setPayload(media(10 + i)).build());
      assertThat(store.backlog(Kind.RESULT))
          .isEqualTo(Map.of(name("readings/in"), 20L, name("camera/in"), 5L));
      assertThat(store.backlog(Kind.ELEMENT)).isEqualTo(Map.of(name("spooled/in"), 10L));
    }
  }

  @Test
  void whatWaitedIsHandedOverUnderTheSameNumbersAndTheLedgerBalances() throws IOException {
    var known = known();
    var kit = FlowKit.start();
    try (var cloud = node(kit, "cloud-1", Role.CLOUD, Files.createDirectory(dir.resolve("cloud")));
        var node = node(kit, "edge-1", Role.EDGE, edge)) {
      cloud.generating = node.controller;
      // What runs it knows from the directory alone.
      await().atMost(SOON).until(() -> STREAMS.stream().allMatch(s -> stream(node, s).isPresent()));
      await().atMost(SOON).until(() -> !cloud.reports.isEmpty());
      assertThat(cloud.stored).isEmpty();
      var there = Map.of("cloud-1", new View.Seen(cloud.reports.get(0), Instant.EPOCH));
      cloud.controller.tell(
          new Controller.Viewed(new View(there, known.decisions(), known.pipelines())));
      node.controller.tell(new Controller.Viewed(new View(there, Map.of(), Map.of())));

      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(STREAMS.stream().map(s -> ledger(node, s)))
                      .containsExactly(
                          new Ledger(20, 15, 5, 0, 0),
                          new Ledger(100, 98, 2, 0, 0),
                          new Ledger(100, 100, 0, 0, 0),
                          new Ledger(7, 2, 0, 5, 0)));
      await().atMost(SOON).until(() -> node.backlog().isEmpty());
      assertStored(cloud, "readings/in", 41, 72);
      assertThat(cloud.stored.get(name("readings/in")).get(44L).getEnding())
          .isEqualTo(failed("number 43 cannot be copied"));
      assertStored(cloud, "spooled/in", 11, 20);
      assertThat(cloud.stored.get(name("camera/in")).keySet())
          .isEqualTo(numbers(LongStream.rangeClosed(11, 20)));
      cloud
          .stored
          .get(name("camera/in"))
          .forEach(
              (seq, element) -> {
                // A camera cannot be read again.
                assertThat(element.hasEnding()).as("%d", seq).isEqualTo(seq >= 16);
                if (seq >= 16)
                  assertThat(element.getEnding().getReason()).contains("its node ended");
                else assertThat(Outputs.get(element, "count")).isEqualTo(media(seq - 1));
              });
      assertThat(cloud.stored.keySet())
          .containsExactlyElementsOf(
              new TreeSet<>(STREAMS.subList(0, 3))
                  .stream().map(RecordedNodeStreamTest::name).toList());
    } finally {
      kit.shutdownTestKit();
    }
  }

  /** Of a source of 100 numbers: what had waited or was under way as it was, then what is new. */
  private static void assertStored(TestNode cloud, String stream, long first, long last) {
    var results = cloud.stored.get(name(stream));
    assertThat(results.keySet())
        .isEqualTo(
            numbers(
                LongStream.concat(
                    LongStream.rangeClosed(first, last),
                    LongStream.range(UNUSED, UNUSED + 100 - last))));
    results.forEach(
        (seq, element) -> {
          long number = seq < UNUSED ? seq - 1 : last + seq - UNUSED;
          if (!element.hasEnding())
            assertThat(Outputs.get(element, "copy")).as("%d", seq).isEqualTo(media(number));
        });
    assertThat(results.values().stream().filter(Element::hasEnding).count())
        .isEqualTo(stream.equals("readings/in") ? 1 : 0);
  }

  private View known() {
    try (var known = LastKnown.open(edge, ForkJoinPool.commonPool())) {
      return known.view();
    }
  }

  private static TestNode node(ActorTestKit kit, String name, Role role, Path dir) {
    List<SourceProvider> sources =
        List.of(
            TestNode.numbers("numbers", true, 100, 5_000),
            TestNode.source("camera", false, context -> Source.never()));
    return new TestNode(
        kit,
        name,
        role,
        dir,
        sources,
        List.of(Plans.READER, Plans.COUNTER),
        memory -> memory,
        Duration.ofMillis(50),
        // What goes to where the cloud was before is soon sent again.
        "outbox { retry = 500ms }");
  }

  private static StreamName name(String stream) {
    return StreamName.parse(stream);
  }

  private static Optional<StreamReport> stream(TestNode node, String stream) {
    return node.stream(name(stream));
  }

  private static Ledger ledger(TestNode node, String stream) {
    return stream(node, stream).map(StreamReport::ledger).orElse(Ledger.EMPTY);
  }

  private static PipelineSpec spec(String name, String uri, Optional<Shed> shed, Offline offline) {
    return new PipelineSpec(
        name,
        List.of(source(uri, shed, Map.of())),
        List.of(new StageSpec("copy", "reader", List.of(), Map.of())),
        new PolicySpec("fixed", Map.of("copy", "edge-1")),
        new Objective(Duration.ofMillis(300), 90),
        new Delivery(offline, 0));
  }

  private static PipelineSpec camera() {
    var like = spec("camera", "camera:north", Optional.of(Shed.OLDEST), Offline.LOCAL);
    Map<String, Object> params =
        Map.of("labels", List.of("person", "car"), "every", 3L, "least", 0.5);
    return new PipelineSpec(
        like.name(),
        List.of(
            source(
                "camera:north", Optional.of(Shed.OLDEST), Map.of("fps", List.of(5.0, 10.0, 15.0)))),
        List.of(like.stages().get(0), new StageSpec("count", "counter", List.of("copy"), params)),
        like.policy(),
        like.objective(),
        new Delivery(Offline.LOCAL, 1_000));
  }

  private static SourceSpec source(
      String uri, Optional<Shed> shed, Map<String, List<Double>> knobs) {
    return new SourceSpec("in", URI.create(uri), Optional.of("edge-1"), shed, new TreeMap<>(knobs));
  }

  private static Decision decision(
      String stream,
      Map<String, List<Decision.Share>> route,
      Map<String, List<String>> warm,
      Knobs knobs) {
    return new Decision(
        name(stream),
        4,
        Instant.ofEpochMilli(1_700_000_000_000L),
        new TreeMap<>(route),
        new TreeMap<>(warm),
        knobs,
        "recorded");
  }

  private static List<Decision.Share> share(String node, int weight) {
    return List.of(new Decision.Share(node, weight));
  }

  /**
   * @param underWay what is known of elements that were, but for the time
   */
  private static void assertStream(
      StreamStore store, String stream, Progress progress, List<SourceSpan> underWay) {
    var recalled = store.of(name(stream)).recall().toCompletableFuture().join();
    assertThat(recalled.progress()).contains(progress);
    var cuts = recalled.spans().tailMap(progress.firstReplayed()).values();
    assertThat(cuts).allMatch(cut -> cut.createdAtMs() > 1_700_000_000_000L);
    assertThat(
            cuts.stream().map(cut -> new SourceSpan(cut.seq(), cut.from(), cut.to(), 0)).toList())
        .isEqualTo(underWay);
  }

  private static List<SourceSpan> spans(long first, long last) {
    return LongStream.rangeClosed(first, last)
        .mapToObj(seq -> new SourceSpan(seq, seq - 1, seq, 0))
        .toList();
  }

  private static Ranges range(long first, long last) {
    return Ranges.of(LongStream.rangeClosed(first, last).toArray());
  }

  private static TreeSet<Long> numbers(LongStream numbers) {
    return numbers.boxed().collect(Collectors.toCollection(TreeSet::new));
  }

  private static List<Element> read(OutboxStore store, Kind kind, String stream) {
    return store.read(kind, name(stream), 0, 100, Long.MAX_VALUE).toCompletableFuture().join();
  }

  /** The element without what its node measured. */
  private static Element timeless(Element element) {
    assertThat(element.getCreatedAtMs()).isGreaterThan(1_700_000_000_000L);
    return element.toBuilder().clearCreatedAtMs().clearElapsedUs().clearTrace().build();
  }

  private static Element.Builder element(String stream, long seq) {
    return Element.newBuilder().setStream(stream).setSeq(seq).setOrigin("edge-1");
  }

  private static Media media(long number) {
    return TestNode.segment(number).payload();
  }

  private static Ending failed(String reason) {
    return Ending.newBuilder()
        .setKind(Ending.Kind.FAILED)
        .setStage("copy")
        .setReason(reason)
        .build();
  }
}
