package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dayu.facts.Acknowledgement;
import io.dayu.facts.InstanceName;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.View;
import io.dayu.generate.Progress;
import io.dayu.generate.SourceSpan;
import io.dayu.generate.StreamMemory;
import io.dayu.link.FlowKit;
import io.dayu.link.Inlet;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plan;
import io.dayu.process.Plans;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceProvider;
import io.dayu.stage.StageProvider;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The node's own actors throw while elements flow: nothing is lost, and people hear of it. */
final class CrashStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int COUNT = 1_000;
  private static final StreamName STREAM = StreamName.parse("one/in");

  @TempDir Path dir;
  private ActorTestKit kit;
  private TestNode node;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
  }

  @AfterEach
  void stop() {
    if (node != null) node.close();
    kit.shutdownTestKit();
  }

  /** What gets a message that it cannot handle. */
  private enum Victim {
    PROCESSOR,
    OUTBOX,
    INGRESS,
    CONTROLLER;

    void provoke(TestNode node) {
      var nothing = new Inlet.Offer(null, null);
      switch (this) {
        case PROCESSOR ->
            node.inlet("edge-1", new InstanceName(Plan.key("one", 1), "copy")).tell(nothing);
        case OUTBOX -> node.inlet("edge-1", InstanceName.OUTBOX).tell(nothing);
        case INGRESS -> node.inlet("edge-1", InstanceName.DISTRIBUTOR).tell(nothing);
        case CONTROLLER -> node.controller.tell(new Controller.Viewed(null));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Victim.class)
  void whatCannotHandleAMessageGoesOnAndNothingIsLost(Victim victim) {
    run(TestNode.numbers("numbers", true, COUNT, 500), memory -> memory);
    for (int part = 1; part <= 3; part++) {
      int enough = part * COUNT / 5;
      await().atMost(SOON).until(() -> node.numbersStored(STREAM).size() > enough);
      victim.provoke(node);
    }
    awaitAll(new Ledger(COUNT, COUNT, 0, 0, 0));
    assertThat(node.stored.get(STREAM)).hasSize(COUNT);
    if (victim == Victim.PROCESSOR) {
      var stage = node.stage().orElseThrow();
      assertThat(stage.restarts()).isEqualTo(3);
      assertThat(stage.problem().orElseThrow()).contains("crashed 3 times", "runs again");
      assertThat(node.reports)
          .anyMatch(r -> r.stages().stream().anyMatch(s -> s.state() == StageState.BACKING_OFF));
    }
  }

  @Test
  void aGeneratorThatCrashesIsStartedAgainWhereItsProgressWasKept() {
    var armed = new AtomicBoolean();
    var limit = new AtomicLong(COUNT / 4);
    run(
        TestNode.numbers("numbers", COUNT, limit),
        memory -> throwing(memory, () -> armed.getAndSet(false)));
    for (int part = 2; part <= 3; part++) {
      await().atMost(SOON).until(() -> node.numbersStored(STREAM).size() == limit.get());
      armed.set(true);
      limit.set(part * COUNT / 4); // there is progress to keep
      await().atMost(SOON).until(() -> !armed.get());
    }
    limit.set(COUNT);
    awaitAll(new Ledger(COUNT, COUNT, 0, 0, 0));
    assertThat(node.stored.get(STREAM)).as("none under two numbers").hasSize(COUNT);
    assertThat(node.stream(STREAM).orElseThrow().problem().orElseThrow())
        .contains("crashed 2 times", "the disk is on fire");
    assertThat(states()).contains(StreamState.SOURCE_DOWN, StreamState.RUNNING);
  }

  @Test
  void aMessageThatAGeneratorCannotHandleLosesNothing() {
    run(TestNode.numbers("numbers", true, COUNT, 500), memory -> memory);
    await().atMost(SOON).until(() -> node.numbersStored(STREAM).size() > COUNT / 4);
    node.controller.tell(new Controller.Acknowledged(new Acknowledgement(STREAM, null, null)));
    awaitAll(new Ledger(COUNT, COUNT, 0, 0, 0));
    assertThat(node.stream(STREAM).orElseThrow().problem().orElseThrow()).contains("crashed once");
  }

  @Test
  void whatAGeneratorOfALiveSourceHadUnderWayIsDeliveredOrReportedAsFailed() {
    var given = new AtomicInteger();
    var toGive = new AtomicInteger(COUNT / 4);
    var over = new AtomicBoolean();
    var kept = new AtomicReference<Progress>();
    run(
        TestNode.source(
            "numbers",
            false,
            context ->
                Source.repeat(NotUsed.getInstance())
                    .throttle(25, Duration.ofMillis(50))
                    .takeWhile(tick -> !over.get())
                    .filter(tick -> given.get() < toGive.get())
                    .map(tick -> TestNode.segment(given.getAndIncrement()))),
        memory -> TestNode.watched(memory, kept));
    awaitLedger(l -> l.generated() == toGive.get() && l.inFlight() == 0);

    // Nothing is acknowledged any more, so something is under way.
    var stuck = new AtomicBoolean(true);
    node.beforeStore =
        () -> {
          if (stuck.get()) throw new IllegalStateException("the store is away");
        };
    toGive.addAndGet(10);
    awaitLedger(l -> l.generated() == toGive.get());
    var before = node.stream(STREAM).orElseThrow().ledger();
    assertThat(before.inFlight()).isPositive();
    await()
        .atMost(SOON)
        .until(
            () ->
                kept.get().generated() == before.generated()
                    && kept.get().open().size() == before.inFlight());
    node.controller.tell(new Controller.Acknowledged(new Acknowledgement(STREAM, null, null)));
    awaitLedger(before::equals);
    assertThat(node.stream(STREAM).orElseThrow().problem().orElseThrow()).contains("crashed once");

    stuck.set(false);
    toGive.addAndGet(10);
    awaitLedger(l -> l.generated() == toGive.get() && l.inFlight() == 0);
    over.set(true);
    await()
        .atMost(SOON)
        .until(
            () -> node.stream(STREAM).filter(r -> r.state() == StreamState.COMPLETED).isPresent());
    var ledger = node.stream(STREAM).orElseThrow().ledger();
    assertThat(ledger.generated()).isEqualTo(given.get());
    assertThat(ledger.generated() - ledger.shed()).isEqualTo(node.stored.get(STREAM).size());
    assertThat(ledger.delivered()).isEqualTo(node.numbersStored(STREAM).size());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aProviderThatAlwaysThrowsIsReportedAndTheOthersFlow(boolean claims) {
    var tried = new AtomicInteger();
    var good = TestNode.numbers("numbers", true, COUNT, 500);
    var bad =
        new SourceProvider() {
          @Override
          public SourceDescriptor descriptor() {
            tried.incrementAndGet();
            throw new IllegalStateException("no descriptor today");
          }

          @Override
          public boolean claims(URI uri) {
            if (!claims) return "bad".equals(uri.getScheme());
            if (!uri.getScheme().equals("bad")) return false;
            tried.incrementAndGet();
            throw new NullPointerException("no path");
          }

          @Override
          public Source<Segment, NotUsed> open(SourceContext context) {
            return Source.empty();
          }
        };
    node = node("edge-1", Role.CLOUD, List.of(bad, good), List.of(Plans.READER), memory -> memory);
    node.controller.tell(
        new Controller.Viewed(
            TestNode.view(
                node,
                node.pipeline("a-bad", "bad:x", "reader"),
                node.pipeline("one", "numbers:x", "reader"))));
    awaitAll(new Ledger(COUNT, COUNT, 0, 0, 0));
    await().atMost(SOON).until(() -> tried.get() >= 3);
    await()
        .atMost(SOON)
        .until(
            () ->
                node.stream(StreamName.parse("a-bad/in"))
                    .flatMap(StreamReport::problem)
                    .filter(p -> p.matches("crashed [0-9]+ times.*"))
                    .isPresent());
    assertThat(node.stream(StreamName.parse("a-bad/in")).orElseThrow().problem().orElseThrow())
        .contains(claims ? "no path" : "no descriptor today");
  }

  @Test
  void aPipelineThatIsDroppedWhileItsGeneratorIsDownIsForgotten() {
    run(TestNode.numbers("numbers", true, COUNT, 500), memory -> throwing(memory, () -> true));
    await().atMost(SOON).until(() -> states().contains(StreamState.SOURCE_DOWN));
    var view = TestNode.view(node);
    var dropped = new TreeMap<>(Map.of("one", 1L));
    node.controller.tell(
        new Controller.Viewed(new View(view.nodes(), view.decisions(), view.pipelines(), dropped)));
    await().atMost(SOON).until(() -> node.stream(STREAM).isEmpty());
  }

  @Test
  void aStoreThatThrowsIsTriedAgainAndNobodyWaitsForEver() {
    run(TestNode.numbers("numbers", true, COUNT, 500), memory -> memory);
    var batches = new AtomicInteger();
    node.beforeStore =
        () -> {
          if (batches.incrementAndGet() % 10 == 3) throw new IllegalStateException("no membership");
        };
    awaitAll(new Ledger(COUNT, COUNT, 0, 0, 0));
    assertThat(batches.get()).isGreaterThan(3);
  }

  @Test
  void aLinkThatCannotHandleAMessageIsMadeAnewAndNothingIsLost() throws Exception {
    node = node("cloud-1", Role.CLOUD, List.of(), List.of(Plans.READER), memory -> memory);
    try (var edge =
        new TestNode(
            kit,
            "edge-1",
            Role.EDGE,
            Files.createDirectory(dir.resolve("edge")),
            List.of(TestNode.numbers("numbers", true, COUNT, 500)),
            List.of(Plans.READER),
            memory -> memory)) {
      node.generating = edge.controller;
      await().atMost(SOON).until(() -> !node.reports.isEmpty());
      var view = TestNode.view(node, edge.pipeline("one", "numbers:x", "reader"));
      edge.controller.tell(new Controller.Viewed(view));
      node.controller.tell(new Controller.Viewed(view));
      for (int part = 1; part <= 3; part++) {
        int enough = part * COUNT / 5;
        await().atMost(SOON).until(() -> node.numbersStored(STREAM).size() > enough);
        edge.inlet("cloud-1", new InstanceName(Plan.key("one", 1), "copy"))
            .tell(new Inlet.Offer(null, null));
      }
      await()
          .atMost(SOON)
          .until(
              () ->
                  edge.stream(STREAM).filter(r -> r.state() == StreamState.COMPLETED).isPresent());
      assertThat(edge.stream(STREAM).orElseThrow().ledger())
          .isEqualTo(new Ledger(COUNT, COUNT, 0, 0, 0));
      assertThat(node.numbersStored(STREAM)).hasSize(COUNT);
    }
  }

  private void run(SourceProvider source, UnaryOperator<StreamMemory> memory) {
    node = node("edge-1", Role.CLOUD, List.of(source), List.of(Plans.READER), memory);
    node.controller.tell(
        new Controller.Viewed(TestNode.view(node, node.pipeline("one", "numbers:x", "reader"))));
  }

  private TestNode node(
      String name,
      Role role,
      List<SourceProvider> sources,
      List<StageProvider> stages,
      UnaryOperator<StreamMemory> memory) {
    return new TestNode(kit, name, role, dir, sources, stages, memory);
  }

  private void awaitLedger(Predicate<Ledger> wanted) {
    await()
        .atMost(SOON)
        .until(() -> node.stream(STREAM).map(StreamReport::ledger).filter(wanted).isPresent());
  }

  private void awaitAll(Ledger ledger) {
    await()
        .atMost(SOON)
        .until(
            () -> node.stream(STREAM).filter(r -> r.state() == StreamState.COMPLETED).isPresent());
    assertThat(node.stream(STREAM).orElseThrow().ledger()).isEqualTo(ledger);
    assertThat(node.numbersStored(STREAM))
        .isEqualTo(
            LongStream.range(0, COUNT).boxed().collect(Collectors.toCollection(TreeSet::new)));
  }

  private List<StreamState> states() {
    return node.reports.stream()
        .flatMap(r -> r.streams().stream())
        .map(StreamReport::state)
        .distinct()
        .toList();
  }

  /** A store that throws where it promises an answer. */
  private static StreamMemory throwing(StreamMemory memory, BooleanSupplier now) {
    return new StreamMemory() {
      @Override
      public CompletionStage<Recalled> recall() {
        return memory.recall();
      }

      @Override
      public CompletionStage<Done> keep(Progress progress, Collection<SourceSpan> underWay) {
        if (progress.generated() > 0 && now.getAsBoolean())
          throw new IllegalStateException("the disk is on fire");
        return memory.keep(progress, underWay);
      }

      @Override
      public void note(List<SourceSpan> spans) {
        memory.note(spans);
      }

      @Override
      public CompletionStage<Done> forget() {
        return memory.forget();
      }
    };
  }
}
