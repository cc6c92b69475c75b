package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import com.google.protobuf.ByteString;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.link.FlowKit;
import io.dayu.link.Logs;
import io.dayu.pipeline.StreamName;
import io.dayu.store.StoredResult;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

final class LiveResultsStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final ActorTestKit KIT = FlowKit.start();
  private static final ActorSystem<Void> SYSTEM = KIT.system();

  private final LiveResults live = new LiveResults();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private static List<StoredResult> results(String stream, long from, long to) {
    return LongStream.range(from, to)
        .mapToObj(seq -> Element.newBuilder().setStream(stream).setSeq(seq).build())
        .map(element -> new StoredResult(element, false))
        .toList();
  }

  @Test
  void everyWatcherHearsItsPipelineOnly() {
    var street = new CopyOnWriteArrayList<String>();
    var others = new CopyOnWriteArrayList<String>();
    live.watch("street").runForeach(r -> street.add(r.element().getStream()), SYSTEM);
    live.watch("street-2").runForeach(r -> others.add(r.element().getStream()), SYSTEM);
    live.publish(StreamName.parse("street/a"), results("street/a", 0, 2));
    live.publish(StreamName.parse("street-2/a"), results("street-2/a", 0, 1));
    live.publish(StreamName.parse("street/b"), results("street/b", 0, 1));
    await().atMost(SOON).until(() -> street.size() == 3 && others.size() == 1);
    assertThat(street).containsExactly("street/a", "street/a", "street/b");
    assertThat(others).containsExactly("street-2/a");
  }

  @Test
  void aWatcherThatDoesNotKeepUpMissesResultsCountedAndHoldsNobodyUp() throws Exception {
    var slow = live.watch("street").toMat(Sink.queue(), Keep.right()).run(SYSTEM);
    live.publish(StreamName.parse("street/a"), results("street/a", 0, 10_000));
    for (long seq = 0; seq < 100; seq++) {
      var result =
          slow.pull().toCompletableFuture().get(SOON.toSeconds(), TimeUnit.SECONDS).orElseThrow();
      assertThat(result.element().getSeq()).isEqualTo(seq);
    }
    try (var logs = Logs.of(LiveResults.class)) {
      slow.cancel();
      await().until(() -> logs.has(Level.INFO, "street", "missed 9"));
    }
    live.publish(
        StreamName.parse("street/a"),
        results("street/a", 10_000, 20_000)); // nobody watches any more
  }

  @Test
  void whatIsStoredAtOneNodeIsWatchedAtAnother() {
    var other = new LiveResults();
    var exchanges = List.of(KIT.spawn(live.exchange()), KIT.spawn(other.exchange()));
    var street = new CopyOnWriteArrayList<Long>();
    var stop = KillSwitches.shared("watcher");
    other
        .watch("street")
        .via(stop.flow())
        .runForeach(r -> street.add(r.element().getSeq()), SYSTEM);
    publishUntil(() -> !street.isEmpty());
    street.clear();
    live.publish(StreamName.parse("street-2/a"), results("street-2/a", 1, 3));
    live.publish(StreamName.parse("street/a"), large("street/a", 1, 6));
    live.publish(StreamName.parse("street/a"), results("street/a", 6, 8));
    await().atMost(SOON).until(() -> street.contains(7L));
    assertThat(street).endsWith(1L, 2L, 3L, 4L, 5L, 6L, 7L);

    stop.shutdown();
    await().atMost(SOON).until(() -> !live.isWatchedElsewhere());
    other.watch("street").runForeach(r -> street.add(r.element().getSeq()), SYSTEM);
    await().atMost(SOON).until(live::isWatchedElsewhere);
    KIT.stop(exchanges.get(1));
    await().atMost(SOON).until(() -> !live.isWatchedElsewhere());
  }

  @Test
  void aNodeThatWasHeardBeforeItWasListedIsToldWhatIsWatchedHereToo() {
    var exchange = KIT.spawn(live.exchange());
    live.watch("street").runForeach(r -> {}, SYSTEM);
    TestProbe<LiveResults.Command> other = KIT.createTestProbe();
    exchange.tell(new LiveResults.Watched(other.ref(), Set.of("crossing")));
    await().atMost(SOON).until(live::isWatchedElsewhere);
    SYSTEM.receptionist().tell(Receptionist.register(LiveResults.KEY, other.ref()));
    other.fishForMessage(
        SOON,
        told ->
            told.equals(new LiveResults.Watched(exchange, Set.of("street")))
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
    assertThat(live.isWatchedElsewhere()).isTrue();
    KIT.stop(exchange);
  }

  @Test
  void whatWasWatchedBeforeTheExchangeBeganIsToldToo() {
    live.watch("street").runForeach(r -> {}, SYSTEM);
    var exchange = KIT.spawn(live.exchange());
    TestProbe<LiveResults.Command> other = KIT.createTestProbe();
    SYSTEM.receptionist().tell(Receptionist.register(LiveResults.KEY, other.ref()));
    other.fishForMessage(
        SOON,
        told ->
            told.equals(new LiveResults.Watched(exchange, Set.of("street")))
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
    KIT.stop(exchange);
  }

  @Test
  void resultsOfNoStreamAreShownToNobodyAndOthersStillAre() {
    var exchange = KIT.spawn(live.exchange());
    var street = new CopyOnWriteArrayList<String>();
    live.watch("street").runForeach(r -> street.add(r.element().getStream()), SYSTEM);
    exchange.tell(new LiveResults.Shown(results("street", 0, 1)));
    exchange.tell(new LiveResults.Shown(results("street/a", 0, 1)));
    await().atMost(SOON).until(() -> !street.isEmpty());
    assertThat(street).containsExactly("street/a");
    KIT.stop(exchange);
  }

  private void publishUntil(Callable<Boolean> heard) {
    await()
        .atMost(SOON)
        .until(
            () -> {
              live.publish(StreamName.parse("street/a"), results("street/a", 0, 1));
              return heard.call();
            });
  }

  /** Together more than one message takes. */
  private static List<StoredResult> large(String stream, long from, long to) {
    var output = Media.newBuilder().setOpaque(ByteString.copyFrom(new byte[3 << 20])).build();
    return LongStream.range(from, to)
        .mapToObj(
            seq ->
                Element.newBuilder()
                    .setStream(stream)
                    .setSeq(seq)
                    .addOutputs(Outputs.of("work", output))
                    .build())
        .map(element -> new StoredResult(element, false))
        .toList();
  }
}
