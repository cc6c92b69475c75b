package io.dayu.deliver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import com.google.protobuf.ByteString;
import com.typesafe.config.ConfigFactory;
import io.dayu.element.Element;
import io.dayu.element.Element.Unstored;
import io.dayu.element.Ending;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.element.Step;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeReport;
import io.dayu.flow.FakeController;
import io.dayu.link.FlowKit;
import io.dayu.link.LinkSettings;
import io.dayu.link.Logs;
import io.dayu.link.Parcel;
import io.dayu.link.TestConsumer;
import io.dayu.link.TestProducer;
import io.dayu.pipeline.StreamName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class IngressStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private record Batch(
      StreamName stream, List<Element> elements, CompletableFuture<List<Long>> stored) {
    List<Long> seqs() {
      return elements.stream().map(Element::getSeq).toList();
    }
  }

  private final LinkSettings links = FlowKit.links("element-window = 16");
  private final BlockingQueue<Batch> batches = new LinkedBlockingQueue<>();
  private final BlockingQueue<Map<Long, Media>> kept = new LinkedBlockingQueue<>();
  private volatile CompletionStage<Done> keeping =
      CompletableFuture.completedStage(Done.getInstance());
  private ActorTestKit kit;
  private TestProducer producer;
  private TestProbe<Ingress.Event> controller;
  private FakeController nodes;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
    var uplink =
        new Uplink() {
          @Override
          public void report(NodeReport report) {
            throw new AssertionError("an ingress reports nothing");
          }

          @Override
          public CompletionStage<List<Long>> deliver(StreamName stream, List<Element> elements) {
            var batch = new Batch(stream, elements, new CompletableFuture<>());
            batches.add(batch);
            return batch.stored();
          }

          @Override
          public CompletionStage<Done> keep(StreamName stream, Map<Long, Media> frames) {
            kept.add(frames);
            return keeping;
          }

          @Override
          public void acknowledge(String origin, Acknowledgement acknowledgement) {
            throw new AssertionError("an ingress tells its owner alone");
          }

          @Override
          public CompletionStage<Long> firstSeq(StreamName stream) {
            throw new AssertionError("an ingress asks for nothing");
          }

          @Override
          public CompletionStage<SidePart> side(String pipeline, String digest, int offset) {
            throw new AssertionError("is not asked");
          }
        };
    controller = kit.createTestProbe(Ingress.Event.class);
    nodes = new FakeController(kit);
    producer =
        new TestProducer(
            kit,
            links,
            kit.spawn(
                Ingress.create(
                    uplink, links, controller.ref(), nodes.locator(), System::nanoTime)));
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void whatComesWhileABatchIsStoredGoesWithTheNextOne() {
    producer.send(FlowKit.parcel(0, 10));
    var first = next();
    for (int seq = 1; seq < 10; seq++) producer.send(FlowKit.parcel(seq, 10));
    assertThat(first.seqs()).containsExactly(0L);
    await().atMost(SOON).until(() -> producer.waiting() == 0);
    first.stored().complete(List.of());
    var all = new ArrayList<Long>();
    while (all.size() < 9) all.addAll(stored(next()));
    assertThat(all).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
  }

  @Test
  void theOriginIsToldWhatIsStoredAndWhatStandsAsFailed() {
    for (int seq = 0; seq < 3; seq++) producer.send(FlowKit.parcel(seq, 10));
    var delivered = new ArrayList<Long>();
    var failed = new ArrayList<Long>();
    while (delivered.size() + failed.size() < 3) {
      var batch = next();
      batch.stored().complete(batch.seqs().contains(2L) ? List.of(2L) : List.of());
      var told = controller.expectMessageClass(Ingress.Acknowledged.class, SOON);
      assertThat(told.origin()).isEqualTo("edge-1");
      assertThat(told.acknowledgement().stream()).isEqualTo(StreamName.parse("crossing/cam-0"));
      for (long seq : told.acknowledgement().delivered()) delivered.add(seq);
      for (long seq : told.acknowledgement().failed()) failed.add(seq);
    }
    assertThat(delivered).containsExactly(0L, 1L);
    assertThat(failed).containsExactly(2L);
  }

  @Test
  void eachOriginIsToldOfItsOwnResultsAndWhetherOneWasSentAgain() {
    producer.send(FlowKit.parcel(0, 10));
    var first = next();
    for (int seq = 1; seq < 6; seq++) {
      var element = FlowKit.element(seq, 10).toBuilder().setAttempt(seq == 2 ? 2 : 1);
      element.setOrigin(seq < 4 ? "edge-1" : "edge-2");
      producer.send(new Parcel(element.build(), System.nanoTime(), 0));
    }
    await().atMost(SOON).until(() -> producer.waiting() == 0);
    first.stored().complete(List.of());
    assertThat(controller.expectMessageClass(Ingress.Acknowledged.class, SOON).again()).isFalse();
    var told = new TreeMap<String, List<Long>>();
    var again = new TreeSet<String>();
    while (told.values().stream().mapToInt(List::size).sum() < 5) {
      var batch = next();
      batch.stored().complete(List.of());
      for (int left = batch.seqs().size(); left > 0; ) {
        var event = controller.expectMessageClass(Ingress.Acknowledged.class, SOON);
        var seqs = LongStream.of(event.acknowledgement().delivered()).boxed().toList();
        told.computeIfAbsent(event.origin(), o -> new ArrayList<>()).addAll(seqs);
        if (event.again()) again.add(event.origin());
        left -= seqs.size();
      }
    }
    assertThat(told).isEqualTo(Map.of("edge-1", List.of(1L, 2L, 3L), "edge-2", List.of(4L, 5L)));
    assertThat(again).containsExactly("edge-1");
  }

  @Test
  void aStoreThatFailsIsTriedAgainWithoutCreditAndLosesNothing() {
    try (var logs = Logs.of(Ingress.class)) {
      for (int seq = 0; seq < 100; seq++) producer.send(FlowKit.parcel(seq, 10));
      var first = next();
      first.stored().completeExceptionally(new IllegalStateException("the disk is full"));
      var again = next();
      assertThat(again.elements()).isEqualTo(first.elements());
      assertThat(logs.has(Level.WARN, "the disk is full", "tried again")).isTrue();
      again.stored().completeExceptionally(new IllegalStateException("the disk is full"));
      var third = next();
      await().atMost(SOON).until(() -> producer.waiting() == 100 - 16);
      var all = new ArrayList<>(stored(third));
      while (all.size() < 100) all.addAll(stored(next()));
      assertThat(all).isEqualTo(LongStream.range(0, 100).boxed().toList());
      assertThat(logs.loud()).hasSize(2);
      assertThat(logs.has(Level.INFO, "stored again")).isTrue();
    }
  }

  @Test
  void whatCannotBeStoredGoesBackToItsOriginAndOneIsTriedOn() {
    for (int seq = 0; seq < 5; seq++) producer.send(live(seq));
    var first = next();
    var rest = first.seqs().size();
    first.stored().completeExceptionally(new IllegalStateException("no store"));
    for (long seq = 0; seq < 5; seq++) {
      var back = origin().takeNext().element();
      assertThat(back.getSeq()).isEqualTo(seq);
      assertThat(back.getUnstored()).isEqualTo(Unstored.SENT_BACK);
      assertThat(back.getPathList()).as("a result has no way before it").isEmpty();
    }
    assertThat(rest).isBetween(1, 5);
    var copy = next();
    assertThat(copy.seqs()).containsExactly(0L);
    assertThat(copy.elements().get(0).getUnstored())
        .as("as it is stored")
        .isEqualTo(Unstored.AT_CLOUD);
    // Far more than the window: producers get credit for what went back.
    for (int seq = 5; seq < 100; seq++) {
      producer.send(live(seq));
      assertThat(origin().takeNext().element().getSeq()).isEqualTo(seq);
    }
    copy.stored().complete(List.of());
    var told = controller.expectMessageClass(Ingress.Acknowledged.class, SOON);
    assertThat(told.acknowledgement().delivered()).containsExactly(0L);
    producer.send(live(100));
    assertThat(next().seqs()).as("stored again").containsExactly(100L);
    assertThat(origin().offered()).isZero();
  }

  @Test
  void whatIsLateGoesBackWithItsFrameAndIsAcknowledgedAllTheSame() {
    var frame = live(3).element().toBuilder().setKeep(true).build();
    producer.send(new Parcel(frame, System.nanoTime(), 0));
    var batch = next();
    var back = origin().takeNext().element();
    assertThat(back.getKeep()).isTrue();
    assertThat(back.getPayload()).isEqualTo(frame.getPayload());
    producer.send(live(4));
    assertThat(origin().takeNext().element().getSeq()).isEqualTo(4);
    batch.stored().complete(List.of());
    var told = controller.expectMessageClass(Ingress.Acknowledged.class, SOON);
    assertThat(told.acknowledgement().delivered()).containsExactly(3L);
  }

  @Test
  void whatComesBackFromAnOutboxThatCannotKeepItWaitsHere() {
    var twice = live(1).element().toBuilder().setUnstored(Unstored.SENT_BACK).build();
    producer.send(new Parcel(twice, System.nanoTime(), 0));
    next().stored().completeExceptionally(new IllegalStateException("no store"));
    assertThat(next().seqs()).containsExactly(1L);
    assertThat(origin().offered()).isZero();
  }

  @Test
  void anOriginThatTakesNothingHoldsItsProducersBackAndLosesNothing() {
    for (int seq = 0; seq < 200; seq++) producer.send(live(seq));
    next().stored().completeExceptionally(new IllegalStateException("no store"));
    // 16 are with the origin, 64 wait for it, and there is credit for 16 more.
    await()
        .atMost(SOON)
        .during(Duration.ofMillis(300))
        .until(() -> origin().offered() == 16 && producer.waiting() >= 200 - 96 - 4);
    for (int seq = 0; seq < 150; seq++)
      assertThat(origin().takeNext().element().getSeq()).isEqualTo(seq);
  }

  /** Of a source that cannot wait. */
  private static Parcel live(long seq) {
    var element = FlowKit.element(seq, 10).toBuilder().setUnstored(Unstored.AT_ORIGIN);
    return new Parcel(element.addPath(Step.newBuilder()).build(), System.nanoTime(), 0);
  }

  private TestConsumer origin() {
    return nodes.consumer("edge-1", InstanceName.OUTBOX);
  }

  @Test
  void aStreamDoesNotWaitForAnother() {
    producer.send(FlowKit.parcel(1, 10));
    var stuck = next();
    var other = FlowKit.element(2, 10).toBuilder().setStream("crossing/cam-1").build();
    producer.send(new Parcel(other, System.nanoTime(), 0));
    var batch = next();
    assertThat(batch.stream()).isEqualTo(StreamName.parse("crossing/cam-1"));
    assertThat(stuck.stored()).isNotDone();
  }

  @Test
  void theAgeIsFinalAndNoPayloadGoesOn() {
    var old = System.nanoTime() - 3_000_000_000L;
    producer.send(new Parcel(FlowKit.element(1, 10), old, 0));
    var bare = next();
    assertThat(bare.elements().get(0).getElapsedUs()).isBetween(3_000_000L, 60_000_000L);
    assertThat(bare.elements().get(0).hasPayload()).isFalse();
    assertThat(kept).isEmpty();
  }

  @Test
  void aFrameIsKeptBeforeTheResultThatPromisesItGoesOn() {
    var first = new CompletableFuture<Done>();
    keeping = first;
    var frame = FlowKit.element(2, 10).toBuilder().setKeep(true).build();
    producer.send(new Parcel(frame, System.nanoTime(), 0));
    await().atMost(SOON).until(() -> kept.size() == 1);
    assertThat(batches).isEmpty();
    keeping = CompletableFuture.completedStage(Done.getInstance());
    first.completeExceptionally(new IllegalStateException("the disk is full"));
    var batch = next();
    assertThat(kept).hasSize(2).allMatch(f -> f.equals(Map.of(2L, frame.getPayload())));
    assertThat(batch.elements().get(0).hasPayload()).isFalse();
    assertThat(batch.elements().get(0).getKeep()).isTrue();
  }

  @Test
  void aResultWhosePayloadIsGonePromisesNoFrame() {
    var lost = FlowKit.element(2, 10).toBuilder().setKeep(true).clearPayload().build();
    producer.send(new Parcel(lost, System.nanoTime(), 0));
    assertThat(next().elements().get(0).getKeep()).isFalse();
    assertThat(kept).isEmpty();
  }

  @Test
  void aBatchFitsAMessageWhateverItsResultsWeigh() {
    int size = 3 << 20;
    producer.send(FlowKit.parcel(0, 10));
    var first = next();
    for (int seq = 1; seq < 6; seq++) producer.send(large(seq, size));
    first.stored().complete(List.of());
    var all = new ArrayList<Long>();
    while (all.size() < 5) {
      var batch = next();
      assertThat(bytes(batch)).isLessThan(LARGEST_MESSAGE);
      all.addAll(stored(batch));
    }
    assertThat(all).containsExactly(1L, 2L, 3L, 4L, 5L);
  }

  @Test
  void aResultThatFitsNoMessageIsDeliveredAsFailed() {
    producer.send(large(1, (int) LARGEST_MESSAGE));
    var result = next().elements().get(0);
    assertThat(result.getEnding().getKind()).isEqualTo(Ending.Kind.FAILED);
    assertThat(result.getEnding().getReason()).contains("can be stored", "bytes");
    assertThat(result.getSerializedSize()).isLessThan(1_000);
    assertThat((long) Ingress.MAX_RESULT_BYTES).isLessThan(LARGEST_MESSAGE - (64 << 10));
  }

  /** What Artery takes between cloud nodes. */
  private static final long LARGEST_MESSAGE =
      ConfigFactory.parseResources("dayu-cloud.conf")
          .getBytes("pekko.remote.artery.advanced.maximum-large-frame-size");

  private static Parcel large(long seq, int bytes) {
    var output = Media.newBuilder().setOpaque(ByteString.copyFrom(new byte[bytes])).build();
    var element =
        FlowKit.element(seq, 10).toBuilder().addOutputs(Outputs.of("work", output)).build();
    return new Parcel(element, System.nanoTime(), 0);
  }

  private static long bytes(Batch batch) {
    return batch.elements().stream().mapToLong(Element::getSerializedSize).sum();
  }

  private Batch next() {
    try {
      var batch = batches.poll(SOON.toSeconds(), TimeUnit.SECONDS);
      if (batch == null) throw new AssertionError("nothing was delivered");
      return batch;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<Long> stored(Batch batch) {
    batch.stored().complete(List.of());
    return batch.seqs();
  }
}
