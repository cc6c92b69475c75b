package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every way from a producer to a consumer keeps to. */
abstract class LinkContract {
  protected static final Duration SOON = Duration.ofSeconds(60);

  protected final LinkSettings settings =
      FlowKit.links("element-window = 64, byte-window = 4 MiB, suspect-after = 60s");
  protected ActorTestKit kit;
  protected TestConsumer consumer;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
    consumer = new TestConsumer(kit);
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  /** An inlet that leads to {@link #consumer}. */
  protected abstract ActorRef<Inlet.Command> inlet(LinkSettings settings);

  @ParameterizedTest
  @ValueSource(ints = {0, 1 << 10, 1 << 20, 10 << 20})
  void elementsArriveInOrderAndUnchanged(int bytes) {
    var producer = new TestProducer(kit, settings, inlet(settings));
    int count = bytes > 1 << 20 ? 3 : 20;
    var sent = new ArrayList<Parcel>();
    for (int seq = 0; seq < count; seq++) {
      var parcel = FlowKit.parcel(seq, bytes);
      sent.add(parcel);
      producer.send(parcel);
    }
    for (var parcel : sent) assertThat(consumer.takeNext().element()).isEqualTo(parcel.element());
  }

  @Test
  void anElementBringsItsAge() {
    var producer = new TestProducer(kit, settings, inlet(settings));
    var old = new Parcel(FlowKit.element(99, 10), System.nanoTime() - 5_000_000_000L, 0);
    producer.send(old);
    assertThat(consumer.takeNext().ageUs(System.nanoTime())).isBetween(5_000_000L, 60_000_000L);
  }

  @Test
  void aConsumerThatTakesNothingStopsTheProducerAtTheWindow() {
    var producer = new TestProducer(kit, settings, inlet(settings));
    for (int seq = 0; seq < 400; seq++) producer.send(FlowKit.parcel(seq, 100));

    await()
        .atMost(SOON)
        .during(Duration.ofMillis(300))
        .until(() -> consumer.offered() == 64 && producer.waiting() >= 400 - 2 * 64);

    for (int seq = 0; seq < 400; seq++)
      assertThat(consumer.takeNext().element().getSeq()).isEqualTo(seq);
    await().atMost(SOON).until(() -> producer.waiting() == 0);
  }

  @Test
  void bytesAreBoundedLikeElements() {
    var small = FlowKit.links("byte-window = 256 KiB, suspect-after = 60s");
    var producer = new TestProducer(kit, small, inlet(small));
    for (int seq = 0; seq < 40; seq++) producer.send(FlowKit.parcel(seq, 60_000));

    // 4 elements fit, and a window may be overdrawn by one.
    await()
        .atMost(SOON)
        .during(Duration.ofMillis(300))
        .until(() -> consumer.offered() == 5 && producer.waiting() >= 40 - 2 * 5);

    for (int seq = 0; seq < 40; seq++)
      assertThat(consumer.takeNext().element().getSeq()).isEqualTo(seq);
  }
}
