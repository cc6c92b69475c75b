package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.dayu.deliver.FailedStore;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Step;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.InstanceName;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.flow.FakeController;
import io.dayu.link.FlowKit;
import io.dayu.link.Logs;
import io.dayu.link.TestConsumer;
import io.dayu.pipeline.PipelineSpec.Shed;
import io.dayu.pipeline.RunState;
import io.dayu.process.Paths;
import io.dayu.process.Plan;
import io.dayu.process.Plans;
import io.dayu.settings.Budget;
import io.dayu.side.Sides;
import io.dayu.source.Access;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceEnd;
import io.dayu.source.SourceException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.pattern.AskTimeoutException;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class GeneratorStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final Plan plan = Plans.plan(1, List.of(Plans.READER), "detect:reader");
  private Plan running = plan;
  private ActorTestKit kit;
  private boolean live;
  private boolean repeats = true;
  private Access access = Access.ANYTHING;
  private Budget sources = FlowKit.memory(512).sources();
  private Supplier<CompletionStage<Long>> firstSeq = () -> CompletableFuture.completedFuture(500L);
  private FakeController controller;
  private final FakeMemory memory = new FakeMemory();
  @TempDir Path dir;
  private OutboxStore disk;
  private FailedStore failed;
  private ActorRef<Generator.Command> generator;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
    disk = GenerateKit.disk(dir, "");
    failed = FailedStore.open(dir, 1 << 20);
    controller = new FakeController(kit);
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
    disk.close();
    failed.close();
  }

  @Test
  void elementsAreNumberedFromTheFirstSeqAndTakeTheDecisionsPath() {
    generate(plan, count(3), "");
    follow(1, "detect", "edge-2:1");
    for (long seq = 500; seq < 503; seq++) {
      var element = at("edge-2").takeNext().element();
      assertThat(element.getSeq()).isEqualTo(seq);
      assertThat(element.getStream()).isEqualTo(GenerateKit.STREAM.toString());
      assertThat(element.getOrigin()).isEqualTo("edge-1");
      assertThat(element.getAttempt()).isEqualTo(1);
      assertThat(element.getDecision()).isEqualTo(1);
      assertThat(element.getPathList()).isEqualTo(Paths.steps(Map.of("detect", "edge-2")));
    }
    ack(500, 501, 502);
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(3, 3, 0, 0, 0));
  }

  @Test
  void aCloudThatDoesNotAnswerIsToldInWordsOfUsers() {
    var timeout = "Ask timed out on [Actor[pekko://dayu/user/gateways#1]] after [5000 ms]";
    firstSeq = () -> CompletableFuture.failedFuture(new AskTimeoutException(timeout));
    generate(plan, count(3), "");
    await().atMost(SOON).until(() -> !controller.streams().isEmpty());
    await()
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(controller.stream().problem())
                    .contains(
                        "waits to know where to begin: no cloud node that knows the stored results"
                            + " has answered; asked again every second"));
  }

  @Test
  void aSourceThatCanWaitWaitsForTheWindow() {
    generate(plan, count(1_000), "max-window = 6");
    follow(1, "detect", "edge-2:1");
    await().atMost(SOON).during(Duration.ofMillis(300)).until(() -> at("edge-2").offered() == 6);
    await().atMost(SOON).until(() -> !controller.streams().isEmpty());
    // What is read ahead is bounded by a few batches.
    assertThat(controller.stream().ledger().generated()).isLessThan(200);
    ackAll(1_000);
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(1_000, 1_000, 0, 0, 0));
  }

  @Test
  void bytesInFlightAreBoundedButOneElementAlwaysGoes() {
    generate(plan, c -> numbers(c, 5, 100_000), "window-bytes = 150k");
    follow(1, "detect", "edge-2:1");
    await().atMost(SOON).during(Duration.ofMillis(300)).until(() -> at("edge-2").offered() == 2);
    ackAll(5);
  }

  @ParameterizedTest
  @EnumSource(
      value = Shed.class,
      names = {"OLDEST", "NEWEST"})
  void aLiveSourceShedsByItsRuleAndCountsExactly(Shed rule) {
    var camera = new Camera();
    var live = Plans.plan(1, Optional.of(rule), List.of(Plans.READER), "detect:reader");
    generate(live, camera, "max-window = 4, live-buffer = 2");
    follow(1, "detect", "edge-2:1");
    for (int i = 0; i < 20; i++) camera.shoot(i);
    await().atMost(SOON).until(() -> shed() == 14);

    var sent = new ArrayList<Long>();
    for (int i = 0; i < 6; i++) {
      var element = at("edge-2").takeNext().element();
      sent.add(element.getSeq() - 500);
      ack(element.getSeq());
    }
    assertThat(sent)
        .isEqualTo(
            rule == Shed.OLDEST
                ? List.of(0L, 1L, 2L, 3L, 18L, 19L)
                : List.of(0L, 1L, 2L, 3L, 4L, 5L));
    await()
        .atMost(SOON)
        .until(() -> controller.stream().ledger().equals(new Ledger(20, 6, 0, 14, 0)));
  }

  @Test
  void whatIsNotAcknowledgedInTimeIsSentAgainWithAHigherAttempt() {
    generate(plan, count(1), "min-resend = 300ms, max-resend = 400ms");
    follow(1, "detect", "edge-2:1");
    for (int attempt = 1; attempt <= 3; attempt++)
      assertThat(at("edge-2").takeNext().element().getAttempt()).isEqualTo(attempt);
    ack(500);
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    // A late acknowledgement of an earlier attempt changes nothing.
    ack(500);
    generator.tell(new Generator.Acknowledged(GenerateKit.failed(500)));
    await().atMost(SOON).until(() -> controller.stream().traffic().resent() >= 2);
    int reports = controller.streams().size();
    await().atMost(SOON).until(() -> controller.streams().size() > reports + 2);
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(1, 1, 0, 0, 0));
  }

  @Test
  void whatGoesThroughASuspectNodeIsSentAroundIt() {
    generate(plan, count(8), "");
    follow(1, "detect", "edge-2:1", "edge-3:1");
    var lost = new TreeSet<Long>();
    for (int i = 0; i < 4; i++) {
      lost.add(at("edge-2").takeNext().element().getSeq());
      ack(at("edge-3").takeNext().element().getSeq());
    }
    generator.tell(new Generator.Suspects(Set.of("edge-2"), false));
    var again = new TreeSet<Long>();
    for (int i = 0; i < 4; i++) {
      var element = at("edge-3").takeNext().element();
      assertThat(element.getAttempt()).isEqualTo(2);
      assertThat(element.getPathList()).extracting(Step::getNode).contains("edge-3");
      again.add(element.getSeq());
      ack(element.getSeq());
    }
    assertThat(again).isEqualTo(lost);
    assertThat(at("edge-2").offered()).isZero();
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
  }

  @Test
  void whatHadNoOtherWayIsSentAgainAsSoonAsTheNodeIsBack() {
    generate(plan, count(3), "min-resend = 1h, max-resend = 1h");
    follow(1, "detect", "edge-2:1");
    for (int i = 0; i < 3; i++) at("edge-2").takeNext();
    generator.tell(new Generator.Suspects(Set.of("edge-2"), false));
    for (int i = 0; i < 3; i++)
      assertThat(at("edge-2").takeNext().element().getAttempt()).isEqualTo(2);
    generator.tell(new Generator.Suspects(Set.of(), false));
    for (int i = 0; i < 3; i++)
      assertThat(at("edge-2").takeNext().element().getAttempt()).isEqualTo(3);
  }

  @Test
  void aNewDecisionHoldsFromTheNextElementOnAndLosesNothing() {
    generate(plan, count(100), "max-window = 5");
    follow(1, "detect", "edge-2:1");
    var seen = new TreeSet<Long>();
    for (int i = 0; i < 50; i++) seen.add(acked(at("edge-2")).getSeq());
    follow(2, "detect", "edge-3:1");
    follow(1, "detect", "edge-4:1"); // older: ignored
    // At most a window was on its way by the old decision.
    int late = 0;
    while (seen.size() < 100) {
      if (at("edge-2").offered() > 0) {
        late++;
        seen.add(acked(at("edge-2")).getSeq());
      } else if (at("edge-3").offered() > 0) {
        var element = acked(at("edge-3"));
        assertThat(element.getDecision()).isEqualTo(2);
        seen.add(element.getSeq());
      }
    }
    assertThat(late).isLessThanOrEqualTo(5);
    assertThat(at("edge-4").offered()).isZero();
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(100, 100, 0, 0, 0));
  }

  @Test
  void aChangedPipelineWaitsForADecisionThatCoversItAndForgetsStagesThatAreGone() {
    var camera = new Camera();
    generate(plan, camera, "");
    follow(1, "detect", "edge-2:1");
    camera.shoot(0);
    acked(at("edge-2"));
    var changed = Plans.plan(2, List.of(Plans.READER), "track:reader");
    generator.tell(new Generator.Change(changed));
    camera.shoot(1);
    await().atMost(SOON).until(() -> controller.stream().ledger().inFlight() == 1);
    // A decision that still names the old stage: the path has only stages of the plan.
    var route = GenerateKit.route("detect", "edge-2:1");
    route.putAll(GenerateKit.route("track", "edge-3:1"));
    generator.tell(new Generator.Follow(GenerateKit.decision(2, route)));
    var element = controller.consumer("edge-3", changed.instance("track")).takeNext().element();
    assertThat(element.getPathList()).isEqualTo(Paths.steps(Map.of("track", "edge-3")));
    // The old stage's link is let go.
    await().atMost(SOON).until(() -> at("edge-2").attached() == 0);
  }

  @Test
  void aSourceThatFailsForAWhileIsOpenedAgainWhereItStopped() {
    var opened = new CopyOnWriteArrayList<Long>();
    generate(
        plan,
        context -> {
          opened.add(context.position());
          var broken = new SourceException("camera is gone", false, null);
          return failing(numbers(context, 30, 10), opened.size() * 10, broken);
        },
        "source-min-backoff = 50ms");
    follow(1, "detect", "edge-2:1");
    var seen = ackAll(30);
    assertThat(opened).containsExactly(0L, 10L, 20L);
    assertThat(seen).isEqualTo(LongStream.range(500, 530).boxed().toList());
    assertThat(controller.streams()).anyMatch(r -> r.state() == StreamState.COMPLETED);
  }

  @Test
  void aSourceThatStaysAwayIsTriedLessAndLessOften() {
    try (var logs = Logs.of(Intake.class)) {
      generate(
          plan,
          context -> Source.failed(new SourceException("no route to camera", false, null)),
          "source-min-backoff = 50ms, source-max-backoff = 150ms");
      follow(1, "detect", "edge-2:1");
      await()
          .atMost(SOON)
          .until(() -> logs.loud().stream().filter(m -> m.contains("in 150 ms")).count() >= 2);
      assertThat(logs.has(Level.WARN, "no route to camera", "in 50 ms")).isTrue();
      assertThat(logs.has(Level.WARN, "no route to camera", "in 100 ms")).isTrue();
      await().atMost(SOON).until(() -> state(StreamState.SOURCE_DOWN));
      assertThat(controller.stream().problem()).contains("no route to camera");
    }
  }

  @Test
  void whatWasReadBeforeAFailureIsNotLost() {
    generate(
        plan,
        context ->
            failing(
                numbers(context, 51, 10),
                50,
                new SourceException("corrupt at frame 50", true, null)),
        "max-window = 1");
    follow(1, "detect", "edge-2:1");
    var seen = new ArrayList<Long>();
    for (int i = 0; i < 50; i++) seen.add(acked(at("edge-2")).getSeq());
    await().atMost(SOON).until(() -> state(StreamState.FAILED));
    assertThat(controller.stream().problem()).contains("corrupt at frame 50");
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(50, 50, 0, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aSourceThatCannotBeOpenedIsAProblemOfTheStream(boolean library) {
    generate(
        plan,
        context -> {
          if (library) throw new UnsatisfiedLinkError("no jniopencv");
          throw new SourceException("no such file", true, null);
        },
        "");
    follow(1, "detect", "edge-2:1");
    await().atMost(SOON).until(() -> state(StreamState.FAILED));
    assertThat(controller.stream().problem().orElseThrow())
        .contains(library ? "no jniopencv" : "no such file");
  }

  @Test
  void anElementThatNoLinkTakesIsDeliveredAsFailed() {
    generate(plan, c -> numbers(c, 1, 3_000), "", "max-element = 2k");
    follow(1, "detect", "edge-2:1");
    var element = controller.consumer("edge-1", InstanceName.OUTBOX).takeNext().element();
    assertThat(element.getEnding().getKind()).isEqualTo(Ending.Kind.FAILED);
    assertThat(element.getEnding().getReason()).contains("dayu.link.max-element is 2048");
    assertThat(element.hasPayload()).isFalse();
  }

  @Test
  void aSourceThatCanWaitWaitsForMemoryAndLosesNothing() {
    sources = new Budget("sources", 256 << 10);
    generate(plan, c -> numbers(c, 20, 60_000), "");
    follow(1, "detect", "edge-2:1");
    for (int seq = 500; seq < 520; seq++) {
      assertThat(at("edge-2").takeNext().element().getSeq()).isEqualTo(seq);
      assertThat(sources.used()).isLessThan(sources.limit());
      ack(seq);
    }
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(sources.used()).isZero();
  }

  @Test
  void aLiveSourceShedsWhatTheNodeHasNoMemoryFor() {
    live = true;
    sources = new Budget("sources", 256 << 10);
    var camera = new Camera();
    generate(plan, camera, "");
    follow(1, "detect", "edge-2:1");
    for (int i = 0; i < 6; i++) camera.shoot(i, 60_000);
    await().atMost(SOON).until(() -> controller.stream().ledger().shed() == 4);
    assertThat(controller.stream().problem().orElseThrow()).contains("dayu.memory.sources");
    assertThat(controller.stream().ledger().generated()).isEqualTo(6);
    ack(500);
    ack(501);
    camera.shoot(6, 60_000);
    await().atMost(SOON).until(() -> controller.stream().ledger().inFlight() == 1);
    assertThat(controller.stream().problem()).isEmpty();
  }

  @Test
  void anElementThatIsTooLargeForTheNodeIsDeliveredAsFailed() {
    sources = new Budget("sources", 256 << 10);
    generate(plan, c -> numbers(c, 1, 70_000), "");
    follow(1, "detect", "edge-2:1");
    var element = controller.consumer("edge-1", InstanceName.OUTBOX).takeNext().element();
    assertThat(element.getEnding().getKind()).isEqualTo(Ending.Kind.FAILED);
    assertThat(element.getEnding().getReason()).contains("dayu.memory.sources");
  }

  @Test
  void whatFailsAtItsSourceIsDeliveredAsFailedAndTheStreamGoesOn() {
    generate(
        plan,
        context ->
            Source.from(
                List.of(
                    GenerateKit.segment(0, 10),
                    Segment.failed("line 2 is no reading", 2),
                    Segment.skipped("line 3 is no reading", 3),
                    GenerateKit.segment(3, 10))),
        "");
    follow(1, "detect", "edge-2:1");
    assertThat(at("edge-2").takeNext().element().getSeq()).isEqualTo(500);
    assertThat(at("edge-2").takeNext().element().getSeq()).isEqualTo(503);
    var ended = new ArrayList<Ending>();
    for (long seq = 501; seq < 503; seq++) {
      var element = controller.consumer("edge-1", InstanceName.OUTBOX).takeNext().element();
      assertThat(element.getSeq()).isEqualTo(seq);
      assertThat(element.hasPayload()).isFalse();
      ended.add(element.getEnding());
    }
    assertThat(ended)
        .extracting(Ending::getKind, Ending::getStage, Ending::getReason)
        .containsExactly(
            tuple(Ending.Kind.FAILED, "cam-0", "line 2 is no reading"),
            tuple(Ending.Kind.SKIPPED, "cam-0", "line 3 is no reading"));
    assertThat(at("edge-2").offered()).isZero();
    generator.tell(
        new Generator.Acknowledged(
            new Acknowledgement(GenerateKit.STREAM, new long[] {500, 502, 503}, new long[] {501})));
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(4, 3, 1, 0, 0));
  }

  @Test
  void aGeneratorThatIsDrainedStopsOnceNothingIsInFlight() {
    generate(plan, count(1_000), "max-window = 3");
    follow(1, "detect", "edge-2:1");
    var probe = kit.createTestProbe();
    var first = at("edge-2").takeNext().element().getSeq();
    assertThat(first).isEqualTo(500);
    generator.tell(Generator.Drain.INSTANCE);
    ack(first);
    // What was read before is delivered; a thousand would not be.
    var drained = new ArrayList<Long>();
    while (drained.size() < 900) {
      try {
        probe.expectTerminated(generator, Duration.ofMillis(1));
        break;
      } catch (AssertionError stillRuns) {
        while (at("edge-2").offered() > 0) drained.add(acked(at("edge-2")).getSeq());
      }
    }
    assertThat(drained.size()).isLessThan(200);
    assertThat(controller.stream().ledger().inFlight()).isZero();
  }

  @Test
  void aDrainDoesNotWaitForEver() {
    generate(plan, count(10), "drain = 100ms");
    follow(1, "detect", "edge-2:1");
    at("edge-2").takeNext();
    generator.tell(Generator.Drain.INSTANCE);
    kit.createTestProbe().expectTerminated(generator, SOON);
  }

  @Test
  void aStreamThatIsDeletedWhileItsNodeStopsWaitsNoLongerThanTheNode() {
    generate(plan, count(10), "drain = 1h, finish = 100ms");
    follow(1, "detect", "edge-2:1");
    at("edge-2").takeNext();
    generator.tell(Generator.Finish.INSTANCE);
    generator.tell(Generator.Drain.INSTANCE);
    kit.createTestProbe().expectTerminated(generator, SOON);
    await().atMost(SOON).until(() -> memory.kept().isEmpty());
  }

  /** A ledger that does not balance cannot be made, so that every report checks it. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void theLedgerBalancesWhateverHappens(long seed) {
    var random = new Random(seed);
    int total = 300;
    generate(plan, count(total), "min-resend = 200ms, max-resend = 300ms, max-window = 16");
    follow(1, "detect", "edge-2:2", "edge-3:1");
    long version = 1;
    var open = new ArrayDeque<Long>();
    var ok = new TreeSet<Long>();
    var bad = new TreeSet<Long>();
    long deadline = System.nanoTime() + SOON.toNanos();
    while (ok.size() + bad.size() < total && System.nanoTime() < deadline) {
      if (open.isEmpty())
        await()
            .atMost(SOON)
            .pollInterval(Duration.ofMillis(5))
            .until(() -> at("edge-2").offered() + at("edge-3").offered() > 0);
      for (var node : List.of("edge-2", "edge-3"))
        while (at(node).offered() > 0) open.add(at(node).takeNext().element().getSeq());
      switch (random.nextInt(12)) {
        case 0 -> generator.tell(new Generator.Suspects(Set.of("edge-2"), false));
        case 1 -> generator.tell(new Generator.Suspects(Set.of(), false));
        case 2 -> follow(++version, "detect", "edge-2:1", "edge-3:" + (1 + random.nextInt(3)));
        case 3 -> open.poll(); // lost on its way
        case 4 -> {
          if (!ok.isEmpty()) ack(ok.first()); // a late one
        }
        case 5 -> {
          var seq = open.poll();
          if (seq != null && !ok.contains(seq)) {
            bad.add(seq);
            generator.tell(new Generator.Acknowledged(GenerateKit.failed(seq)));
          }
        }
        default -> {
          var seq = open.poll();
          if (seq != null && !bad.contains(seq)) {
            ok.add(seq);
            ack(seq);
          }
        }
      }
    }
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger())
        .isEqualTo(new Ledger(total, ok.size(), bad.size(), 0, 0));
    assertThat(controller.stream().traffic().window()).isBetween(1, 16);
  }

  @Test
  void aSuccessorGoesOnAtTheOldestElementThatWasNotAcknowledged() {
    generate(plan, count(10), "max-window = 4");
    follow(1, "detect", "edge-2:1");
    var first = new ArrayList<Long>();
    for (int i = 0; i < 4; i++) first.add(at("edge-2").takeNext().element().getSeq());
    ack(first.get(0), first.get(1), first.get(3)); // the third is the oldest on its way
    await().atMost(SOON).until(() -> memory.kept().orElseThrow().delivered() == 3);
    var left = memory.kept().orElseThrow();
    assertThat(left.position()).isEqualTo(2);
    assertThat(left.nextSeq()).as("reserved ahead").isGreaterThan(510);

    var opened = new CopyOnWriteArrayList<Long>();
    var old = generator;
    var dead = kit.createTestProbe();
    kit.stop(old);
    dead.expectTerminated(old, SOON);
    memory.set(left); // as a crash leaves it
    var underWay = new TreeSet<>(first.subList(2, 3));
    while (at("edge-2").offered() > 0) underWay.add(at("edge-2").takeNext().element().getSeq());
    generate(
        plan,
        context -> {
          opened.add(context.position());
          return numbers(context, 10, 10);
        },
        "");
    follow(1, "detect", "edge-2:1");
    await().atMost(SOON).until(() -> !controller.streams().isEmpty());
    var again = ackAll(7);
    assertThat(opened).containsExactly(2L);
    assertThat(again).as("in order").isSorted().startsWith(underWay.toArray(Long[]::new));
    assertThat(again).as("settled").doesNotContain(first.get(0), first.get(1), first.get(3));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(10, 10, 0, 0, 0));
  }

  @Test
  void whatWasCutSinceTheProgressWasKeptKeepsItsNumberToo() {
    generate(plan, count(6), "max-window = 4");
    await().atMost(SOON).until(() -> memory.kept().isPresent());
    memory.broken(true);
    follow(1, "detect", "edge-2:1");
    for (long seq = 500; seq < 504; seq++)
      assertThat(at("edge-2").takeNext().element().getSeq()).isEqualTo(seq);
    ack(501);
    assertThat(at("edge-2").takeNext().element().getSeq()).isEqualTo(504);
    var dead = kit.createTestProbe();
    kit.stop(generator);
    dead.expectTerminated(generator, SOON);
    assertThat(memory.kept().orElseThrow().used())
        .as("of all that it knows nothing")
        .isEqualTo(500);

    memory.broken(false);
    generate(plan, count(6), "");
    follow(1, "detect", "edge-2:1");
    assertThat(ackAll(6)).startsWith(500L, 501L, 502L, 503L, 504L);
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(6, 6, 0, 0, 0));
  }

  @Test
  void whatIsNotRepeatedAsItWasGetsNewNumbers() {
    memory.set(new Progress("fake:cam", 900, 2, 502, 505, 3, 0, 0, 5, Ranges.of(502, 504)));
    memory.note(
        List.of(
            new SourceSpan(502, 2, 3, 0), new SourceSpan(504, 4, 7, 0))); // in longer segments now
    generate(plan, count(8), "");
    await().atMost(SOON).until(() -> !controller.streams().isEmpty());
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(5, 3, 0, 0, 2));
    follow(1, "detect", "edge-2:1");
    assertThat(ackAll(5)).containsExactly(502L, 900L, 901L, 902L, 903L);
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(8, 8, 0, 0, 0));
  }

  @Test
  void whatIsAcknowledgedBeforeItIsCutAgainIsNotCutAgain() {
    memory.set(new Progress("fake:cam", 900, 2, 502, 505, 2, 0, 0, 5, Ranges.of(502, 503, 504)));
    memory.note(
        List.of(
            new SourceSpan(502, 2, 3, 0),
            new SourceSpan(503, 3, 4, 0),
            new SourceSpan(504, 4, 5, 0)));
    generate(plan, count(6), "");
    await().atMost(SOON).until(() -> !controller.streams().isEmpty());
    ack(503);
    follow(1, "detect", "edge-2:1");
    assertThat(ackAll(3)).containsExactly(502L, 504L, 900L);
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(6, 6, 0, 0, 0));
  }

  @Test
  void whatItsSourceDoesNotHaveAnyMoreIsReportedAsFailed() {
    memory.set(new Progress("fake:cam", 900, 2, 502, 505, 2, 0, 0, 5, Ranges.of(502, 503, 504)));
    memory.note(
        List.of(
            new SourceSpan(502, 2, 3, 0),
            new SourceSpan(503, 3, 4, 0),
            new SourceSpan(504, 4, 5, 0)));
    generate(plan, count(4), "min-resend = 100ms");
    follow(1, "detect", "edge-2:1");
    assertThat(List.of(acked(at("edge-2")).getSeq(), acked(at("edge-2")).getSeq()))
        .containsExactly(502L, 503L);
    var failed = controller.consumer("edge-1", InstanceName.OUTBOX).takeNext().element();
    assertThat(failed.getSeq()).isEqualTo(504);
    assertThat(failed.getEnding().getReason()).contains("ended before it");
    generator.tell(new Generator.Acknowledged(GenerateKit.failed(504)));
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(5, 4, 1, 0, 0));
  }

  @Test
  void aSourceHearsWhatIsSettledOnceThatIsKept() {
    var told = new CopyOnWriteArrayList<Long>();
    var kept = new CopyOnWriteArrayList<Long>();
    var streams = new CopyOnWriteArrayList<String>();
    generate(
        plan,
        context -> {
          streams.add(context.stream());
          context
              .settled()
              .accept(
                  upTo -> {
                    told.add(upTo);
                    kept.add(memory.kept().orElseThrow().position());
                  });
          return numbers(context, 100, 10);
        },
        "max-window = 4");
    follow(1, "detect", "edge-2:1");
    var seqs = new ArrayList<Long>();
    for (int i = 0; i < 4; i++) seqs.add(at("edge-2").takeNext().element().getSeq());
    ack(seqs.get(1), seqs.get(2));
    await().atMost(SOON).until(() -> memory.kept().orElseThrow().delivered() == 2);
    assertThat(told).as("the oldest is still on its way").allMatch(p -> p == 0);
    memory.broken(true);
    ack(seqs.get(0));
    int reports = controller.streams().size();
    await().atMost(SOON).until(() -> controller.streams().size() > reports + 5);
    assertThat(told).as("a crash would go behind it").allMatch(p -> p == 0);
    memory.broken(false);
    await().atMost(SOON).until(() -> told.contains(3L));
    assertThat(told).isSorted().isEqualTo(kept);
    assertThat(streams).containsExactly(GenerateKit.STREAM.toString());
    memory.broken(true);
    ack(seqs.get(3));
    await().atMost(SOON).until(() -> controller.stream().ledger().delivered() == 4);
    memory.broken(false);
    kit.stop(generator);
    await().atMost(SOON).untilAsserted(() -> assertThat(told).endsWith(4L));
  }

  @Test
  void aSourceHearsWhatIsSettledWhileItDrainsToo() {
    var told = new CopyOnWriteArrayList<Long>();
    generate(
        plan,
        context -> {
          context.settled().accept(told::add);
          return numbers(context, 3, 10);
        },
        "");
    follow(1, "detect", "edge-2:1");
    var seqs = new ArrayList<Long>();
    for (int i = 0; i < 3; i++) seqs.add(at("edge-2").takeNext().element().getSeq());
    generator.tell(Generator.Drain.INSTANCE);
    for (var seq : seqs) ack(seq);
    kit.createTestProbe().expectTerminated(generator, SOON);
    await().atMost(SOON).untilAsserted(() -> assertThat(told).endsWith(3L));
  }

  @Test
  void whatALiveSourceHadUnderWayIsReportedAsFailedUnlessItWasStored() {
    live = true;
    memory.set(new Progress("fake:cam", 900, 0, 515, 518, 12, 1, 2, 0, Ranges.of(515, 516, 517)));
    // Cut after the counts were kept.
    memory.note(List.of(new SourceSpan(518, 0, 0, 1_234), new SourceSpan(519, 0, 0, 1_235)));
    var opened = new CopyOnWriteArrayList<Long>();
    generate(
        Plans.plan(1, List.of(Plans.READER), "detect:reader"),
        context -> {
          opened.add(context.position());
          return numbers(context, 1, 10);
        },
        "min-resend = 100ms");
    await().atMost(SOON).until(() -> !controller.streams().isEmpty());
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(20, 12, 1, 2, 5));
    assertThat(controller.stream().problem().orElseThrow()).contains("5 elements", "lost");
    follow(1, "detect", "edge-2:1");
    assertThat(at("edge-2").takeNext().element().getSeq()).isEqualTo(900);
    assertThat(opened).containsExactly(0L);
    var reported = new TreeMap<Long, Element>();
    while (reported.size() < 5) {
      var element = controller.consumer("edge-1", InstanceName.OUTBOX).takeNext().element();
      assertThat(element.getEnding().getKind()).isEqualTo(Ending.Kind.FAILED);
      assertThat(element.getEnding().getReason()).contains("cannot be read again");
      reported.put(element.getSeq(), element);
    }
    assertThat(reported.keySet()).containsExactly(515L, 516L, 517L, 518L, 519L);
    assertThat(reported.get(519L).getCreatedAtMs()).isEqualTo(1_235);
    generator.tell(
        new Generator.Acknowledged(
            new Acknowledgement(
                GenerateKit.STREAM, new long[] {515}, new long[] {516, 517, 518, 519})));
    await().atMost(SOON).until(() -> controller.stream().ledger().delivered() == 13);
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(21, 13, 5, 2, 1));
  }

  @Test
  void whatIsStillOnItsWayHasAMomentToArriveBeforeItIsReported() {
    live = true;
    memory.set(new Progress("fake:cam", 900, 0, 515, 516, 12, 1, 2, 0, Ranges.of(515)));
    generate(plan, count(1), "min-resend = 1h, max-resend = 1h");
    follow(1, "detect", "edge-2:1");
    assertThat(at("edge-2").takeNext().element().getSeq()).isEqualTo(900);
    generator.tell(Generator.Unanswered.INSTANCE);
    assertThat(at("edge-2").takeNext().element().getAttempt()).as("asked for").isEqualTo(2);
    assertThat(controller.consumer("edge-1", InstanceName.OUTBOX).offered()).isZero();
    ack(515, 900);
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(17, 14, 1, 2, 0));
  }

  @Test
  void noNumberIsUsedBeforeItsReservationIsDurable() {
    memory.broken(true);
    generate(plan, count(3), "");
    follow(1, "detect", "edge-2:1");
    await().atMost(SOON).until(() -> controller.streams().size() > 2);
    assertThat(at("edge-2").offered()).isZero();
    assertThat(controller.stream().problem().orElseThrow()).contains("disk full");
    memory.broken(false);
    assertThat(ackAll(3)).containsExactly(500L, 501L, 502L);
  }

  @Test
  void readingStopsWhenNumbersRunOutAndGoesOnWhenTheyCanBeReserved() {
    generate(plan, count(60_000), "");
    await().atMost(SOON).until(() -> memory.kept().isPresent());
    memory.broken(true);
    follow(1, "detect", "edge-2:1");
    long upTo = memory.kept().orElseThrow().nextSeq();
    long last = 0;
    int seen = 0;
    while (seen < upTo - 500 - 200) {
      last = acked(at("edge-2")).getSeq();
      seen++;
    }
    while (true) {
      int reports = controller.streams().size();
      await().atMost(SOON).until(() -> controller.streams().size() > reports + 2);
      if (at("edge-2").offered() == 0) break;
      while (at("edge-2").offered() > 0) {
        last = acked(at("edge-2")).getSeq();
        seen++;
      }
    }
    assertThat(last).isLessThan(upTo);
    memory.broken(false);
    while (seen < 60_000) {
      acked(at("edge-2"));
      seen++;
    }
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    assertThat(controller.stream().ledger()).isEqualTo(new Ledger(60_000, 60_000, 0, 0, 0));
  }

  @Test
  void aStreamThatIsDrainedIsForgottenAndAnEndedNodeGivesItsNumbersBack() {
    generate(plan, count(2), "");
    follow(1, "detect", "edge-2:1");
    ackAll(2);
    var probe = kit.createTestProbe();
    kit.stop(generator);
    probe.expectTerminated(generator, SOON);
    assertThat(memory.kept())
        .contains(new Progress("fake:cam", 502, 2, 502, 502, 2, 0, 0, 2, new Ranges()));

    generate(plan, count(2), "");
    generator.tell(Generator.Drain.INSTANCE);
    probe.expectTerminated(generator, SOON);
    await().atMost(SOON).until(() -> memory.kept().isEmpty());
  }

  @Test
  void progressThatCannotBeKeptAtTheEndIsTold() {
    generate(plan, count(2), "");
    follow(1, "detect", "edge-2:1");
    ackAll(2);
    memory.broken(true);
    try (var logs = Logs.of(Checkpoints.class)) {
      kit.stop(generator);
      await()
          .atMost(SOON)
          .until(
              () ->
                  logs.has(
                      Level.WARN, GenerateKit.STREAM.toString(), "cannot be kept", "disk full"));
    }
  }

  @Test
  void aStreamThatIsDrainedBeforeTheDiskAnswersIsForgotten() {
    var free = new CompletableFuture<Void>();
    synchronized (disk) {
      // What comes after the answer keeps the disk busy, since it cannot answer sooner.
      disk.content(GenerateKit.STREAM).thenRun(free::join);
    }
    generate(plan, count(2), "");
    var probe = kit.createTestProbe();
    generator.tell(Generator.Drain.INSTANCE);
    probe.expectTerminated(generator, SOON);
    free.complete(null);
    disk.content(GenerateKit.STREAM).toCompletableFuture().join();
    assertThat(memory.kept()).isEmpty();
  }

  @Test
  void aPausedSourceIsReadNoMoreAndLaterFromWhereItWasLeft() {
    generate(plan, count(1_000), "max-window = 6");
    follow(1, "detect", "edge-2:1");
    await().atMost(SOON).until(() -> at("edge-2").offered() == 6);
    turn(RunState.PAUSED);
    var seen = new ArrayList<Long>();
    while (isNextOrPaused(seen.size())) seen.add(acked(at("edge-2")).getSeq());
    assertThat(controller.stream().state()).isEqualTo(StreamState.PAUSED);
    assertThat(controller.stream().version()).isEqualTo(2);
    assertThat(seen).hasSizeLessThan(200);

    turn(RunState.RUNNING);
    seen.addAll(ackAll(1_000 - seen.size()));
    assertThat(seen).isEqualTo(LongStream.range(500, 1_500).boxed().toList());
    assertThat(controller.stream().ledger()).isEqualTo(settled(1_000));
    assertThat(controller.stream().version()).isEqualTo(3);
  }

  @Test
  void aLiveSourceThatIsPausedIsClosedAndCountsNothingAsShed() {
    live = true;
    var camera = new Camera();
    generate(plan, camera, "");
    follow(1, "detect", "edge-2:1");
    camera.shoot(0);
    acked(at("edge-2"));
    var before = camera.opened.remove();
    turn(RunState.PAUSED);
    await().atMost(SOON).until(before::isCompleted);
    await().atMost(SOON).until(() -> state(StreamState.PAUSED));
    assertThat(before.offer(GenerateKit.segment(1, 10)).isEnqueued()).isFalse();

    turn(RunState.RUNNING);
    camera.shoot(2);
    acked(at("edge-2"));
    await().atMost(SOON).until(() -> controller.stream().ledger().equals(settled(2)));
    assertThat(controller.stream().state()).isEqualTo(StreamState.RUNNING);
  }

  @Test
  void whatALiveSourceGaveBeforeItWasPausedIsCutAlsoWhereNotEverythingMayBeOpened() {
    access = target -> {};
    whatALiveSourceGaveBeforeItWasPausedIsCutAndNothingAfter();
  }

  @Test
  void whatALiveSourceGaveBeforeItWasPausedIsCutAndNothingAfter() {
    live = true;
    var given = new AtomicLong();
    generate(
        plan,
        context -> Source.repeat(0).map(again -> GenerateKit.segment(given.getAndIncrement(), 10)),
        "");
    follow(1, "detect", "edge-2:1");
    for (int i = 0; i < 3; i++) {
      long before = given.get();
      await().atMost(SOON).until(() -> given.get() > before + 1_000);
      turn(RunState.PAUSED);
      await()
          .atMost(SOON)
          .until(
              () ->
                  state(StreamState.PAUSED)
                      && controller.stream().ledger().generated() == given.get());
      turn(RunState.RUNNING);
    }
  }

  @Test
  void whatASourceWithAThreadOfItsOwnHasReadWhenItIsPausedIsCutAlsoWhereNotEverythingMayBeOpened() {
    access = target -> {};
    whatASourceWithAThreadOfItsOwnHasReadWhenItIsPausedIsCut();
  }

  /** It reads ahead of the window, which is full. */
  @Test
  void whatASourceWithAThreadOfItsOwnHasReadWhenItIsPausedIsCut() {
    repeats = false;
    var given = new AtomicLong();
    generate(
        plan,
        context -> {
          var ending = SourceEnd.of(context);
          return Source.unfoldResource(
                  () -> ending,
                  end ->
                      end.isAsked()
                          ? Optional.<Segment>empty()
                          : Optional.of(GenerateKit.segment(given.getAndIncrement(), 10)),
                  end -> {})
              .withAttributes(ActorAttributes.dispatcher(SourceContext.BLOCKING_DISPATCHER));
        },
        "max-window = 2");
    follow(1, "detect", "edge-2:1");
    for (int i = 0; i < 3; i++) {
      long before = given.get();
      await().atMost(SOON).until(() -> given.get() > before + 10);
      turn(RunState.PAUSED);
      await()
          .atMost(SOON)
          .until(
              () ->
                  state(StreamState.PAUSED)
                      && controller.stream().ledger().generated() == given.get());
      // The window has room again, and the source reads ahead.
      for (long left = given.get() - before; left > 0; left--) acked(at("edge-2"));
      turn(RunState.RUNNING);
    }
  }

  @Test
  void aSourceThatIsAskedToEndAndDoesNotIsCutOff() {
    live = true;
    var cut = new CompletableFuture<Done>();
    generate(
        plan,
        context -> {
          context.end().accept(() -> {});
          return Source.<Segment>never()
              .watchTermination(
                  (never, done) -> {
                    done.thenAccept(cut::complete);
                    return never;
                  });
        },
        "");
    follow(1, "detect", "edge-2:1");
    await().atMost(SOON).until(() -> controller.stream().decision() == 1);
    turn(RunState.PAUSED);
    await().atMost(SOON).until(cut::isDone);
  }

  @Test
  void aStreamThatBeginsPausedOpensItsSourceWhenItIsToGoOn() {
    var opened = new AtomicInteger();
    var paused = Plans.turned(plan, RunState.PAUSED, List.of(Plans.READER));
    generate(
        paused,
        context -> {
          opened.incrementAndGet();
          return numbers(context, 3, 10);
        },
        "");
    follow(1, "detect", "edge-2:1");
    await().atMost(SOON).until(() -> state(StreamState.PAUSED));
    assertThat(opened).hasValue(0);
    running = paused;
    turn(RunState.RUNNING);
    ackAll(3);
    assertThat(opened).hasValue(1);
  }

  @Test
  void aSourceThatIsDownIsNotTriedAgainWhileItsPipelineIsPaused() {
    var tries = new AtomicInteger();
    generate(
        plan,
        context ->
            tries.incrementAndGet() == 1
                ? Source.failed(new SourceException("no camera", false, null))
                : numbers(context, 2, 10),
        "source-min-backoff = 1h, source-max-backoff = 1h");
    follow(1, "detect", "edge-2:1");
    await().atMost(SOON).until(() -> state(StreamState.SOURCE_DOWN));
    turn(RunState.PAUSED);
    await().atMost(SOON).until(() -> state(StreamState.PAUSED));
    assertThat(controller.stream().problem()).isEmpty();
    turn(RunState.RUNNING);
    ackAll(2);
    assertThat(tries).as("at once: nobody waits for the back-off then").hasValue(2);
  }

  /** Opened again it would give again what is in flight, which would then be there twice. */
  @Test
  void aSourceThatIsToldWhatIsSettledStaysOpenAndWhatItGivesMeanwhileWaits() {
    var camera = new Camera();
    generate(
        plan,
        context -> {
          context.settled().accept(upTo -> {});
          return camera.apply(context);
        },
        "");
    follow(1, "detect", "edge-2:1");
    camera.shoot(0);
    var first = at("edge-2").takeNext().element();
    turn(RunState.PAUSED);
    await().atMost(SOON).until(() -> state(StreamState.PAUSED));
    camera.shoot(1);
    camera.shoot(2);
    ack(first.getSeq());
    await().atMost(SOON).until(() -> controller.stream().ledger().equals(settled(1)));
    int reports = controller.streams().size();
    await().atMost(SOON).until(() -> controller.streams().size() > reports + 2);
    assertThat(controller.stream().ledger()).isEqualTo(settled(1));

    turn(RunState.RUNNING);
    assertThat(List.of(acked(at("edge-2")).getSeq(), acked(at("edge-2")).getSeq()))
        .containsExactly(501L, 502L);
    await().atMost(SOON).until(() -> controller.stream().ledger().equals(settled(3)));
    assertThat(camera.opened).as("openings").hasSize(1);
  }

  @Test
  void aSourceThatIsToldWhatIsSettledIsClosedWhenItsPipelineIsStoppedAndAllIsTold() {
    var camera = new Camera();
    var told = new AtomicLong();
    generate(
        plan,
        context -> {
          context.settled().accept(told::set);
          return camera.apply(context);
        },
        "");
    follow(1, "detect", "edge-2:1");
    camera.shoot(0);
    var first = at("edge-2").takeNext().element();
    var before = camera.opened.peek();
    turn(RunState.STOPPED);
    await().atMost(SOON).until(() -> state(StreamState.PAUSED));
    int reports = controller.streams().size();
    await().atMost(SOON).until(() -> controller.streams().size() > reports + 2);
    assertThat(before.isCompleted()).as("something is in flight").isFalse();
    ack(first.getSeq());
    await().atMost(SOON).until(before::isCompleted);
    assertThat(told).hasValue(1);

    turn(RunState.RUNNING);
    await().atMost(SOON).until(() -> camera.opened.size() == 2);
  }

  /** Waits until an element has come, or {@code count} are all that were cut and are settled. */
  private boolean isNextOrPaused(int count) {
    await()
        .atMost(SOON)
        .until(
            () ->
                at("edge-2").offered() > 0
                    || state(StreamState.PAUSED)
                        && controller.stream().ledger().equals(settled(count)));
    return at("edge-2").offered() > 0;
  }

  private static Ledger settled(long count) {
    return new Ledger(count, count, 0, 0, 0);
  }

  private void turn(RunState state) {
    running = Plans.turned(running, state, List.of(Plans.READER));
    generator.tell(new Generator.Change(running));
  }

  /** A live source: what a test shoots is there at once. */
  private final class Camera implements Function<SourceContext, Source<Segment, NotUsed>> {
    private final BlockingQueue<BoundedSourceQueue<Segment>> opened = new LinkedBlockingQueue<>();

    @Override
    public Source<Segment, NotUsed> apply(SourceContext context) {
      var made = Source.<Segment>queue(100).preMaterialize(kit.system());
      opened.add(made.first());
      return made.second();
    }

    void shoot(int number) {
      shoot(number, 10);
    }

    void shoot(int number, int bytes) {
      await().atMost(SOON).until(() -> !opened.isEmpty());
      opened.peek().offer(GenerateKit.segment(number, bytes));
    }
  }

  private static Function<SourceContext, Source<Segment, NotUsed>> count(long count) {
    return context -> numbers(context, count, 10);
  }

  private static Source<Segment, NotUsed> numbers(SourceContext context, long count, int bytes) {
    return Source.fromIterator(() -> LongStream.range(context.position(), count).iterator())
        .map(n -> GenerateKit.segment(n, bytes));
  }

  /** The source as far as a position, then an error. */
  private static Source<Segment, NotUsed> failing(
      Source<Segment, NotUsed> source, long position, SourceException error) {
    return source.map(
        segment -> {
          if (segment.position() > position) throw error;
          return segment;
        });
  }

  private void generate(
      Plan plan, Function<SourceContext, Source<Segment, NotUsed>> open, String settings) {
    generate(plan, open, settings, "");
  }

  private void generate(
      Plan plan,
      Function<SourceContext, Source<Segment, NotUsed>> open,
      String settings,
      String links) {
    var generate = GenerateKit.patient(settings);
    var identity =
        new Generator.Identity(
            "edge-1",
            plan,
            plan.spec().sources().get(0),
            GenerateKit.source(live, live || !repeats ? Repeat.NONE : Repeat.EXACT, open),
            access,
            firstSeq,
            memory,
            disk,
            failed);
    generator =
        kit.spawn(
            Generator.create(
                new Generator.Setup(
                    generate,
                    FlowKit.links(links),
                    new SourceBytes(sources),
                    () -> GenerateKit.steady(generate),
                    Duration.ofMillis(100),
                    Sides.NONE,
                    Clock.systemUTC(),
                    System::nanoTime),
                identity,
                controller.ofGenerator(),
                controller.locator()));
  }

  private TestConsumer at(String node) {
    return controller.consumer(node, plan.instance("detect"));
  }

  private Element acked(TestConsumer consumer) {
    var element = consumer.takeNext().element();
    ack(element.getSeq());
    return element;
  }

  private List<Long> ackAll(int count) {
    var seen = new ArrayList<Long>();
    for (int i = 0; i < count; i++) seen.add(acked(at("edge-2")).getSeq());
    await().atMost(SOON).until(() -> state(StreamState.COMPLETED));
    return seen;
  }

  private void ack(long... seqs) {
    generator.tell(new Generator.Acknowledged(GenerateKit.delivered(seqs)));
  }

  private boolean state(StreamState state) {
    return !controller.streams().isEmpty() && controller.stream().state() == state;
  }

  private long shed() {
    return controller.streams().isEmpty() ? 0 : controller.stream().ledger().shed();
  }

  /** {@code node:weight} for every share. */
  private void follow(long version, String stage, String... shares) {
    generator.tell(
        new Generator.Follow(GenerateKit.decision(version, GenerateKit.route(stage, shares))));
  }
}
