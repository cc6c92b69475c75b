package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import io.dayu.link.FlowKit;
import io.dayu.node.LastRun;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plans;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node runs of what it kept, when its last run died soon after its start. */
final class CloudFirstStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final StreamName KILLER = StreamName.parse("killer/in");
  private static final StreamName OTHER = StreamName.parse("other/in");

  private static final Duration ALL = TestNode.ASK_CLOUD.multipliedBy(CloudFirst.TIMES);

  @TempDir Path dir;
  private ActorTestKit kit;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void aPipelineThatWasDeletedWhileTheNodeWasDeadIsNotRunAgain() {
    keepTwoAndDie();
    try (var node = node()) {
      var cloud = twoOn(node);
      var wanted = new TreeMap<>(cloud.pipelines());
      long version = wanted.remove("killer").version();
      node.controller.tell(
          new Controller.Viewed(
              new View(
                  cloud.nodes(),
                  cloud.decisions(),
                  wanted,
                  new TreeMap<>(Map.of("killer", version)))));
      // Those that the cloud wants do not wait until the time is over.
      await().atMost(ALL.minusSeconds(1)).until(() -> !node.numbersStored(OTHER).isEmpty());
      await().atMost(SOON).until(() -> node.numbersStored(OTHER).size() > 500);
      assertThat(node.numbersStored(KILLER)).isEmpty();
      assertThat(node.reports)
          .allSatisfy(
              report ->
                  assertThat(report.streams()).noneMatch(stream -> stream.stream().equals(KILLER)));
    }
  }

  @Test
  void whatTheCloudDoesNotSpeakOfRunsAfterAWhile() {
    keepTwoAndDie();
    long began = System.nanoTime();
    try (var node = node()) {
      await().atMost(SOON).until(() -> node.stream(KILLER).isPresent());
      assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(ALL.minusMillis(100).toNanos());
      await().atMost(SOON).until(() -> !node.numbersStored(OTHER).isEmpty());
    }
  }

  @Test
  void aNodeThatNoCloudNodeAnswersWaitsNoLonger() {
    var first = new CloudFirst(Set.of("killer", "other"));
    assertThat(first.passed(false)).isEmpty();
    assertThat(first.waiting()).containsExactlyInAnyOrder("killer", "other");
    assertThat(first.passed(true)).containsExactlyInAnyOrder("killer", "other");
    assertThat(first.waiting()).isEmpty();
  }

  @Test
  void aNodeThatWasStoppedAsksNobody() {
    keepTwoAndDie();
    LastRun.begin(dir, Clock.systemUTC()).stopped();
    try (var node = node()) {
      await().atMost(ALL.minusSeconds(1)).until(() -> node.stream(KILLER).isPresent());
    }
  }

  private void keepTwoAndDie() {
    try (var node = node()) {
      node.controller.tell(new Controller.Viewed(twoOn(node)));
      await().atMost(SOON).until(() -> node.stream(KILLER).isPresent());
    }
    var unused = LastRun.begin(dir, Clock.systemUTC()); // which is not stopped
  }

  private static View twoOn(TestNode node) {
    return TestNode.view(
        node,
        node.pipeline("killer", "numbers:x", "reader"),
        node.pipeline("other", "numbers:x", "reader"));
  }

  private TestNode node() {
    return new TestNode(
        kit,
        "edge-1",
        Role.CLOUD,
        dir,
        List.of(TestNode.numbers("numbers", true, 1_000_000, 1_000)),
        List.of(Plans.READER),
        memory -> memory);
  }
}
