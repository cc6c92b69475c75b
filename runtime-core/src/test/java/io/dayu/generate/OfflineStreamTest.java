package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.dayu.deliver.FailedStore;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.OutboxStore.Kind;
import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.flow.FakeController;
import io.dayu.link.FlowKit;
import io.dayu.link.TestConsumer;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.process.Plan;
import io.dayu.side.Sides;
import io.dayu.source.Access;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.LongStream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a generator on {@code edge-1} does while no cloud node can be reached. */
final class OfflineStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path dir;
  private final FakeMemory memory = new FakeMemory();
  private final BlockingQueue<BoundedSourceQueue<Segment>> cameras = new LinkedBlockingQueue<>();
  private ActorTestKit kit;
  private FakeController controller;
  private OutboxStore disk;
  private FailedStore failed;
  private Plan plan;
  private ActorRef<Generator.Command> generator;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
    controller = new FakeController(kit);
    disk = GenerateKit.disk(dir, "");
    failed = FailedStore.open(dir, 1 << 20);
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
    disk.close();
    failed.close();
  }

  @Test
  void localStagesTakeOverAtOnceAndWhatIsKeptLeavesTheWindow() {
    file(Offline.LOCAL, 20, "max-window = 4, min-resend = 1h, max-resend = 1h");
    for (int i = 0; i < 4; i++) at("cloud-1").takeNext();
    offline(true);
    for (long seq = 500; seq < 520; seq++) {
      var element = at("edge-1").takeNext().element();
      assertThat(element.getSeq()).isEqualTo(seq);
      assertThat(element.getAttempt()).isEqualTo(seq < 504 ? 2 : 1);
      kept(seq);
    }
    await().atMost(SOON).until(() -> inFlight() == 20);
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(20, 0, 0, 0, 20));
    assertThat(controller.stream().state()).isEqualTo(StreamState.RUNNING);

    offline(false);
    ack(LongStream.range(500, 520).toArray());
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(20, 20, 0, 0, 0));
    await().atMost(SOON).until(() -> controller.settled().size() == 20);
    assertThat(at("cloud-1").offered()).isZero();
  }

  @Test
  void anElementThatIsBothStoredAndKeptCountsOnce() {
    file(Offline.LOCAL, 3, "");
    for (int i = 0; i < 3; i++) at("cloud-1").takeNext();
    offline(true);
    kept(500);
    ack(500); // the first attempt had been stored
    ack(501);
    kept(501); // the second one was being written
    kept(501);
    ack(500, 501);
    await().atMost(SOON).until(() -> inFlight() == 1);
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(3, 2, 0, 0, 1));
    await().atMost(SOON).until(() -> controller.settled().equals(Ranges.of(500, 501)));
  }

  @Test
  void nothingIsRemovedFromTheDiskBeforeTheCountsThatTellSoAreDurable() {
    file(Offline.LOCAL, 2, "");
    for (int i = 0; i < 2; i++) at("cloud-1").takeNext();
    offline(true);
    kept(500);
    await().atMost(SOON).until(() -> kept500IsSaved());
    memory.broken(true);
    ack(500);
    await()
        .atMost(SOON)
        .until(
            () -> !controller.streams().isEmpty() && controller.stream().ledger().delivered() == 1);
    int reports = controller.streams().size();
    await().atMost(SOON).until(() -> controller.streams().size() > reports + 5);
    assertThat(controller.settled().isEmpty()).isTrue();
    memory.broken(false);
    await().atMost(SOON).until(() -> controller.settled().contains(500));
    assertThat(memory.kept().orElseThrow().delivered()).isEqualTo(1);
  }

  private boolean kept500IsSaved() {
    return memory
        .kept()
        .filter(p -> p.firstReplayed() == 501 && p.open().contains(500))
        .isPresent();
  }

  @Test
  void afterACrashWhatIsOnTheDiskIsUnderWayAndTheSourceGoesOnBehindIt() {
    join(disk.put(Kind.RESULT, List.of(element(500), element(501), element(300))));
    memory.set(new Progress("fake:cam", 900, 2, 502, 503, 7, 0, 0, 3, Ranges.of(500, 501, 502)));
    file(Offline.LOCAL, 4, "");
    // 502 is cut again, 300 was settled before.
    for (long seq = 900; seq < 902; seq++)
      assertThat(at("cloud-1").takeNext().element().getSeq()).isEqualTo(seq);
    await().atMost(SOON).until(() -> controller.settled().equals(Ranges.of(300)));
    await().atMost(SOON).until(() -> inFlight() == 4);
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(11, 7, 0, 0, 4));
    ack(500, 501, 900, 901);
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(11, 11, 0, 0, 0));
  }

  @Test
  void withoutARecordNumbersBeginAboveWhatIsOnTheDisk() {
    join(disk.put(Kind.RESULT, List.of(element(700))));
    file(Offline.LOCAL, 1, "");
    assertThat(at("cloud-1").takeNext().element().getSeq()).isEqualTo(701);
    ack(700, 701);
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(2, 2, 0, 0, 0));
  }

  @Test
  void spooledElementsWaitOnTheDiskAndComeBackLowestFirst() {
    file(Offline.SPOOL, 50, "max-window = 4");
    for (int i = 0; i < 4; i++) at("cloud-1").takeNext();
    offline(true);
    await().atMost(SOON).until(() -> onDisk() == 50);
    assertThat(at("edge-1").offered() + at("cloud-1").offered()).isZero();
    await().atMost(SOON).until(() -> inFlight() == 50);

    offline(false);
    for (long seq = 500; seq < 550; seq++) {
      var element = at("cloud-1").takeNext().element();
      assertThat(element.getSeq()).isEqualTo(seq);
      assertThat(element.getAttempt()).isEqualTo(seq < 504 ? 2 : 1);
      assertThat(element.getPayload()).isEqualTo(media(seq - 500));
      ack(seq);
    }
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(50, 50, 0, 0, 0));
    await().atMost(SOON).until(() -> controller.settled().size() == 50);
  }

  @Test
  void spooledElementsSurviveACrash() {
    camera(Offline.SPOOL, "max-window = 4");
    offline(true);
    for (int i = 0; i < 10; i++) {
      shoot(i);
      int written = i + 1;
      await().atMost(SOON).until(() -> onDisk() == written);
    }
    await().atMost(SOON).until(() -> memory.kept().orElseThrow().open().size() == 10);
    var left = memory.kept().orElseThrow();
    var probe = kit.createTestProbe();
    kit.stop(generator);
    probe.expectTerminated(generator, SOON);
    memory.set(left);
    disk.close();
    disk = GenerateKit.disk(dir, "");

    camera(Offline.SPOOL, "");
    for (long seq = 500; seq < 510; seq++) {
      assertThat(at("cloud-1").takeNext().element().getSeq()).isEqualTo(seq);
      ack(seq);
    }
    await().atMost(SOON).until(() -> inFlight() == 0);
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(10, 10, 0, 0, 0));
  }

  @Test
  void whatIsLiveDoesNotWaitForTheSpool() {
    disk.close();
    disk = GenerateKit.disk(dir, "replay-per-second = 8");
    camera(Offline.SPOOL, "max-window = 4");
    offline(true);
    for (int i = 0; i < 40; i++) {
      shoot(i);
      int written = i + 1;
      await().atMost(SOON).until(() -> onDisk() == written);
    }
    offline(false);
    shoot(40);
    int before = 0;
    while (at("cloud-1").takeNext().element().getSeq() != 540) before++;
    assertThat(before).isLessThan(20);
    for (int i = before; i < 40; i++) at("cloud-1").takeNext();
  }

  @Test
  void theSpoolIsBroughtBackAtAPace() {
    disk.close();
    disk = GenerateKit.disk(dir, "replay-per-second = 1");
    camera(Offline.SPOOL, "max-window = 4");
    offline(true);
    for (int i = 0; i < 5; i++) {
      shoot(i);
      int written = i + 1;
      await().atMost(SOON).until(() -> onDisk() == written);
    }
    long began = System.nanoTime();
    offline(false);
    for (long seq = 500; seq < 505; seq++)
      assertThat(at("cloud-1").takeNext().element().getSeq()).isEqualTo(seq);
    assertThat(System.nanoTime() - began).as("5 at 1/s").isGreaterThan(3_500_000_000L);
  }

  @Test
  void aFullSpoolHoldsAFileBackAndLosesNothing() {
    disk.close();
    disk = GenerateKit.disk(dir, "quota = 2000");
    file(Offline.SPOOL, 200, "max-window = 4, max-resend = 1s, min-resend = 1s");
    for (int i = 0; i < 4; i++) at("cloud-1").takeNext();
    offline(true);
    await().atMost(SOON).until(() -> disk.isFull());
    await()
        .atMost(SOON)
        .until(() -> controller.stream().problem().orElse("").contains("dayu.outbox.quota"));
    long generated = controller.stream().ledger().generated();
    assertThat(generated).isLessThan(150);
    offline(false);
    var seen = new TreeSet<Long>();
    while (seen.size() < 200) {
      var element = at("cloud-1").takeNext().element();
      seen.add(element.getSeq());
      ack(element.getSeq());
    }
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(200, 200, 0, 0, 0));
  }

  @Test
  void offlineACameraShedsAllThatIsNewAndAFileWaits() {
    camera(Offline.SHED, "");
    shoot(0);
    ack(at("cloud-1").takeNext().element().getSeq());
    offline(true);
    for (int i = 1; i <= 5; i++) shoot(i);
    await().atMost(SOON).until(() -> controller.stream().ledger().shed() == 5);
    offline(false);
    shoot(6);
    ack(at("cloud-1").takeNext().element().getSeq());
    await()
        .atMost(SOON)
        .until(() -> controller.stream().ledger().equals(new Ledger(7, 2, 0, 5, 0)));

    kit.stop(generator);
    memory.forget();
    file(Offline.SHED, 30, "max-window = 4");
    for (int i = 0; i < 4; i++) at("cloud-1").takeNext();
    offline(true);
    ack(500, 501, 502, 503);
    await().atMost(SOON).during(Duration.ofMillis(300)).until(() -> at("edge-1").offered() == 0);
    offline(false);
    var seen = new TreeSet<Long>(List.of(500L, 501L, 502L, 503L));
    while (seen.size() < 30) {
      var element = at("cloud-1").takeNext().element();
      seen.add(element.getSeq());
      ack(element.getSeq());
    }
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(30, 30, 0, 0, 0));
  }

  /** A ledger that does not balance cannot be made, so that every report checks it. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theLedgerBalancesWhateverComesAndGoes(long seed) {
    var random = new Random(seed);
    var mode = seed == 2 ? Offline.SPOOL : Offline.LOCAL;
    int total = mode == Offline.SPOOL ? 80 : 300; // the way over the disk takes longer
    file(mode, total, "min-resend = 200ms, max-resend = 300ms, max-window = 16");
    var open = new ArrayDeque<Long>();
    var done = new TreeSet<Long>();
    var kept = new TreeSet<Long>();
    boolean offline = false;
    long deadline = System.nanoTime() + SOON.toNanos();
    while (done.size() < total && System.nanoTime() < deadline) {
      for (var node : List.of("cloud-1", "edge-1"))
        while (at(node).offered() > 0) open.add(at(node).takeNext().element().getSeq());
      switch (random.nextInt(10)) {
        case 0 -> offline(offline = random.nextInt(3) == 0);
        case 1 -> open.poll(); // lost on its way
        case 2, 3 -> {
          if (!open.isEmpty()) {
            long seq = open.poll();
            kept.add(seq);
            kept(seq);
          }
        }
        case 4 -> {
          for (long seq : kept) ack(seq);
          done.addAll(kept);
          kept.clear();
        }
        case 5 -> {
          if (!done.isEmpty()) kept(done.first());
        }
        default -> {
          if (!open.isEmpty()) {
            long seq = open.poll();
            done.add(seq);
            ack(seq);
          } else {
            await().pollDelay(Duration.ofMillis(5)).until(() -> true);
          }
        }
      }
    }
    if (offline) offline(false);
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(total, total, 0, 0, 0));
  }

  @Test
  void aNodeThatStopsWaitsForWhatIsOnItsWayAndKeepsItsProgress() {
    camera(Offline.LOCAL, "finish = 1h");
    shoot(0);
    shoot(1);
    var first = at("cloud-1").takeNext().element().getSeq();
    var second = at("cloud-1").takeNext().element().getSeq();
    var probe = kit.createTestProbe();
    generator.tell(Generator.Finish.INSTANCE);
    ack(first);
    probe.expectNoMessage(Duration.ofMillis(300));
    kept(second); // safe on the disk is settled enough
    probe.expectTerminated(generator, SOON);
    await().atMost(SOON).until(() -> memory.kept().orElseThrow().used() == 502);
    var left = memory.kept().orElseThrow();
    assertThat(left.open()).isEqualTo(Ranges.of(501));
    assertThat(left.delivered()).isEqualTo(1);
    assertThat(controller.streams()).noneMatch(r -> r.state() == StreamState.COMPLETED);
  }

  @Test
  void aNodeThatStopsDoesNotWaitForEver() {
    camera(Offline.LOCAL, "finish = 100ms");
    shoot(0);
    at("cloud-1").takeNext();
    generator.tell(Generator.Finish.INSTANCE);
    kit.createTestProbe().expectTerminated(generator, SOON);
    assertThat(memory.kept().orElseThrow().open()).isEqualTo(Ranges.of(500));
  }

  private void file(Offline mode, long count, String settings) {
    generate(
        mode,
        false,
        context ->
            Source.fromIterator(() -> LongStream.range(context.position(), count).iterator())
                .map(n -> new Segment(media(n), n + 1)),
        settings);
  }

  private void camera(Offline mode, String settings) {
    cameras.clear();
    generate(
        mode,
        true,
        context -> {
          var made = Source.<Segment>queue(100).preMaterialize(kit.system());
          cameras.add(made.first());
          return made.second();
        },
        settings);
  }

  private void shoot(int number) {
    await().atMost(SOON).until(() -> !cameras.isEmpty());
    cameras.peek().offer(new Segment(media(number), number + 1));
  }

  private static Media media(long number) {
    return Media.newBuilder().setOpaque(ByteString.copyFromUtf8("number " + number)).build();
  }

  private static Element element(long seq) {
    return FlowKit.element(seq, 10);
  }

  private void generate(
      Offline mode,
      boolean live,
      java.util.function.Function<SourceContext, Source<Segment, NotUsed>> open,
      String settings) {
    plan = GenerateKit.plan(mode);
    var generate = GenerateKit.patient(settings);
    generator =
        kit.spawn(
            Generator.create(
                new Generator.Setup(
                    generate,
                    FlowKit.links(""),
                    new SourceBytes(FlowKit.memory(512).sources()),
                    generate::sourceBackoff,
                    Duration.ofMillis(100),
                    Sides.NONE,
                    Clock.systemUTC(),
                    System::nanoTime),
                new Generator.Identity(
                    "edge-1",
                    plan,
                    plan.spec().sources().get(0),
                    GenerateKit.source(live, live ? Repeat.NONE : Repeat.EXACT, open),
                    Access.ANYTHING,
                    () -> CompletableFuture.completedFuture(500L),
                    memory,
                    disk,
                    failed),
                controller.ofGenerator(),
                controller.locator()));
    generator.tell(
        new Generator.Follow(GenerateKit.decision(1, GenerateKit.route("detect", "cloud-1:1"))));
  }

  private TestConsumer at(String node) {
    return controller.consumer(node, plan.instance("detect"));
  }

  private void offline(boolean now) {
    generator.tell(new Generator.Suspects(now ? Set.of("cloud-1") : Set.of(), now));
  }

  private void kept(long seq) {
    generator.tell(new Generator.Kept(Ranges.of(seq)));
  }

  private void ack(long... seqs) {
    generator.tell(new Generator.Acknowledged(GenerateKit.delivered(seqs)));
  }

  private long inFlight() {
    return controller.streams().isEmpty() ? -1 : controller.stream().ledger().inFlight();
  }

  private long onDisk() {
    return disk.backlog(Kind.ELEMENT).getOrDefault(GenerateKit.STREAM, 0L);
  }

  private boolean state(StreamState state) {
    return !controller.streams().isEmpty() && controller.stream().state() == state;
  }

  private static <T> T join(java.util.concurrent.CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }
}
