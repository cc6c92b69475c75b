package io.dayu.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.typesafe.config.ConfigFactory;
import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Media;
import io.dayu.element.Output;
import io.dayu.element.Outputs;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.SideVersions;
import io.dayu.flow.FakeController;
import io.dayu.link.FlowKit;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSettings;
import io.dayu.link.Parcel;
import io.dayu.link.TestConsumer;
import io.dayu.link.TestProducer;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PerBox;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.side.SideStore;
import io.dayu.side.SideValues;
import io.dayu.side.Sides;
import io.dayu.stage.ModelFiles;
import io.dayu.stage.Outcome;
import io.dayu.stage.ServiceProvider;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProcessorStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final LinkSettings links = FlowKit.links("");
  private ActorTestKit kit;
  private FakeController controller;
  private Plan plan;
  private ActorRef<Inlet.Command> processor;
  private TestProducer producer;
  private Sides sides = Sides.NONE;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
    controller = new FakeController(kit);
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void theOutputTimesAndTriesAreAddedAndTheElementGoesOn() {
    process(Plans.READER, "", "detect:reader", "track:reader<detect");
    send(7);
    var element = next("track").takeNext().element();
    assertThat(Outputs.get(element, "detect")).isEqualTo(element.getPayload());
    assertThat(element.getTrace(0).getStage()).isEqualTo("detect");
    assertThat(element.getTrace(0).getNode()).isEqualTo("edge-1");
    assertThat(element.getTrace(0).getTries()).isEqualTo(1);
    assertThat(element.getPayload()).isEqualTo(FlowKit.element(7, 10).getPayload());
  }

  @Test
  void thePayloadTravelsOnlyWhereItIsRead() {
    process(
        List.of(Plans.READER, Plans.COUNTER),
        Plans.READER,
        "",
        "detect:reader",
        "track:reader<detect",
        "count:counter<detect");
    send(1);
    assertThat(next("track").takeNext().element().hasPayload()).isTrue();
    assertThat(next("count").takeNext().element().hasPayload()).isFalse();
  }

  @Test
  void aKeptPayloadReachesTheOutbox() {
    process(Plans.READER, "", "detect:reader");
    send(1);
    producer.send(parcel(FlowKit.element(2, 10).toBuilder().setKeep(true).build()));
    assertThat(outbox().takeNext().element().hasPayload()).isFalse();
    assertThat(outbox().takeNext().element().hasPayload()).isTrue();
  }

  @Test
  void whatIsFilteredOutIsDeliveredEmptyByThisNode() {
    process(stage(e -> new Outcome.Skip("nobody there")), "", "detect:fake", "track:fake<detect");
    send(1);
    var ending = outbox().takeNext().element().getEnding();
    assertThat(ending.getKind()).isEqualTo(Ending.Kind.SKIPPED);
    assertThat(ending.getStage()).isEqualTo("detect");
    assertThat(ending.getReason()).isEqualTo("nobody there");
  }

  @Test
  void anExceptionFailsTheElementAfterAllTriesWithItsCause() {
    var calls = new AtomicInteger();
    process(
        stage(
            e -> {
              if (e.getSeq() % 10 != 0) return Stages.output(e.getPayload());
              calls.incrementAndGet();
              throw new IllegalStateException("cannot see");
            }),
        "max-tries = 3",
        "detect:fake");
    for (int seq = 1; seq <= 20; seq++) send(seq);
    var failed = new TreeSet<Long>();
    for (int i = 0; i < 20; i++) {
      var element = outbox().takeNext().element();
      if (!element.hasEnding()) continue;
      failed.add(element.getSeq());
      assertThat(element.getEnding().getKind()).isEqualTo(Ending.Kind.FAILED);
      assertThat(element.getEnding().getReason()).contains("cannot see");
      assertThat(element.getTrace(0).getTries()).isEqualTo(3);
    }
    assertThat(failed).containsExactly(10L, 20L);
    assertThat(calls).hasValue(6);
    await()
        .atMost(SOON)
        .until(() -> controller.hasStage() && controller.stage().work().failed() == 6);
    assertThat(controller.stage().restarts()).isZero();
    assertThat(controller.stage().work().processed()).isEqualTo(18);
    assertThat(controller.stage().problem().orElseThrow()).matches("\\S+/\\S+ #[12]0: cannot see");
  }

  @Test
  void whatCannotSucceedIsNotTriedAgain() {
    process(stage(e -> new Outcome.Failed("broken picture", false)), "", "detect:fake");
    send(1);
    var element = outbox().takeNext().element();
    assertThat(element.getTrace(0).getTries()).isEqualTo(1);
    assertThat(element.getEnding().getReason()).isEqualTo("broken picture");
  }

  @Test
  void anOutputThatNoLinkTakesIsDeliveredAsFailed() {
    var small = FlowKit.links("max-element = 2k");
    process(List.of(Plans.READER), Plans.READER, small, "", "detect:reader", "track:reader<detect");
    producer.send(parcel(FlowKit.element(1, 1_500)));
    assertThat(outbox().takeNext().element().getEnding().getReason())
        .contains("dayu.link.max-element is 2048");
  }

  @Test
  void aStageThatNeverAnswersLosesTheElementAfterTheTimeout() {
    // Late answers to the first element are not taken for answers to the next one.
    var late = new CopyOnWriteArrayList<StageCommand.Process>();
    process(
        Plans.stage(
            "fake",
            true,
            1,
            c ->
                Behaviors.receiveMessage(
                    message -> {
                      var asked = (StageCommand.Process) message;
                      if (asked.element().getSeq() == 1) {
                        late.add(asked);
                        return Behaviors.same();
                      }
                      late.forEach(p -> p.replyTo().tell(new Outcome.Skip("late")));
                      asked.replyTo().tell(Stages.output(asked.element().getPayload()));
                      return Behaviors.same();
                    })),
        "stage-timeout = 1s, max-tries = 2",
        "detect:fake");
    send(1);
    var element = outbox().takeNext().element();
    assertThat(element.getEnding().getReason()).contains("no answer within 1000 ms");
    assertThat(element.getTrace(0).getTries()).isEqualTo(2);
    assertThat(late).hasSize(2);

    send(2);
    var next = outbox().takeNext().element();
    assertThat(next.getSeq()).isEqualTo(2);
    assertThat(next.hasEnding()).isFalse();
  }

  @Test
  void aCallThatStillRunsAfterTheTimeoutIsNotMadeAgainAndOthersWaitForItsEnd() throws Exception {
    var called = new LinkedBlockingQueue<Long>();
    var release = new CountDownLatch(1);
    process(
        Plans.stage(
            "fake",
            true,
            4,
            c ->
                Stages.sync(
                    e -> {
                      called.add(e.getSeq());
                      if (e.getSeq() == 1) release.await();
                      return Stages.output(e.getPayload());
                    })),
        "stage-timeout = 1s, max-tries = 60",
        "detect:fake");
    send(1);
    send(1); // again, because nothing acknowledges it; the stage takes it with the first one
    send(2);
    var first = outbox().takeNext().element();
    assertThat(first.getSeq()).isEqualTo(1);
    assertThat(first.getEnding().getReason())
        .contains("no answer within 1000 ms", "it is not tried again");
    assertThat(first.getTrace(0).getTries()).isEqualTo(1);
    send(1); // again, later
    await()
        .atMost(SOON)
        .until(() -> controller.hasStage() && controller.stage().problem().isPresent());
    assertThat(called).containsExactly(1L);

    release.countDown();
    var others =
        List.of(
            outbox().takeNext().element(),
            outbox().takeNext().element(),
            outbox().takeNext().element());
    assertThat(others).filteredOn(e -> e.getSeq() == 1).hasSize(2).allMatch(Element::hasEnding);
    assertThat(others).filteredOn(e -> e.getSeq() == 2).hasSize(1).noneMatch(Element::hasEnding);
    assertThat(called).containsExactly(1L, 2L);
  }

  @Test
  void nothingWaitsForEverForACallThatDoesNotReturn() {
    var release = new CountDownLatch(1);
    try {
      process(
          Plans.stage(
              "fake",
              true,
              1,
              c ->
                  Stages.sync(
                      e -> {
                        release.await();
                        return Stages.output(e.getPayload());
                      })),
          "stage-timeout = 500ms, max-tries = 2",
          "detect:fake");
      // More than the window holds: each gives its credit back once, whatever becomes of it.
      int count = links.elementWindow() + 10;
      for (int seq = 1; seq <= count; seq++) send(seq);
      for (int seq = 1; seq <= count; seq++) {
        var element = outbox().takeNext().element();
        assertThat(element.getEnding().getKind()).isEqualTo(Ending.Kind.FAILED);
        if (element.getSeq() > 1)
          assertThat(element.getEnding().getReason())
              .contains("still busy with an earlier element");
      }
      assertThat(producer.waiting()).isZero();
    } finally {
      release.countDown();
    }
  }

  @Test
  void nothingWaitsForEverForAStageThatDoesNotOpen() {
    var release = new CountDownLatch(1);
    var called = new AtomicInteger();
    try {
      process(
          Plans.stage(
              "fake",
              true,
              1,
              c ->
                  Behaviors.setup(
                      context -> {
                        release.await();
                        return Stages.sync(
                            e -> {
                              called.incrementAndGet();
                              return Stages.output(e.getPayload());
                            });
                      })),
          "stage-timeout = 500ms, max-tries = 2",
          "detect:fake");
      send(1);
      var element = outbox().takeNext().element();
      assertThat(element.getEnding().getReason()).contains("no answer within 500 ms");
      assertThat(element.getTrace(0).getTries()).isEqualTo(2);
    } finally {
      release.countDown();
    }
    send(2);
    assertThat(outbox().takeNext().element().hasEnding()).isFalse();
    assertThat(called).as("calls; those for the first were given up").hasValue(1);
  }

  @Test
  void aSecondAnswerIsNotTakenForTheNextElements() {
    var asked = new LinkedBlockingQueue<StageCommand.Process>();
    process(raw(asked), "", "detect:fake");
    send(1);
    send(2);
    var first = poll(asked);
    first.replyTo().tell(Stages.output(first.element().getPayload()));
    var second = poll(asked);
    first.replyTo().tell(new Outcome.Skip("said before"));
    assertThat(outbox().takeNext().element().getSeq()).isEqualTo(1);
    await().atMost(SOON).during(Duration.ofMillis(300)).until(() -> outbox().offered() == 0);
    second.replyTo().tell(Stages.output(second.element().getPayload()));
    var element = outbox().takeNext().element();
    assertThat(element.getSeq()).isEqualTo(2);
    assertThat(element.hasEnding()).isFalse();
  }

  @Test
  void aStageThatCrashesIsStartedAgainAndItsElementsAreTriedAgain() {
    var started = new AtomicInteger();
    var crashed = new AtomicInteger();
    var provider =
        Plans.stage(
            "fake",
            true,
            4,
            c -> {
              started.incrementAndGet();
              return Behaviors.receiveMessage(
                  message -> {
                    var process = (StageCommand.Process) message;
                    if (process.element().getSeq() == 3 && crashed.incrementAndGet() == 1)
                      throw new IllegalStateException("out of memory on the device");
                    process.replyTo().tell(Stages.output(process.element().getPayload()));
                    return Behaviors.same();
                  });
            });
    process(provider, "min-backoff = 50ms", "detect:fake");
    for (int seq = 0; seq < 10; seq++) send(seq);
    assertThat(seqs(outbox(), 10)).hasSize(10);
    assertThat(started).hasValue(2);
    await().atMost(SOON).until(() -> controller.hasStage() && controller.stage().restarts() == 1);
    await().atMost(SOON).until(() -> controller.stage().state() == StageState.RUNNING);
    assertThat(controller.stage().problem().orElseThrow())
        .matches(
            "crashed while it worked on \\S+/\\S+ #\\d+( and others)?: out of memory on the"
                + " device");
  }

  @Test
  void theThirdElementOfATurnThatCrashesTheStageDoesNotHarmTheOthers() {
    var third = new AtomicInteger();
    var others = new LinkedBlockingQueue<Long>();
    process(
        Plans.stage(
            "fake",
            true,
            1,
            c ->
                Stages.sync(
                    e -> {
                      if (e.getSeq() == 12) {
                        third.incrementAndGet();
                        throw new AssertionError("out of memory on the device");
                      }
                      others.add(e.getSeq());
                      return Stages.output(e.getPayload());
                    })),
        "min-backoff = 50ms, max-tries = 2",
        "detect:fake");
    turnOf(10, 20);
    var tries = new TreeMap<Long, Integer>();
    for (int i = 0; i < 11; i++) {
      var element = outbox().takeNext().element();
      if (element.getSeq() > 0) tries.put(element.getSeq(), element.getTrace(0).getTries());
      assertThat(element.hasEnding()).isEqualTo(element.getSeq() == 12);
    }
    assertThat(third).hasValue(2);
    assertThat(tries).hasSize(10);
    tries.forEach((seq, count) -> assertThat(count).isEqualTo(seq == 12 ? 2 : 1));
    assertThat(others).as("one call each").doesNotHaveDuplicates().hasSize(10);
  }

  @Test
  void whatWasAnsweredDoesNotWaitForAnElementOfItsTurnThatBlocks() {
    var release = new CountDownLatch(1);
    try {
      process(
          stage(
              e -> {
                if (e.getSeq() == 12) release.await();
                return Stages.output(e.getPayload());
              }),
          "stage-timeout = 1h", // a tenth of which passes between the processor's own looks
          "detect:fake");
      turnOf(10, 20);
      for (long seq : List.of(0L, 10L, 11L))
        assertThat(outbox().takeNext().element().getSeq()).isEqualTo(seq);
    } finally {
      release.countDown();
    }
    for (long seq = 12; seq < 20; seq++)
      assertThat(outbox().takeNext().element().getSeq()).isEqualTo(seq);
  }

  @Test
  void aStageThatStopsItselfIsStartedAgain() {
    var started = new AtomicInteger();
    process(
        Plans.stage(
            "fake",
            true,
            1,
            c ->
                started.incrementAndGet() == 1
                    ? Behaviors.receiveMessage(m -> Behaviors.stopped())
                    : Stages.sync(e -> Stages.output(e.getPayload()))),
        "min-backoff = 50ms",
        "detect:fake");
    send(1);
    assertThat(outbox().takeNext().element().hasEnding()).isFalse();
    assertThat(started).hasValue(2);
  }

  @Test
  void aMissingLibraryIsTheStagesCrashAndNotTheNodes() {
    var started = new AtomicInteger();
    process(
        Plans.stage(
            "fake",
            true,
            1,
            c -> {
              if (started.incrementAndGet() == 1) throw new UnsatisfiedLinkError("no jnitflite");
              if (started.get() == 2) throw new IllegalArgumentException("no model");
              return Behaviors.receiveMessage(
                  message -> {
                    var process = (StageCommand.Process) message;
                    if (started.get() == 3) throw new NoClassDefFoundError("org/bytedeco/Mat");
                    process.replyTo().tell(Stages.output(process.element().getPayload()));
                    return Behaviors.same();
                  });
            }),
        "min-backoff = 50ms",
        "detect:fake");
    send(1);
    assertThat(outbox().takeNext().element().hasEnding()).isFalse();
    assertThat(started).hasValue(4);
    await().atMost(SOON).until(() -> controller.hasStage() && controller.stage().restarts() == 3);
  }

  @Test
  void memoryThatNativesAreRefusedIsTheStagesCrashAndNotTheNodes() {
    var started = new AtomicInteger();
    process(
        Plans.stage(
            "fake",
            true,
            1,
            c -> {
              if (started.incrementAndGet() == 1)
                throw new OutOfMemoryError("Physical memory usage is too high: 2G > 1G");
              return Behaviors.receiveMessage(
                  message -> {
                    var process = (StageCommand.Process) message;
                    if (started.get() == 2) throw new OutOfMemoryError("Cannot allocate new Mat");
                    process.replyTo().tell(Stages.output(process.element().getPayload()));
                    return Behaviors.same();
                  });
            }),
        "min-backoff = 50ms",
        "detect:fake");
    send(1);
    assertThat(outbox().takeNext().element().hasEnding()).isFalse();
    assertThat(started).hasValue(3);
  }

  @Test
  void aStageThatKeepsCrashingIsReportedAndHoldsTheElements() {
    process(
        Plans.stage(
            "fake",
            true,
            1,
            c -> {
              throw new IllegalStateException("no model");
            }),
        "min-backoff = 50ms, max-backoff = 10m",
        "detect:fake");
    for (int seq = 0; seq < 2_000; seq++) send(seq);
    await().atMost(SOON).until(() -> controller.hasStage() && controller.stage().restarts() >= 3);
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(controller.stage().state()).isEqualTo(StageState.BACKING_OFF);
              assertThat(controller.stage().problem().orElse("")).contains("no model");
              assertThat(controller.stage().work().queue()).isEqualTo(links.elementWindow());
              assertThat(producer.waiting()).isEqualTo(2_000 - links.elementWindow());
            });
  }

  @Test
  void theBranchesOfAForkMeetInTheJoin() {
    process(
        List.of(Plans.READER, Plans.COUNTER),
        Plans.READER,
        "",
        "join:reader<a,b",
        "a:reader",
        "b:reader");
    for (int seq = 0; seq < 50; seq++) {
      producer.send(parcel(branch(seq, "a", true)));
      producer.send(parcel(branch(seq, "b", false)));
    }
    for (int seq = 0; seq < 50; seq++) {
      var element = outbox().takeNext().element();
      assertThat(element.getSeq()).isEqualTo(seq);
      assertThat(element.getOutputsList())
          .extracting(Output::getStage)
          .containsExactlyInAnyOrder("a", "b", "join");
      assertThat(element.getTraceList().stream().map(h -> h.getStage()))
          .containsExactly("a", "b", "join");
      // The payload came with one branch only.
      assertThat(Outputs.get(element, "join").getOpaque().size()).isEqualTo(1_000);
    }
  }

  @Test
  void aJoinGivesBackToEachProducerWhatItOffered() {
    plan = Plans.plan(1, List.of(Plans.READER), "join:reader<a,b", "a:reader", "b:reader");
    processor = spawn(plan, "join", Plans.READER, links, "");
    var grants = kit.<Inlet.Grant>createTestProbe();
    processor.tell(new Inlet.Attach(grants.getRef(), 4, 1 << 20));
    assertThat(grants.receiveMessage(SOON).bytes()).isEqualTo(1 << 20);
    long offered = 0;
    long granted = 0;
    for (int seq = 0; seq < 10; seq++)
      for (var stage : List.of("a", "b")) {
        var parcel = parcel(branch(seq, stage, stage.equals("a")));
        offered += parcel.weight();
        processor.tell(new Inlet.Offer(List.of(parcel), grants.getRef()));
        granted += grants.receiveMessage(SOON).bytes();
      }
    assertThat(granted).isEqualTo(offered);
  }

  @Test
  void aBranchWhosePartnerNeverComesIsGivenUp() {
    process(
        List.of(Plans.READER),
        Plans.READER,
        "join-patience = 200ms",
        "join:reader<a,b",
        "a:reader",
        "b:reader");
    producer.send(parcel(branch(1, "a", true)));
    // What comes after it has passed, so it waits in the join.
    producer.send(parcel(branch(3, "a", true)));
    producer.send(parcel(branch(3, "b", true)));
    assertThat(outbox().takeNext().element().getSeq()).isEqualTo(3);
    int reports = reports();
    await().atMost(SOON).until(() -> reports() > reports + 10);
    producer.send(parcel(branch(1, "b", true))); // too late
    producer.send(parcel(branch(2, "a", true)));
    producer.send(parcel(branch(2, "b", true)));
    assertThat(outbox().takeNext().element().getSeq()).isEqualTo(2);
  }

  @Test
  void aJoinThatIsTooSmallSaysSo() {
    process(
        List.of(Plans.READER),
        Plans.READER,
        "join-capacity = 4",
        "join:reader<a,b",
        "a:reader",
        "b:reader");
    for (int seq = 0; seq < 7; seq++) producer.send(parcel(branch(seq, "a", true)));
    await()
        .atMost(SOON)
        .until(
            () ->
                controller.hasStage()
                    && controller.stage().problem().orElse("").contains("join-capacity"));
    for (int seq = 3; seq < 7; seq++) producer.send(parcel(branch(seq, "b", true)));
    for (int seq = 3; seq < 7; seq++)
      assertThat(outbox().takeNext().element().getSeq()).isEqualTo(seq);
  }

  @Test
  void whileNothingIsTakenBehindItNoWorkIsBegun() {
    var begun = new AtomicInteger();
    process(
        List.of(Plans.READER),
        stage(
            e -> {
              begun.incrementAndGet();
              return Stages.output(e.getPayload());
            }),
        FlowKit.links("element-window = 16"),
        "max-waiting = 4",
        "detect:fake",
        "track:reader<detect");
    for (int seq = 0; seq < 200; seq++) send(seq);
    // 16 are with the next stage, 4 wait for it.
    await()
        .atMost(SOON)
        .during(Duration.ofMillis(300))
        .until(() -> begun.get() == 20 && next("track").offered() == 16);
    assertThat(producer.waiting()).isGreaterThan(200 - 20 - 16 - 16);
    for (int seq = 0; seq < 200; seq++)
      assertThat(next("track").takeNext().element().getSeq()).isEqualTo(seq);
  }

  @Test
  void anInstanceThatIsNoLongerWantedWaitsForLateElementsAndStops() {
    process(Plans.READER, "retire-after = 500ms", "detect:reader");
    var grants = kit.<Inlet.Grant>createTestProbe();
    processor.tell(new Inlet.Attach(grants.getRef(), 4, 1 << 20));
    // From the same sender, so that it is there before any time has passed.
    processor.tell(Processor.Retire.INSTANCE);
    processor.tell(new Inlet.Offer(List.of(parcel(FlowKit.element(1, 10))), grants.getRef()));
    assertThat(outbox().takeNext().element().getSeq()).isEqualTo(1);
    kit.createTestProbe().expectTerminated(processor, SOON);
    await().atMost(SOON).until(() -> outbox().attached() == 0);
  }

  @Test
  void anInstanceOfAStoppedPipelineIsUnloadedUnlessItRunsOn() {
    process(Plans.READER, "retire-after = 1h", "detect:reader");
    send(0);
    assertThat(outbox().takeNext().element().getSeq()).isZero();
    processor.tell(Processor.Unload.INSTANCE);
    processor.tell(Processor.Stay.INSTANCE);
    var watcher = kit.createTestProbe();
    await()
        .atMost(SOON)
        .during(Processor.UNLOAD_AFTER.plusSeconds(1))
        .until(() -> outbox().attached() == 1);
    send(1);
    assertThat(outbox().takeNext().element().getSeq()).isEqualTo(1);
    processor.tell(Processor.Unload.INSTANCE);
    watcher.expectTerminated(processor, SOON);
  }

  private static StageProvider stage(Stages.Work work) {
    return Plans.stage("fake", true, 1, c -> Stages.sync(work));
  }

  /** A stage whose answers the test gives. */
  private static StageProvider raw(BlockingQueue<StageCommand.Process> asked) {
    return Plans.stage(
        "fake",
        true,
        1,
        c ->
            Behaviors.receiveMessage(
                message -> {
                  asked.add((StageCommand.Process) message);
                  return Behaviors.same();
                }));
  }

  @Test
  void elementsOfALaterPlanComeByAnEntranceAndGoOnAsThatPlanSays() {
    process(Plans.READER, "", "detect:reader", "track:reader<detect");
    var later = Plans.plan(2, List.of(Plans.READER), "detect:reader", "blur:reader<detect");
    var entrance =
        kit.spawn(Entrance.create(processor, later, Duration.ofMillis(100), System::nanoTime));
    var second = new TestProducer(kit, links, entrance);
    for (int seq = 0; seq < 200; seq++) {
      send(seq);
      second.send(parcel(FlowKit.element(1_000 + seq, 10), later));
    }
    assertThat(seqs(next("track"), 200)).isEqualTo(LongStream.range(0, 200).boxed().toList());
    assertThat(seqs(controller.consumer("edge-2", later.instance("blur")), 200))
        .isEqualTo(LongStream.range(1_000, 1_200).boxed().toList());

    var watcher = kit.createTestProbe();
    entrance.tell(Processor.Retire.INSTANCE);
    watcher.expectTerminated(entrance, SOON);
    send(200);
    assertThat(next("track").takeNext().element().getSeq()).isEqualTo(200);
  }

  @Test
  void anEntranceEndsWithItsProcessor() {
    process(Plans.READER, "", "detect:reader");
    var entrance =
        kit.spawn(Entrance.create(processor, plan, Duration.ofHours(1), System::nanoTime));
    kit.stop(processor);
    kit.createTestProbe().expectTerminated(entrance, SOON);
  }

  private static StageCommand.Process poll(BlockingQueue<StageCommand.Process> asked) {
    try {
      var process = asked.poll(SOON.toSeconds(), TimeUnit.SECONDS);
      if (process == null) throw new AssertionError("the stage was not asked");
      return process;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aStageMayBeAskedPerBox() {
    var spec = Plans.plan(1, List.of(Plans.READER), "detect:reader", "look:reader<detect").spec();
    var perBox = new PerBox("detect", Set.of(), Duration.ZERO, 16, 0);
    var look =
        new PipelineSpec.StageSpec(
            "look", "reader", List.of("detect"), new TreeMap<>(), Map.of(), Optional.of(perBox));
    var asked =
        new PipelineSpec(
            spec.name(),
            spec.sources(),
            List.of(spec.stages().get(0), look),
            spec.policy(),
            spec.objective(),
            spec.delivery());
    plan =
        new Plan(
            new DesiredPipeline(1, asked),
            new Catalog(List.of(Plans.READER), List.of(), List.of()));
    processor = spawn(plan, "look", Plans.READER, links, "");
    producer = new TestProducer(kit, links, processor);
    // The stage itself would give back the payload; per box it is told that there are none.
    var path = Paths.steps(Map.of("detect", "edge-2", "look", "edge-1"));
    var element = branch(0, "detect", true).toBuilder().addAllPath(path).build();
    producer.send(new Parcel(element, System.nanoTime(), 0));
    var ended = outbox().takeNext().element().getEnding();
    assertThat(ended.getReason()).isEqualTo("there are no boxes of stage detect");
  }

  private static final ByteString LIMITS = ByteString.copyFromUtf8("3");

  /**
   * The processor of a stage that puts out the side input it sees, in version 1; it is not here.
   */
  private SideStore seeing(Path dir, String settings) {
    var spec = Plans.plan(1, List.of(Plans.READER), "detect:reader").spec();
    var detect =
        new PipelineSpec.StageSpec(
            "detect",
            "reader",
            List.of(),
            new TreeMap<>(),
            Map.of(),
            Optional.empty(),
            List.of("limits"));
    var reading =
        new PipelineSpec(
            spec.name(),
            spec.sources(),
            List.of(detect),
            spec.policy(),
            spec.objective(),
            spec.delivery(),
            List.of(new PipelineSpec.SideSpec("limits", Optional.of(3), Optional.empty())));
    var change = new SideVersions.Change("limits", 1, SideValues.digest(LIMITS), LIMITS.size());
    var pipeline =
        new DesiredPipeline(1, reading).with(SideVersions.NONE.next(List.of(change), Map.of()));
    var store = SideStore.open(dir);
    sides = store;
    assertThat(store.learn(List.of(pipeline))).hasSize(1);
    plan = new Plan(pipeline, new Catalog(List.of(Plans.READER), List.of(), List.of()));
    var provider =
        Plans.stage(
            "reader",
            true,
            1,
            context ->
                Stages.sync(
                    element ->
                        Stages.output(
                            Media.newBuilder()
                                .setOpaque(context.side().get(element, "limits").json())
                                .build())));
    processor = spawn(plan, "detect", provider, links, settings);
    producer = new TestProducer(kit, links, processor);
    return store;
  }

  private Parcel at(long seq, long version) {
    return parcel(FlowKit.element(seq, 10).toBuilder().setSide(version).build());
  }

  @Test
  void anElementWaitsForTheVersionOfItsSideInputs(@TempDir Path dir) throws IOException {
    var store = seeing(dir, "stage-timeout = 60s");
    producer.send(at(1, 1));
    await()
        .atMost(SOON)
        .until(() -> controller.hasStage() && controller.stage().work().queue() == 1);
    store.put(SideValues.digest(LIMITS), LIMITS);
    var element = outbox().takeNext().element();
    assertThat(Outputs.get(element, "detect").getOpaque()).isEqualTo(LIMITS);
  }

  /** Its origin sends it again, in a version that it has itself by then. */
  @Test
  void anElementWhoseSideInputsDoNotComeIsGivenBackAndLeavesNothingBehind(@TempDir Path dir)
      throws IOException {
    var store = seeing(dir, "stage-timeout = 300ms");
    store.put(SideValues.digest(LIMITS), LIMITS);
    producer.send(at(1, 99));
    await()
        .atMost(SOON)
        .until(
            () ->
                controller.hasStage()
                    && controller.stage().problem().filter(p -> p.contains("99")).isPresent());
    assertThat(controller.stage().work().failed()).isZero();
    producer.send(at(2, 1));
    assertThat(outbox().takeNext().element().getSeq()).isEqualTo(2);
    await().atMost(SOON).until(() -> controller.stage().work().queue() == 0);
  }

  /** A service that is started on demand, when the test says so. */
  private static final class ToCome implements ServiceProvider {
    private final StageProvider stage = stage(e -> Stages.output(e.getPayload()));
    private volatile boolean isThere;

    @Override
    public StageDescriptor descriptor() {
      return stage.descriptor();
    }

    @Override
    public Behavior<StageCommand> create(StageContext context) {
      return stage.create(context);
    }

    @Override
    public String transport() {
      return "http";
    }

    @Override
    public String from() {
      return "http://127.0.0.1:1/";
    }

    @Override
    public boolean isAway() {
      return !isThere;
    }

    @Override
    public boolean isToCome() {
      return !isThere;
    }
  }

  @Test
  void elementsWaitForAServiceThatIsToBeStartedAndLoseNoTry() {
    var service = new ToCome();
    process(service, "stage-timeout = 500ms", "detect:fake");
    send(1);
    await()
        .atMost(SOON)
        .until(() -> controller.hasStage() && controller.stage().work().queue() == 1);
    service.isThere = true;
    var element = outbox().takeNext().element();
    assertThat(element.hasEnding()).isFalse();
    assertThat(element.getTrace(0).getTries()).isEqualTo(1);
  }

  /** Its origin sends it again, and its route may lead to another node by then. */
  @Test
  void whatHasWaitedLongForAServiceThatIsToBeStartedIsGivenBackAndHasNotFailed() {
    var service = new ToCome();
    process(service, "stage-timeout = 100ms", "detect:fake");
    send(1);
    await()
        .atMost(SOON)
        .until(() -> controller.hasStage() && controller.stage().work().queue() == 1);
    await().atMost(SOON).until(() -> controller.stage().work().queue() == 0);
    service.isThere = true;
    send(2);
    assertThat(outbox().takeNext().element().getSeq()).isEqualTo(2);
    assertThat(controller.stage().work().failed()).isZero();
  }

  /** A processor of the first of {@code stages} on {@code edge-1}, and a producer for it. */
  private void process(StageProvider provider, String settings, String... stages) {
    process(List.of(provider), provider, settings, stages);
  }

  private void process(
      List<StageProvider> catalog, StageProvider provider, String settings, String... stages) {
    process(catalog, provider, links, settings, stages);
  }

  private void process(
      List<StageProvider> catalog,
      StageProvider provider,
      LinkSettings links,
      String settings,
      String... stages) {
    plan = Plans.plan(1, catalog, stages);
    processor = spawn(plan, stages[0].split(":")[0], provider, links, settings);
    producer = new TestProducer(kit, links, processor);
  }

  private ActorRef<Inlet.Command> spawn(
      Plan plan, String stage, StageProvider provider, LinkSettings links, String settings) {
    var process =
        ProcessSettings.from(
            ConfigFactory.parseString(settings)
                .withFallback(ConfigFactory.load().getConfig("dayu.process")));
    var identity =
        new Processor.Identity("edge-1", plan, plan.spec().stage(stage).orElseThrow(), provider);
    Behavior<Inlet.Command> behavior =
        Processor.create(
            process,
            links,
            FlowKit.memory(512).stages(),
            ModelFiles.NONE,
            sides,
            identity,
            Duration.ofMillis(50),
            controller.ofProcessor(),
            controller.locator(),
            System::nanoTime);
    return kit.spawn(behavior);
  }

  /** The stage gets these in one message, once it has shown with number 0 that it is quick. */
  private void turnOf(long from, long to) {
    send(0);
    await()
        .atMost(SOON)
        .until(() -> controller.hasStage() && controller.stage().work().processed() == 1);
    var grants = kit.<Inlet.Grant>createTestProbe();
    processor.tell(new Inlet.Attach(grants.getRef(), 100, 1 << 20));
    var parcels = new ArrayList<Parcel>();
    for (long seq = from; seq < to; seq++) parcels.add(parcel(FlowKit.element(seq, 10)));
    processor.tell(new Inlet.Offer(parcels, grants.getRef()));
  }

  private void send(long seq) {
    producer.send(parcel(FlowKit.element(seq, 10)));
  }

  /** The element with a path: the first stage here, those after it on {@code edge-2}. */
  private Parcel parcel(Element element) {
    return parcel(element, plan);
  }

  private static Parcel parcel(Element element, Plan plan) {
    var here = plan.spec().stages().get(0).id();
    var path = new TreeMap<String, String>();
    for (var stage : plan.order())
      path.put(stage.id(), stage.id().equals(here) ? "edge-1" : "edge-2");
    return new Parcel(
        element.toBuilder().addAllPath(Paths.steps(path)).build(), System.nanoTime(), 0);
  }

  private static Element branch(long seq, String stage, boolean payload) {
    var element = FlowKit.element(seq, 1_000).toBuilder();
    element.addOutputs(Outputs.of(stage, FlowKit.element(seq, 20).getPayload()));
    element.addTraceBuilder().setStage(stage).setNode("edge-2");
    if (!payload) element.clearPayload();
    return element.build();
  }

  private TestConsumer next(String stage) {
    return controller.consumer("edge-2", plan.instance(stage));
  }

  private TestConsumer outbox() {
    return controller.consumer("edge-1", InstanceName.OUTBOX);
  }

  private static List<Long> seqs(TestConsumer consumer, int count) {
    var seqs = new TreeSet<Long>();
    for (int i = 0; i < count; i++) seqs.add(consumer.takeNext().element().getSeq());
    return new ArrayList<>(seqs);
  }

  private int reports() {
    return controller.stages().size();
  }
}
