package io.dayu.deliver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Step;
import io.dayu.link.FlowKit;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSettings;
import io.dayu.link.Parcel;
import io.dayu.link.TestConsumer;
import io.dayu.link.TestProducer;
import io.dayu.process.FakeController;
import io.dayu.process.Plan;
import io.dayu.process.ProcessSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OutboxStreamTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  private final LinkSettings links = FlowKit.links("element-window = 16");
  private ActorTestKit kit;
  private FakeController controller;
  @TempDir Path dir;
  private OutboxStore disk;
  private ActorRef<Inlet.Command> outbox;
  private TestProducer producer;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
    controller = new FakeController(kit);
    disk = OutboxStore.open(dir, OutboxStoreTest.settings("retry = 2s"));
    var settings =
        ProcessSettings.from(
            ConfigFactory.parseString("max-waiting = 4, join-patience = 400ms")
                .withFallback(ConfigFactory.load().getConfig("dayu.process")));
    outbox = kit.spawn(Outbox.create(settings, links, "edge-1", disk, controller.ref()));
    producer = new TestProducer(kit, links, outbox);
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
    disk.close();
  }

  @Test
  void theLeavesOfAnElementAreOneResult() {
    clouds("cloud-1");
    for (int seq = 0; seq < 40; seq++) {
      producer.send(leaf(seq, "track", "count"));
      producer.send(leaf(seq, "count", "track"));
    }
    for (int seq = 0; seq < 40; seq++) {
      var element = at("cloud-1").takeNext().element();
      assertThat(element.getSeq()).isEqualTo(seq);
      assertThat(element.getOutputsMap()).containsOnlyKeys("track", "count");
    }
    assertThat(at("cloud-1").offered()).isZero();
  }

  @Test
  void whatHasEndedDoesNotWaitForTheOtherLeaves() {
    clouds("cloud-1");
    var ending = Ending.newBuilder().setKind(Ending.Kind.FAILED).setStage("count");
    var failed = leaf(1, "track", "count").element().toBuilder().setEnding(ending).build();
    producer.send(new Parcel(failed, System.nanoTime(), 0));
    assertThat(at("cloud-1").takeNext().element().getEnding().getStage()).isEqualTo("count");
  }

  @Test
  void attemptsAreNotMixed() {
    clouds("cloud-1");
    producer.send(leaf(1, "track", "count"));
    var second = leaf(1, "count", "track").element().toBuilder().setAttempt(2).build();
    producer.send(new Parcel(second, System.nanoTime(), 0));
    producer.send(leaf(1, "count", "track"));
    assertThat(at("cloud-1").takeNext().element().getAttempt()).isEqualTo(1);
    assertThat(at("cloud-1").offered()).isZero();
  }

  @Test
  void withoutACloudNothingIsTakenAndNothingIsLost() {
    for (int seq = 0; seq < 100; seq++) producer.send(leaf(seq, "track"));
    await().atMost(SOON).during(Duration.ofMillis(300)).until(() -> producer.waiting() == 100 - 16);
    clouds("cloud-1");
    for (int seq = 0; seq < 100; seq++)
      assertThat(at("cloud-1").takeNext().element().getSeq()).isEqualTo(seq);
  }

  @Test
  void aCloudThatTakesNothingHoldsTheStagesBack() {
    clouds("cloud-1");
    for (int seq = 0; seq < 100; seq++) producer.send(leaf(seq, "track"));
    // 16 are with the cloud, 4 wait for it, 16 wait here.
    await()
        .atMost(SOON)
        .during(Duration.ofMillis(300))
        .until(() -> at("cloud-1").offered() == 16 && producer.waiting() >= 100 - 36);
    for (int seq = 0; seq < 100; seq++)
      assertThat(at("cloud-1").takeNext().element().getSeq()).isEqualTo(seq);
  }

  @Test
  void resultsGoToTheFirstCloudOfTheLatestList() {
    clouds("cloud-1", "cloud-2");
    producer.send(leaf(1, "track"));
    assertThat(at("cloud-1").takeNext().element().getSeq()).isEqualTo(1);
    clouds("cloud-2", "cloud-1");
    producer.send(leaf(2, "track"));
    assertThat(at("cloud-2").takeNext().element().getSeq()).isEqualTo(2);
  }

  private void clouds(String... nodes) {
    outbox.tell(new Outbox.Clouds(List.of(nodes), Set.of()));
  }

  private TestConsumer at(String node) {
    return controller.consumer(node, Plan.DISTRIBUTOR);
  }

  /** An element with the output of {@code stage}, whose path has {@code others} too. */
  private static Parcel leaf(long seq, String stage, String... others) {
    Element.Builder element = FlowKit.element(seq, 10).toBuilder().clearPayload();
    element.addPath(step(stage)).putOutputs(stage, FlowKit.element(seq, 5).getPayload());
    for (var other : others) element.addPath(step(other));
    return new Parcel(element.build(), System.nanoTime(), 0);
  }

  private static Step step(String stage) {
    return Step.newBuilder().setStage(stage).setNode("edge-1").build();
  }
}
