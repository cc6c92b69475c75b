package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.dayu.deliver.Uplink;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Outputs;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.SideVersions;
import io.dayu.facts.View;
import io.dayu.link.FlowKit;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.RunState;
import io.dayu.pipeline.StreamName;
import io.dayu.side.SideValues;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.Behavior;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dynamic parameters of a stage in Java change while elements flow through a node. */
final class DynamicParamsStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final StreamName STREAM = StreamName.parse("one/in");

  private final AtomicInteger instances = new AtomicInteger();

  /** Puts out its parameters {@code limit} and {@code fixed} as it sees them for the element. */
  private final StageProvider seeing =
      new StageProvider() {
        @Override
        public StageDescriptor descriptor() {
          return new StageDescriptor(
              "seeing",
              "1",
              "",
              Set.of(MediaType.OPAQUE),
              Set.of(),
              MediaType.OPAQUE,
              List.of(
                  Parameter.optional("limit", Parameter.Type.NUMBER, 30, "").perElement(),
                  Parameter.optional("fixed", Parameter.Type.NUMBER, 1, "")),
              1,
              0);
        }

        @Override
        public Behavior<StageCommand> create(StageContext context) {
          instances.incrementAndGet();
          return Stages.sync(
              element -> {
                var params = context.params(element);
                var seen = "%s of %s".formatted(params.integer("limit"), params.integer("fixed"));
                return Stages.output(
                    Media.newBuilder().setOpaque(ByteString.copyFromUtf8(seen)).build());
              });
        }
      };

  @TempDir private Path dir;
  private final AtomicLong limit = new AtomicLong(20);
  private final Map<String, ByteString> cloud = new ConcurrentHashMap<>(); // by digest
  private ActorTestKit kit;
  private TestNode node;
  private SideVersions versions = SideVersions.NONE;
  private Optional<DesiredPipeline> pipeline = Optional.empty();

  @BeforeEach
  void start() {
    kit = FlowKit.start();
    node =
        new TestNode(
            kit,
            "edge-1",
            Role.CLOUD,
            dir,
            List.of(TestNode.numbers("numbers", 100_000, limit)),
            List.of(seeing),
            memory -> memory);
    node.sides =
        (digest, offset) -> {
          var value = cloud.get(digest);
          return CompletableFuture.completedStage(
              new Uplink.SidePart(value.size(), value.substring(offset)));
        };
  }

  /** The pipeline says this from now on. */
  private void submitted(int limit, int fixed) {
    var plain = node.pipeline("one", "numbers:all", "seeing");
    var stage =
        new StageSpec(
            "copy",
            "seeing",
            List.of(),
            new TreeMap<>(),
            Map.of("limit", limit, "fixed", fixed),
            Optional.empty(),
            List.of(),
            new TreeSet<>(Set.of("limit")));
    var spec =
        new PipelineSpec(
            plain.name(),
            plain.sources(),
            List.of(stage),
            plain.policy(),
            plain.objective(),
            plain.delivery());
    var json = SideValues.write(stage.dynamicParams());
    cloud.put(SideValues.digest(json), json);
    versions =
        versions.next(
            List.of(
                new SideVersions.Change(
                    stage.dynamicName(),
                    versions.latest() + 1,
                    SideValues.digest(json),
                    json.size())),
            Map.of());
    var next =
        pipeline
            .map(p -> p.changed(spec, false))
            .orElseGet(() -> new DesiredPipeline(1, 1, spec, false, RunState.RUNNING))
            .with(versions);
    pipeline = Optional.of(next);
    await().atMost(SOON).until(() -> !node.reports.isEmpty());
    var view = TestNode.view(node, spec);
    node.controller.tell(
        new Controller.Viewed(
            new View(view.nodes(), view.decisions(), new TreeMap<>(Map.of("one", next)))));
  }

  @AfterEach
  void stop() {
    node.close();
    kit.shutdownTestKit();
  }

  private Collection<Element> results() {
    return node.stored.getOrDefault(STREAM, new ConcurrentSkipListMap<>()).values();
  }

  private static String seen(Element result) {
    return Outputs.get(result, "copy").getOpaque().toStringUtf8();
  }

  private void awaitVersion(long version) {
    await()
        .atMost(SOON)
        .until(
            () -> {
              limit.addAndGet(10);
              return results().stream().anyMatch(result -> result.getSide() == version);
            });
  }

  @Test
  void theInstanceGoesOnAndEachElementSeesTheValueOfItsVersion() {
    submitted(7, 1);
    awaitVersion(1);
    submitted(8, 1);
    awaitVersion(2);
    submitted(9, 1);
    awaitVersion(3);
    await().atMost(SOON).until(() -> results().size() == limit.get());
    assertThat(results())
        .allSatisfy(result -> assertThat(seen(result)).isEqualTo(6 + result.getSide() + " of 1"));
    assertThat(instances).hasValue(1);
    var ledger = node.stream(STREAM).orElseThrow().ledger();
    assertThat(ledger.failed()).isZero();
    assertThat(ledger.shed()).isZero();
  }

  /** The new instance never works with what was meant for the one before it, nor the other way. */
  @Test
  void aFixedParameterThatChangesTogetherWithADynamicOneIsNeverSeenWithItsEarlierValue() {
    submitted(7, 1);
    awaitVersion(1);
    submitted(8, 2);
    awaitVersion(2);
    await().atMost(SOON).until(() -> results().size() == limit.get());
    assertThat(results())
        .allSatisfy(
            result ->
                assertThat(seen(result)).isEqualTo(result.getSide() == 1 ? "7 of 1" : "8 of 2"));
    assertThat(instances).hasValue(2);
  }
}
