package io.dayu.deliver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import com.typesafe.config.ConfigFactory;
import io.dayu.disk.FlakyFiles;
import io.dayu.element.Element;
import io.dayu.element.Element.Unstored;
import io.dayu.element.Ending;
import io.dayu.element.Output;
import io.dayu.element.Outputs;
import io.dayu.element.Step;
import io.dayu.facts.InstanceName;
import io.dayu.flow.FakeController;
import io.dayu.link.FlowKit;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSettings;
import io.dayu.link.Logs;
import io.dayu.link.Parcel;
import io.dayu.link.TestConsumer;
import io.dayu.link.TestProducer;
import io.dayu.pipeline.StreamName;
import io.dayu.process.ProcessSettings;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OutboxStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private static final StreamName STREAM = StreamName.parse("crossing/cam-0");

  private final LinkSettings links = FlowKit.links("element-window = 16");
  private ActorTestKit kit;
  private FakeController controller;
  @TempDir Path dir;
  private OutboxStore disk;
  private ProcessSettings settings;
  private ActorRef<Inlet.Command> outbox;
  private TestProducer producer;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
    controller = new FakeController(kit);
    disk = OutboxStore.open(dir, OutboxStoreTest.settings("retry = 1h"));
    settings =
        ProcessSettings.from(
            ConfigFactory.parseString("max-waiting = 4, join-capacity = 4, join-patience = 400ms")
                .withFallback(ConfigFactory.load().getConfig("dayu.process")));
    outbox =
        kit.spawn(
            Outbox.create(
                settings,
                links,
                FlowKit.memory(512).stages(),
                "edge-1",
                disk,
                controller.ofOutbox(),
                controller.locator(),
                Clock.systemUTC(),
                System::nanoTime));
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
      assertThat(element.getOutputsList())
          .extracting(Output::getStage)
          .containsExactlyInAnyOrder("track", "count");
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
  void aJoinThatIsTooSmallSaysSo() {
    try (var logs = Logs.of(Outbox.class)) {
      for (int seq = 0; seq < 50; seq++) producer.send(leaf(seq, "track", "count"));
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "dayu.process.join-capacity"));
    }
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
  void withoutACloudResultsAreKeptAndHandedOverLaterLowestFirst() {
    for (int seq = 0; seq < 100; seq++) producer.send(leaf(seq, "track"));
    await().atMost(SOON).until(() -> controller.kept().size() == 100);
    assertThat(producer.waiting()).as("producers are not held back").isZero();
    clouds("cloud-1");
    for (int seq = 0; seq < 100; seq++) {
      var element = at("cloud-1").takeNext().element();
      assertThat(element.getSeq()).isEqualTo(seq);
      assertThat(element.getOutputsList())
          .extracting(Output::getStage)
          .containsExactlyInAnyOrder("track");
    }
    outbox.tell(new Outbox.Forget(STREAM, controller.kept()));
    await().atMost(SOON).until(() -> disk.backlog(OutboxStore.Kind.RESULT).isEmpty());
  }

  @Test
  void whileAllCloudsAreSuspectResultsAreKeptToo() {
    outbox.tell(new Outbox.Clouds(List.of("cloud-1"), Set.of("cloud-1")));
    producer.send(leaf(1, "track"));
    await().atMost(SOON).until(() -> controller.kept().contains(1));
    assertThat(at("cloud-1").offered()).isZero();
  }

  @Test
  void aLinkIsThereBeforeResultsAndTheNextCloudIsTriedWhileTheFirstIsSuspect() {
    clouds("cloud-1", "cloud-2");
    await().atMost(SOON).until(() -> at("cloud-1").attached() == 1);
    assertThat(at("cloud-2").attached()).isZero();
    outbox.tell(new Outbox.Clouds(List.of("cloud-1", "cloud-2"), Set.of("cloud-1")));
    await().atMost(SOON).until(() -> at("cloud-2").attached() == 1);
  }

  @Test
  void resultsOfAnotherNodesStreamsGoToItsOutbox() {
    var foreign = leaf(7, "track").element().toBuilder().setOrigin("edge-9").build();
    producer.send(new Parcel(foreign, System.nanoTime(), 0));
    assertThat(controller.consumer("edge-9", InstanceName.OUTBOX).takeNext().element().getSeq())
        .isEqualTo(7);
    assertThat(controller.kept().isEmpty()).isTrue();
  }

  @Test
  void whatIsHandedOverIsHandedOverAgainUntilItIsForgotten() {
    restart("retry = 1s");
    for (int seq = 0; seq < 3; seq++) producer.send(leaf(seq, "track"));
    await().atMost(SOON).until(() -> controller.kept().size() == 3);
    clouds("cloud-1");
    for (long seq = 0; seq < 3; seq++)
      assertThat(at("cloud-1").takeNext().element().getSeq()).isEqualTo(seq);
    outbox.tell(new Outbox.Forget(STREAM, Ranges.of(0, 2)));
    await()
        .atMost(SOON)
        .until(() -> disk.backlog(OutboxStore.Kind.RESULT).equals(Map.of(STREAM, 1L)));
    while (at("cloud-1").offered() > 0) at("cloud-1").takeNext(); // handed over before
    for (int again = 0; again < 2; again++)
      assertThat(at("cloud-1").takeNext().element().getSeq()).isEqualTo(1);
    outbox.tell(new Outbox.Forget(STREAM, Ranges.of(1)));
    await().atMost(SOON).until(() -> disk.backlog(OutboxStore.Kind.RESULT).isEmpty());
  }

  @Test
  void whatCannotBeRemovedIsToldAndRemovedLater() {
    restart(FlakyFiles.in(dir), "retry = 10m");
    for (int seq = 0; seq < 5; seq++) producer.send(leaf(seq, "track"));
    await().atMost(SOON).until(() -> controller.kept().size() == 5);
    try (var logs = Logs.of(Outbox.class)) {
      FlakyFiles.broken(true);
      outbox.tell(new Outbox.Forget(STREAM, Ranges.of(0, 1, 2)));
      outbox.tell(new Outbox.Forget(STREAM, Ranges.of(4)));
      await()
          .atMost(SOON)
          .until(() -> logs.has(Level.WARN, STREAM.toString(), "cannot be removed"));
      assertThat(disk.backlog(OutboxStore.Kind.RESULT)).containsEntry(STREAM, 5L);
    } finally {
      FlakyFiles.broken(false);
    }
    await()
        .atMost(SOON)
        .until(() -> disk.backlog(OutboxStore.Kind.RESULT).equals(Map.of(STREAM, 1L)));
  }

  @Test
  void whatCannotBeReadIsToldOnce() {
    for (int seq = 0; seq < 5; seq++) producer.send(leaf(seq, "track"));
    await().atMost(SOON).until(() -> controller.kept().size() == 5);
    try (var logs = Logs.of(Outbox.class)) {
      disk.close();
      clouds("cloud-1");
      await()
          .atMost(SOON)
          .until(() -> logs.has(Level.WARN, STREAM.toString(), "cannot be read", "is closed"));
      assertThat(logs.loud()).hasSize(1);
    } finally {
      disk = OutboxStore.open(dir, OutboxStoreTest.settings(""));
    }
  }

  @Test
  void whatIsLiveDoesNotWaitForTheBacklog() {
    restart("replay-per-second = 20, retry = 1h");
    for (int seq = 0; seq < 100; seq++) producer.send(leaf(seq, "track"));
    await().atMost(SOON).until(() -> controller.kept().size() == 100);
    long began = System.nanoTime();
    clouds("cloud-1");
    producer.send(leaf(1_000, "track"));
    int before = 0;
    while (at("cloud-1").takeNext().element().getSeq() != 1_000) before++;
    assertThat(before).isLessThan(50);
    for (int i = before; i < 100; i++) at("cloud-1").takeNext();
    assertThat(System.nanoTime() - began).as("100 at 20/s").isGreaterThan(4_500_000_000L);
  }

  @Test
  void theBacklogIsHandedOverAtAPace() {
    restart("replay-per-second = 1, retry = 1h");
    for (int seq = 0; seq < 20; seq++) producer.send(leaf(seq, "track"));
    await().atMost(SOON).until(() -> controller.kept().size() == 20);
    long began = System.nanoTime();
    clouds("cloud-1");
    for (long seq = 0; seq < 5; seq++)
      assertThat(at("cloud-1").takeNext().element().getSeq()).isEqualTo(seq);
    assertThat(System.nanoTime() - began).as("5 at 1/s").isGreaterThan(3_500_000_000L);
  }

  @Test
  void whatIsUnderWayOfTheBacklogIsBounded() {
    restart("outstanding = 10, retry = 1h");
    for (int seq = 0; seq < 50; seq++) producer.send(leaf(seq, "track"));
    await().atMost(SOON).until(() -> controller.kept().size() == 50);
    clouds("cloud-1");
    await().atMost(SOON).during(Duration.ofMillis(500)).until(() -> at("cloud-1").offered() == 10);
    outbox.tell(new Outbox.Forget(STREAM, Ranges.of(0, 1, 2, 3)));
    await().atMost(SOON).during(Duration.ofMillis(500)).until(() -> at("cloud-1").offered() == 14);
  }

  @Test
  void whatWasKeptIsHandedOverAfterARestart() {
    for (int seq = 0; seq < 5; seq++) producer.send(leaf(seq, "track"));
    await().atMost(SOON).until(() -> controller.kept().size() == 5);
    restart("retry = 1h");
    clouds("cloud-1");
    for (long seq = 0; seq < 5; seq++)
      assertThat(at("cloud-1").takeNext().element().getSeq()).isEqualTo(seq);
  }

  @Test
  void aFullOutboxTakesNothingMoreSaysSoAndLosesNothing() {
    restart("quota = 3000, retry = 1h");
    try (var logs = Logs.of(Outbox.class)) {
      for (int seq = 0; seq < 200; seq++) producer.send(leaf(seq, "track"));
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "dayu.outbox.quota = 3000"));
      await().atMost(SOON).during(Duration.ofMillis(300)).until(() -> producer.waiting() > 50);
    }
    clouds("cloud-1");
    var seen = new Ranges();
    while (seen.size() < 200) seen.add(at("cloud-1").takeNext().element().getSeq());
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
  void whatTheCloudSendsBackIsKeptAndSoIsWhatFollowsUntilSomethingIsSettled() {
    clouds("cloud-1");
    producer.send(live(0));
    assertThat(at("cloud-1").takeNext().element().getSeq()).isZero();
    producer.send(sentBack(0));
    await().atMost(SOON).until(() -> controller.kept().contains(0));
    for (int seq = 1; seq < 6; seq++) producer.send(live(seq));
    await().atMost(SOON).until(() -> controller.kept().size() == 6);
    var copy = at("cloud-1").takeNext().element();
    assertThat(copy.getSeq()).as("one shows when there is room again").isZero();
    assertThat(copy.getUnstored()).as("it waits there").isEqualTo(Unstored.AT_CLOUD);
    producer.send(leaf(9, "track"));
    assertThat(at("cloud-1").takeNext().element().getSeq())
        .as("of a source that can wait nothing is kept")
        .isEqualTo(9);
    await().during(Duration.ofMillis(500)).until(() -> at("cloud-1").offered() == 0);
    outbox.tell(new Outbox.Forget(STREAM, Ranges.of(0)));
    for (long seq = 1; seq < 6; seq++)
      assertThat(at("cloud-1").takeNext().element().getSeq()).isEqualTo(seq);
    producer.send(live(10));
    assertThat(at("cloud-1").takeNext().element().getSeq()).isEqualTo(10);
    assertThat(controller.kept().contains(10)).isFalse();
  }

  @Test
  void whatTheDiskDoesNotTakeWaitsAtTheCloud() {
    restart("quota = 1, retry = 1h");
    clouds("cloud-1");
    producer.send(sentBack(0)); // the first entry may exceed the quota
    await().atMost(SOON).until(() -> controller.kept().contains(0));
    assertThat(at("cloud-1").takeNext().element().getSeq()).isZero();
    producer.send(sentBack(1));
    var element = at("cloud-1").takeNext().element();
    assertThat(element.getSeq()).isEqualTo(1);
    assertThat(element.getUnstored()).isEqualTo(Unstored.AT_CLOUD);
  }

  @Test
  void whatIsHandedOverToACloudNodeThatIsLostGoesToTheNextOne() {
    for (int seq = 0; seq < 3; seq++) producer.send(leaf(seq, "track"));
    await().atMost(SOON).until(() -> controller.kept().size() == 3);
    clouds("cloud-1", "cloud-2");
    for (int seq = 0; seq < 3; seq++) at("cloud-1").takeNext();
    outbox.tell(new Outbox.Clouds(List.of("cloud-2", "cloud-1"), Set.of("cloud-1")));
    for (long seq = 0; seq < 3; seq++)
      assertThat(at("cloud-2").takeNext().element().getSeq()).isEqualTo(seq);
  }

  /** Of a source that cannot wait. */
  private static Parcel live(long seq) {
    return unstored(seq, Unstored.AT_ORIGIN);
  }

  private static Parcel sentBack(long seq) {
    return unstored(seq, Unstored.SENT_BACK);
  }

  private static Parcel unstored(long seq, Unstored where) {
    var element = leaf(seq, "track").element().toBuilder().setUnstored(where).build();
    return new Parcel(element, System.nanoTime(), 0);
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

  /** A new outbox with other settings in the same directory. */
  private void restart(String changes) {
    restart(dir, changes);
  }

  private void restart(Path directory, String changes) {
    var probe = kit.createTestProbe();
    kit.stop(outbox);
    probe.expectTerminated(outbox, SOON);
    disk.close();
    disk = OutboxStore.open(directory, OutboxStoreTest.settings(changes));
    outbox =
        kit.spawn(
            Outbox.create(
                settings,
                links,
                FlowKit.memory(512).stages(),
                "edge-1",
                disk,
                controller.ofOutbox(),
                controller.locator(),
                Clock.systemUTC(),
                System::nanoTime));
    producer = new TestProducer(kit, links, outbox);
  }

  private void clouds(String... nodes) {
    outbox.tell(new Outbox.Clouds(List.of(nodes), Set.of()));
  }

  private TestConsumer at(String node) {
    return controller.consumer(node, InstanceName.DISTRIBUTOR);
  }

  /** An element with the output of {@code stage}, whose path has {@code others} too. */
  private static Parcel leaf(long seq, String stage, String... others) {
    Element.Builder element = FlowKit.element(seq, 10).toBuilder().clearPayload();
    element
        .addPath(step(stage))
        .addOutputs(Outputs.of(stage, FlowKit.element(seq, 5).getPayload()));
    for (var other : others) element.addPath(step(other));
    return new Parcel(element.build(), System.nanoTime(), 0);
  }

  private static Step step(String stage) {
    return Step.newBuilder().setStage(stage).setNode("edge-1").build();
  }
}
