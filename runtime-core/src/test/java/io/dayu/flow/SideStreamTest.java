package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.dayu.deliver.Uplink;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Outputs;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.SideVersions;
import io.dayu.facts.View;
import io.dayu.link.FlowKit;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.SideSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.side.SideValues;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.Behavior;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Values of side inputs change while elements flow through a node. */
final class SideStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final StreamName STREAM = StreamName.parse("one/in");

  /** Puts out the side input that it sees. */
  private static final StageProvider SEEING =
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
              List.of(),
              1,
              0);
        }

        @Override
        public Behavior<StageCommand> create(StageContext context) {
          return Stages.sync(
              element ->
                  Stages.output(
                      Media.newBuilder()
                          .setOpaque(context.side().get(element, "limits").json())
                          .build()));
        }
      };

  @TempDir private Path dir;
  private final AtomicLong limit = new AtomicLong(20);
  private final Map<String, ByteString> cloud = new ConcurrentHashMap<>(); // by digest
  private ActorTestKit kit;
  private TestNode node;
  private SideVersions versions = SideVersions.NONE;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
    begin();
  }

  private void begin() {
    node =
        new TestNode(
            kit,
            "edge-1",
            Role.CLOUD,
            dir,
            List.of(TestNode.numbers("numbers", 1_000, limit)),
            List.of(SEEING),
            memory -> memory);
  }

  /** The cloud has this value from now on; the node can fetch it. */
  private void had(String json) {
    var bytes = ByteString.copyFromUtf8(json);
    cloud.put(SideValues.digest(bytes), bytes);
    node.sides =
        (digest, offset) -> {
          var value = cloud.get(digest);
          return CompletableFuture.completedStage(
              new Uplink.SidePart(
                  value.size(), value.substring(offset, Math.min(value.size(), offset + 3))));
        };
  }

  private void changed(String json) {
    var bytes = ByteString.copyFromUtf8(json);
    versions =
        versions.next(
            List.of(
                new SideVersions.Change(
                    "limits", versions.latest() + 1, SideValues.digest(bytes), bytes.size())),
            Map.of());
    tell();
  }

  private void tell() {
    var plain = node.pipeline("one", "numbers:all", "seeing");
    var spec =
        new PipelineSpec(
            plain.name(),
            plain.sources(),
            List.of(
                new StageSpec(
                    "copy",
                    "seeing",
                    List.of(),
                    new TreeMap<>(),
                    Map.of(),
                    Optional.empty(),
                    List.of("limits"))),
            plain.policy(),
            plain.objective(),
            plain.delivery(),
            List.of(new SideSpec("limits", Optional.of(1), Optional.empty())));
    await().atMost(SOON).until(() -> !node.reports.isEmpty());
    var view = TestNode.view(node, spec);
    var pipelines = new TreeMap<>(view.pipelines());
    pipelines.computeIfPresent("one", (name, pipeline) -> pipeline.with(versions));
    node.controller.tell(
        new Controller.Viewed(new View(view.nodes(), view.decisions(), pipelines)));
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

  @Test
  void elementsWaitForTheFirstVersionAndLaterOnesSeeLaterOnes() {
    changed("[1, 2]");
    await()
        .atMost(SOON)
        .until(
            () ->
                node.stream(STREAM)
                    .flatMap(stream -> stream.problem())
                    .filter(problem -> problem.contains("limits"))
                    .isPresent());
    assertThat(results()).isEmpty();
    had("[1, 2]");
    await().atMost(SOON).until(() -> results().size() == 20);
    had("[1, 2, 3]");
    changed("[1, 2, 3]");
    await()
        .atMost(SOON)
        .until(
            () -> {
              limit.addAndGet(10);
              return results().stream().anyMatch(result -> result.getSide() == 2);
            });
    await().atMost(SOON).until(() -> results().size() == limit.get());
    assertThat(results())
        .allSatisfy(
            result ->
                assertThat(seen(result)).isEqualTo(result.getSide() == 1 ? "[1, 2]" : "[1, 2, 3]"));
    var ledger = node.stream(STREAM).orElseThrow().ledger();
    assertThat(ledger.failed()).isZero();
  }

  @Test
  void aNodeThatIsCutOffAndStartedAnewGoesOnWithItsLastVersion() {
    had("7");
    changed("7");
    await().atMost(SOON).until(() -> results().size() == 20);
    node.close();
    begin(); // it knows the pipeline and can fetch nothing
    limit.set(30);
    await().atMost(SOON).until(() -> !results().isEmpty());
    assertThat(results()).allSatisfy(result -> assertThat(seen(result)).isEqualTo("7"));
    assertThat(results()).allSatisfy(result -> assertThat(result.getSide()).isEqualTo(1));
  }
}
