package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dayu.facts.Decision;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.View;
import io.dayu.link.FlowKit;
import io.dayu.node.LastRun;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.RunState;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plans;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the scheduler and people wait for is reported when it happens, not when a second is over.
 */
final class ReportStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final StreamName STREAM = StreamName.parse("one/in");

  @TempDir Path dir;
  private ActorTestKit kit;
  private TestNode node;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
    node =
        new TestNode(
            kit,
            "edge-1",
            Role.CLOUD,
            dir,
            List.of(TestNode.numbers("numbers", true, 1_000_000, 20)),
            List.of(Plans.READER),
            memory -> memory,
            Duration.ofHours(1),
            "");
  }

  @AfterEach
  void stop() {
    node.close();
    kit.shutdownTestKit();
  }

  @Test
  void aStageThatRunsAndADecisionThatIsFollowedAreReportedAtOnce() {
    var first = TestNode.view(node, node.pipeline("one", "numbers:x", "reader"));
    node.controller.tell(new Controller.Viewed(first));
    await().atMost(SOON).until(() -> follows(1));
    await().atMost(SOON).until(this::stageRuns);
    node.controller.tell(new Controller.Viewed(decided(first, 2)));
    await().atMost(SOON).until(() -> follows(2));
    assertThat(node.reports).as("what changes together is told together").hasSizeLessThan(10);
  }

  @Test
  void aPauseAndTheFirstResultAfterItAreReportedAtOnce() {
    var first = TestNode.view(node, node.pipeline("one", "numbers:x", "reader"));
    node.controller.tell(new Controller.Viewed(first));
    await().atMost(SOON).until(() -> is(StreamState.RUNNING) && delivered() > 0);
    var paused = turned(first, RunState.PAUSED);
    node.controller.tell(new Controller.Viewed(paused));
    await().atMost(SOON).until(() -> is(StreamState.PAUSED) && stream().ledger().inFlight() == 0);
    long before = delivered();
    node.controller.tell(new Controller.Viewed(turned(paused, RunState.RUNNING)));
    await().atMost(SOON).until(() -> is(StreamState.RUNNING) && delivered() > before);
    assertThat(node.reports).as("not one for each element").hasSizeLessThan(20);
  }

  @Test
  void aServiceThatIsAwayOrBackIsReportedAtOnce() {
    await().atMost(SOON).until(() -> !node.reports.isEmpty());
    int before = node.reports.size();
    for (int i = 0; i < 100; i++) node.controller.tell(Controller.ServicesChanged.INSTANCE);
    await().atMost(SOON).until(() -> node.reports.size() > before);
    assertThat(node.reports).as("what changes together is told together").hasSizeLessThan(10);
  }

  private StreamReport stream() {
    return node.stream(STREAM).orElseThrow();
  }

  private boolean is(StreamState state) {
    return node.stream(STREAM).filter(r -> r.state() == state).isPresent();
  }

  private long delivered() {
    return stream().ledger().delivered();
  }

  private static View turned(View view, RunState state) {
    var pipelines = new TreeMap<>(view.pipelines());
    pipelines.replaceAll((name, pipeline) -> pipeline.turned(state));
    return new View(view.nodes(), view.decisions(), pipelines);
  }

  @Test
  void everyPartOfTheMemoryAndTheDiskTellsWhatItHasAndMayHave() {
    try (var often =
        new TestNode(
            kit,
            "edge-2",
            Role.CLOUD,
            dir.resolve("edge-2"),
            List.of(TestNode.numbers("numbers", true, 1_000_000, 1_000)),
            List.of(Plans.READER),
            memory -> memory,
            Duration.ofMillis(20),
            "")) {
      await().atMost(SOON).until(() -> !often.reports.isEmpty());
      var budgets = often.reports.get(0).budgets();
      assertThat(budgets)
          .extracting(NodeReport.Budget::part)
          .containsExactly(
              "windows", "large-elements", "connections", "sources", "stages", "outbox", "failed");
      assertThat(budgets)
          .allSatisfy(b -> assertThat(b.limit()).isPositive())
          .allSatisfy(b -> assertThat(b.used()).isZero());
      often.beforeStore =
          () -> {
            throw new IllegalStateException("the store is away");
          };
      var pipeline = often.pipeline("one", "numbers:x", "reader");
      often.controller.tell(new Controller.Viewed(TestNode.view(often, pipeline)));
      await().atMost(SOON).until(() -> sources(often) > 0);
    }
  }

  private static long sources(TestNode node) {
    return node.reports.get(node.reports.size() - 1).budgets().stream()
        .filter(b -> b.part().equals("sources"))
        .mapToLong(NodeReport.Budget::used)
        .sum();
  }

  @Test
  void aNodeThatDiedReportsIt() throws IOException {
    var unused = LastRun.begin(Files.createDirectory(dir.resolve("edge-2")), Clock.systemUTC());
    try (var again =
        new TestNode(
            kit,
            "edge-2",
            Role.EDGE,
            dir.resolve("edge-2"),
            List.of(),
            List.of(),
            memory -> memory,
            Duration.ofMillis(20),
            "")) {
      await().atMost(SOON).until(() -> !again.reports.isEmpty());
      assertThat(again.reports.get(0).problem().orElseThrow())
          .contains("died", "number 1 in a row", "not stopped");
    }
    assertThat(node.reports).allSatisfy(report -> assertThat(report.problem()).isEmpty());
  }

  @Test
  void aSamplerThatHangsIsNotAskedAgainMeanwhile() {
    var asked = new AtomicInteger();
    var goesOn = new CountDownLatch(1);
    try (var hanging =
        new TestNode(
            kit,
            "edge-2",
            Role.EDGE,
            dir.resolve("edge-2"),
            List.of(),
            List.of(),
            memory -> memory,
            Duration.ofMillis(20),
            "")) {
      await().atMost(SOON).until(() -> !hanging.reports.isEmpty());
      var samples = hanging.sampler;
      hanging.sampler =
          () -> {
            asked.incrementAndGet();
            awaitEnd(goesOn);
            return samples.get();
          };
      await().atMost(SOON).until(() -> asked.get() > 0);
      await().atMost(SOON).during(Duration.ofMillis(300)).until(() -> asked.get() == 1);
      int before = hanging.reports.size();
      goesOn.countDown();
      await().atMost(SOON).until(() -> hanging.reports.size() > before + 2);
    } finally {
      goesOn.countDown();
    }
  }

  @Test
  void aStageThatRunsForAnotherNodesStreamIsReportedAtOnce() {
    var spec = node.pipeline("one", "numbers:x", "reader");
    var elsewhere =
        new SourceSpec(
            "in",
            URI.create("numbers:x"),
            Optional.of("edge-9"),
            Optional.empty(),
            new TreeMap<>());
    var pipeline =
        new PipelineSpec(
            spec.name(),
            List.of(elsewhere),
            spec.stages(),
            spec.policy(),
            spec.objective(),
            spec.delivery());
    node.controller.tell(new Controller.Viewed(TestNode.view(node, pipeline)));
    await().atMost(SOON).until(this::stageRuns);
    assertThat(node.stream(STREAM)).isEmpty();
  }

  private boolean stageRuns() {
    return node.stage().map(StageReport::state).filter(StageState.RUNNING::equals).isPresent();
  }

  private boolean follows(long decision) {
    return node.stream(STREAM).filter(r -> r.decision() == decision).isPresent();
  }

  private static View decided(View view, long version) {
    var old = view.decisions().get(STREAM);
    var decisions = new TreeMap<>(view.decisions());
    decisions.put(
        STREAM,
        new Decision(
            STREAM, version, old.at(), old.route(), old.warm(), old.knobs(), old.reason()));
    return new View(view.nodes(), decisions, view.pipelines());
  }

  private static void awaitEnd(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
