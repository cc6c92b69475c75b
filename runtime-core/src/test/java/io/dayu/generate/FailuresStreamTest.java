package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dayu.deliver.FailedStore;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.FailedElements;
import io.dayu.facts.FailedElements.Item;
import io.dayu.facts.FailedElements.Pick;
import io.dayu.facts.FailedElements.Why;
import io.dayu.facts.FailureCause;
import io.dayu.facts.Ledger;
import io.dayu.flow.FakeController;
import io.dayu.link.FlowKit;
import io.dayu.link.TestConsumer;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.KeepFailed;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.PipelineSpec.Retain;
import io.dayu.pipeline.RunState;
import io.dayu.process.Plan;
import io.dayu.process.Plans;
import io.dayu.side.Sides;
import io.dayu.source.Access;
import io.dayu.source.Repeat;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a generator keeps of elements that fail, and how it sends them again. */
final class FailuresStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final FailureCause CAUSE = new FailureCause("detect", "not a frame");

  @TempDir Path dir;
  private final FakeMemory memory = new FakeMemory();
  private ActorTestKit kit;
  private FakeController controller;
  private OutboxStore disk;
  private FailedStore failed;
  private TestProbe<FailedElements.Answer> answers;
  private ActorRef<Generator.Command> generator;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
    controller = new FakeController(kit);
    answers = kit.createTestProbe();
    open();
  }

  private void open() {
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
  void whatFailsIsKeptWithItsPayloadAndCounted() {
    generate(Optional.of(1000L), 3, Repeat.EXACT);
    var elements = take(3);
    fail(500, 502);
    ack(501);
    awaitLedger(new Ledger(3, 1, 2, 0, 0));
    var items = items();
    assertThat(items).extracting(Item::seq).containsExactly(500L, 502L);
    assertThat(items).allSatisfy(item -> assertThat(item.cause()).isEqualTo(CAUSE));
    assertThat(failed.payload(GenerateKit.STREAM, 502).toCompletableFuture().join())
        .contains(elements.get(2).getPayload().toByteString());
  }

  @Test
  void nothingIsKeptWhereThePipelineDoesNotSaySo() {
    generate(Optional.empty(), 2, Repeat.EXACT);
    take(2);
    fail(500, 501);
    awaitLedger(new Ledger(2, 0, 2, 0, 0));
    assertThat(items()).isEmpty();
  }

  @Test
  void whatIsSentAgainIsANewElementThatStandsForTheFailedOne() {
    generate(Optional.of(1000L), 2, Repeat.EXACT);
    var first = take(2);
    fail(500);
    ack(501);
    awaitLedger(new Ledger(2, 1, 1, 0, 0));

    var retried = retry(pick());
    assertThat(retried.as()).isEqualTo(Map.of(500L, 502L));
    var again = take(1).get(0);
    assertThat(again.getSeq()).isEqualTo(502);
    assertThat(again.getRetryOf()).isEqualTo(500);
    assertThat(again.getPayload()).isEqualTo(first.get(0).getPayload());
    awaitLedger(new Ledger(3, 1, 1, 0, 1));
    assertThat(items().get(0).retriedAs()).hasValue(502);

    ack(502);
    awaitLedger(new Ledger(3, 2, 1, 0, 0));
    assertThat(items()).isEmpty();
  }

  @Test
  void whatFailsAgainIsKeptAgainUnderItsNewNumber() {
    generate(Optional.of(1000L), 1, Repeat.EXACT);
    take(1);
    fail(500);
    awaitLedger(new Ledger(1, 0, 1, 0, 0));
    for (int i = 1; i <= 3; i++) {
      var as = retry(pick()).as();
      assertThat(as).hasSize(1);
      long seq = take(1).get(0).getSeq();
      fail(seq);
      awaitLedger(new Ledger(1 + i, 0, 1 + i, 0, 0));
      var item = items().get(0);
      assertThat(items()).hasSize(1);
      assertThat(item.seq()).isEqualTo(seq);
      assertThat(item.retries()).isEqualTo(i);
      assertThat(item.firstSeq()).isEqualTo(500);
    }
  }

  @Test
  void anElementOnItsWayAgainIsNotSentASecondTime() {
    generate(Optional.of(1000L), 1, Repeat.EXACT);
    take(1);
    fail(500);
    awaitLedger(new Ledger(1, 0, 1, 0, 0));
    retry(pick());
    var second = retry(new Pick(List.of(500L, 7L), Optional.empty(), -1, -1));
    assertThat(second.as()).isEmpty();
    assertThat(second.underWay()).containsExactly(500L);
    assertThat(second.notKept()).containsExactly(7L);
  }

  @Test
  void aPausedPipelineSendsNothingAgainAndSaysSo() {
    generate(Optional.of(1000L), 1, Repeat.EXACT);
    take(1);
    fail(500);
    awaitLedger(new Ledger(1, 0, 1, 0, 0));
    generator.tell(new Generator.Change(plan(Optional.of(1000L), RunState.PAUSED)));
    generator.tell(new Generator.Retry(pick(), 1, answers.ref()));
    var refused = answers.expectMessageClass(FailedElements.Refused.class, SOON);
    assertThat(refused.why()).isEqualTo(Why.PAUSED);
    assertThat(refused.reason()).contains("crossing").contains("paused");
    assertThat(controller.stream().ledger().inFlight()).isZero();
  }

  /** Who mends a stage and sends what failed again means the stage that is mended. */
  @Test
  void aRetryWaitsForTheVersionThatItIsMeantFor() {
    generate(Optional.of(1000L), 1, Repeat.EXACT);
    take(1);
    fail(500);
    awaitLedger(new Ledger(1, 0, 1, 0, 0));
    generator.tell(new Generator.Retry(pick(), 2, answers.ref()));
    answers.expectNoMessage(Duration.ofMillis(200));
    var plan = plan(Optional.of(1000L), RunState.RUNNING);
    generator.tell(
        new Generator.Change(
            new Plan(
                new DesiredPipeline(2, plan.spec()),
                new Catalog(List.of(Plans.READER), List.of(), List.of()))));
    assertThat(answers.expectMessageClass(FailedElements.Retried.class, SOON).as()).hasSize(1);
  }

  @Test
  void onlySoManyAreKeptAsThePipelineSays() {
    generate(Optional.of(2L), 4, Repeat.EXACT);
    take(4);
    fail(500, 501, 502, 503);
    awaitLedger(new Ledger(4, 0, 4, 0, 0));
    assertThat(items()).extracting(Item::seq).containsExactly(502L, 503L);
    generator.tell(new Generator.Change(plan(Optional.of(1L), RunState.RUNNING)));
    await().atMost(SOON).until(() -> items().size() == 1);
  }

  @Test
  void aDiskThatTakesNothingCostsNothingElseAndIsTold() {
    generate(Optional.of(1000L), 2, Repeat.EXACT);
    take(2);
    failed.close();
    fail(500, 501);
    awaitLedger(new Ledger(2, 0, 2, 0, 0));
    await().atMost(SOON).until(() -> !controller.failed().isEmpty());
    var told = controller.failed().get(controller.failed().size() - 1);
    assertThat(told.notKept()).isEqualTo(2);
    assertThat(told.problem().orElseThrow()).contains("closed");
  }

  /** The results wait in the outbox, so their payloads would be gone when they are stored. */
  @Test
  void whatFailsWhileTheCloudIsAwayIsKeptTooAndRemovedIfItWasDeliveredAfterAll() {
    generate(Optional.of(1000L), 3, Repeat.EXACT);
    take(3);
    generator.tell(new Generator.Kept(Ranges.of(500, 501, 502), Map.of(500L, CAUSE, 502L, CAUSE)));
    await().atMost(SOON).until(() -> items().size() == 2);
    awaitLedger(new Ledger(3, 0, 0, 0, 3));
    fail(500);
    ack(501, 502);
    awaitLedger(new Ledger(3, 2, 1, 0, 0));
    assertThat(items()).extracting(Item::seq).containsExactly(500L);
  }

  /** The copy of what memory and disk hold is what a crash leaves. */
  @ParameterizedTest
  @EnumSource(Repeat.class)
  void whatWasOnItsWayAgainWhenItsNodeDiedGoesOnOnceAndIsCounted(Repeat repeat) {
    generate(Optional.of(1000L), 3, repeat);
    take(3);
    fail(500, 501);
    ack(502);
    awaitLedger(new Ledger(3, 1, 2, 0, 0));
    await().atMost(SOON).until(() -> memory.kept().filter(p -> p.failed() == 2).isPresent());
    memory.broken(true); // as if the node died before its next save
    assertThat(retry(pick()).as()).hasSize(2);
    var before = take(2).stream().map(Element::getSeq).toList();
    assertThat(before).containsExactly(503L, 504L);
    crash();

    memory.broken(false);
    // One that cannot be read again has nothing new to give either.
    generate(Optional.of(1000L), repeat == Repeat.NONE ? 0 : 3, repeat);
    var again = take(2);
    assertThat(again).extracting(Element::getSeq).containsExactly(503L, 504L);
    assertThat(again).extracting(Element::getRetryOf).containsExactly(500L, 501L);
    awaitLedger(new Ledger(5, 1, 2, 0, 2));
    ack(503);
    fail(504);
    awaitLedger(new Ledger(5, 2, 3, 0, 0));
    assertThat(items()).extracting(Item::seq).containsExactly(504L);
  }

  /** What was saved while they were on their way to the disk knew of their numbers only. */
  @Test
  void whatIsSentAgainIsNotTakenForSettledWhereProgressIsSavedMeanwhile() throws Exception {
    generate(Optional.of(1000L), 3, Repeat.EXACT);
    take(3);
    fail(500, 501);
    ack(502);
    awaitLedger(new Ledger(3, 1, 2, 0, 0));
    await().atMost(SOON).until(() -> memory.kept().filter(p -> p.failed() == 2).isPresent());
    var held = holdDisk();
    generator.tell(new Generator.Retry(pick(), 1, answers.ref()));
    await().atMost(SOON).until(() -> items().stream().allMatch(i -> i.retriedAs().isPresent()));
    int reports = controller.streams().size();
    // A report comes every 100 ms, progress is saved every 200 ms.
    await().atMost(SOON).until(() -> controller.streams().size() > reports + 5);
    memory.broken(true); // as if the node died before its next save
    held.complete(Done.getInstance());
    assertThat(answers.expectMessageClass(FailedElements.Retried.class, SOON).as()).hasSize(2);
    assertThat(take(2)).extracting(Element::getSeq).containsExactly(503L, 504L);
    crash();

    memory.broken(false);
    generate(Optional.of(1000L), 3, Repeat.EXACT);
    assertThat(take(2)).extracting(Element::getSeq).containsExactly(503L, 504L);
    awaitLedger(new Ledger(5, 1, 2, 0, 2));
  }

  /** The outbox writes nothing until what is returned is completed. */
  private CompletableFuture<Done> holdDisk() throws InterruptedException {
    var release = new CompletableFuture<Done>();
    var held = new CountDownLatch(1);
    var here = Thread.currentThread();
    // What has been read before its continuation is added runs that here, and holds nothing.
    do {
      disk.content(GenerateKit.STREAM)
          .thenAccept(
              content -> {
                if (Thread.currentThread() == here) return;
                held.countDown();
                release.join();
              });
    } while (!held.await(100, TimeUnit.MILLISECONDS));
    return release;
  }

  /** It was marked, but the new element did not come to the disk. */
  @Test
  void whatDidNotComeOnItsWayCanBeSentAgainAfterTheNextStart() {
    generate(Optional.of(1000L), 1, Repeat.EXACT);
    take(1);
    fail(500);
    awaitLedger(new Ledger(1, 0, 1, 0, 0));
    await().atMost(SOON).until(() -> memory.kept().filter(p -> p.failed() == 1).isPresent());
    crash();
    failed
        .write(
            List.of(new FailedStore.Mark(GenerateKit.STREAM, 500, java.util.OptionalLong.of(77))))
        .toCompletableFuture()
        .join();
    generate(Optional.of(1000L), 1, Repeat.EXACT);
    awaitLedger(new Ledger(1, 0, 1, 0, 0));
    assertThat(retry(pick()).as()).containsOnlyKeys(500L);
  }

  @Test
  void aFullOutboxRefusesARetryAndTheElementStaysKept() {
    disk.close();
    disk = GenerateKit.disk(dir, "quota = 10");
    generate(Optional.of(1000L), 1, Repeat.EXACT);
    take(1);
    fail(500);
    awaitLedger(new Ledger(1, 0, 1, 0, 0));
    join(
        disk.put(
            OutboxStore.Kind.RESULT,
            List.of(FlowKit.element(9, 10).toBuilder().setStream("a/b").build())));
    generator.tell(new Generator.Retry(pick(), 1, answers.ref()));
    var refused = answers.expectMessageClass(FailedElements.Refused.class, SOON);
    assertThat(refused.why()).isEqualTo(Why.NOT_NOW);
    assertThat(refused.reason()).contains("dayu.outbox.quota");
    await().atMost(SOON).until(() -> items().get(0).retriedAs().isEmpty());
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(1, 0, 1, 0, 0));
  }

  private static <T> T join(java.util.concurrent.CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private void crash() {
    var dead = kit.createTestProbe();
    var left = memory.kept();
    kit.stop(generator);
    dead.expectTerminated(generator, SOON);
    left.ifPresent(memory::set);
    disk.close();
    failed.close();
    open();
    controller.clear();
  }

  private static Pick pick() {
    return new Pick(List.of(), Optional.empty(), -1, -1);
  }

  private FailedElements.Retried retry(Pick pick) {
    generator.tell(new Generator.Retry(pick, 1, answers.ref()));
    return answers.expectMessageClass(FailedElements.Retried.class, SOON);
  }

  private List<Item> items() {
    return failed
        .page(new FailedElements.Page(GenerateKit.STREAM, Optional.empty(), -1, 100))
        .toCompletableFuture()
        .join()
        .items();
  }

  private List<Element> take(int count) {
    var taken = new ArrayList<Element>();
    for (int i = 0; i < count; i++) taken.add(at().takeNext().element());
    return taken;
  }

  private TestConsumer at() {
    return controller.consumer(
        "edge-2", plan(Optional.empty(), RunState.RUNNING).instance("detect"));
  }

  private void ack(long... seqs) {
    generator.tell(new Generator.Acknowledged(GenerateKit.delivered(seqs)));
  }

  private void fail(long... seqs) {
    var causes = new java.util.HashMap<Long, FailureCause>();
    for (long seq : seqs) causes.put(seq, CAUSE);
    generator.tell(
        new Generator.Acknowledged(
            new Acknowledgement(GenerateKit.STREAM, new long[0], seqs, causes)));
  }

  private void awaitLedger(Ledger ledger) {
    await()
        .atMost(SOON)
        .until(
            () -> !controller.streams().isEmpty() && controller.stream().ledger().equals(ledger));
  }

  private static Plan plan(Optional<Long> keepFailed, RunState state) {
    var spec = Plans.plan(1, List.of(Plans.READER), "detect:reader").spec();
    var changed =
        new PipelineSpec(
            spec.name(),
            spec.sources(),
            spec.stages(),
            spec.policy(),
            spec.objective(),
            new Delivery(
                Offline.LOCAL,
                0,
                Retain.AS_CONFIGURED,
                keepFailed.map(most -> new KeepFailed(Optional.of(most), Optional.empty()))));
    return new Plan(
        new DesiredPipeline(1, changed).in(state),
        new Catalog(List.of(Plans.READER), List.of(), List.of()));
  }

  private void generate(Optional<Long> keepFailed, int count, Repeat repeat) {
    var generate = GenerateKit.patient("");
    var plan = plan(keepFailed, RunState.RUNNING);
    generator =
        kit.spawn(
            Generator.create(
                new Generator.Setup(
                    generate,
                    FlowKit.links(""),
                    new SourceBytes(FlowKit.memory(512).sources()),
                    () -> GenerateKit.steady(generate),
                    Duration.ofMillis(100),
                    Sides.NONE,
                    Clock.systemUTC(),
                    System::nanoTime),
                new Generator.Identity(
                    "edge-1",
                    plan,
                    plan.spec().sources().get(0),
                    GenerateKit.source(
                        false,
                        repeat,
                        context ->
                            Source.fromJavaStream(
                                () ->
                                    LongStream.range(context.position(), count)
                                        .mapToObj(n -> GenerateKit.segment(n, 50)))),
                    Access.ANYTHING,
                    () -> CompletableFuture.completedFuture(500L),
                    memory,
                    disk,
                    failed),
                controller.ofGenerator(),
                controller.locator()));
    generator.tell(
        new Generator.Follow(GenerateKit.decision(1, GenerateKit.route("detect", "edge-2:1"))));
  }
}
