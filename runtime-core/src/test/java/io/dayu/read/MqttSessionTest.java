package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.read.MqttSession.Arrival;
import io.dayu.source.Access;
import io.dayu.source.Knobs;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.QueueOfferResult;
import org.junit.jupiter.api.Test;

/** A session between a broker and a reader that are the test's. */
class MqttSessionTest {
  private static final MqttTarget TARGET =
      new MqttTarget(
          "broker", 1883, false, "plant/meter", "dayu-test", 5, Optional.empty(), 1_024, 60);

  private final List<String> calls = new CopyOnWriteArrayList<>();
  private final List<Long> acknowledged = new CopyOnWriteArrayList<>();
  private final AtomicReference<LongConsumer> settled = new AtomicReference<>(upTo -> {});
  private final FakeBroker broker = new FakeBroker();
  private final Queue queue = new Queue();
  private final SourceContext context =
      new SourceContext(
          URI.create("mqtt://broker/plant/meter"),
          "plant/meter",
          0,
          () -> Knobs.NONE,
          listener -> {
            called("settled listener");
            settled.set(listener);
          },
          () -> called("reached"),
          end -> {},
          Access.ANYTHING);
  private Runnable meddler = () -> {};
  private final MqttSession session =
      new MqttSession(
          TARGET,
          0,
          () -> {
            called("brokers");
            return broker;
          });

  @Test
  void whoeverIsCalledMayWaitForAnotherThreadThatUsesTheSession() {
    var stuck = new ArrayList<String>();
    meddler =
        () -> {
          if (stuck.isEmpty() && !usedByAnother()) stuck.add(calls.get(calls.size() - 1));
        };
    session.read(queue, context);
    broker.connected.complete(true);
    for (long n = 1; n <= 3; n++) broker.arrived.accept(message(n, false));
    broker.arrived.accept(message(4, true));
    settled.get().accept(2);
    broker.lost.accept(new IOException("the cable is cut"));
    assertThat(stuck).as("waits for the session, in vain").isEmpty();
    assertThat(calls)
        .containsExactly(
            "settled listener",
            "brokers",
            "open",
            "reached",
            "offer",
            "offer",
            "offer",
            "acknowledge", // the retained one
            "acknowledge",
            "acknowledge",
            "failure",
            "close",
            "offer");
    assertThat(acknowledged).containsExactly(4L, 1L, 2L);
    assertThat(queue.arrivals).hasSize(4);
    assertThat(queue.arrivals.get(3)).isInstanceOf(Arrival.Lost.class);
    assertThat(session.position()).isEqualTo(3);
  }

  @Test
  void messagesAreAcknowledgedInTheirOrderWhoeverSettlesThem() throws Exception {
    session.read(queue, context);
    broker.connected.complete(false);
    long count = 2_000;
    for (long n = 1; n <= count; n++) broker.arrived.accept(message(n, false));
    var settlers = new ArrayList<Thread>();
    for (int i = 0; i < 4; i++) {
      int mine = i;
      settlers.add(
          new Thread(
              () -> {
                for (long upTo = mine; upTo <= count; upTo += 3) settled.get().accept(upTo);
              }));
    }
    settlers.forEach(Thread::start);
    for (var settler : settlers) settler.join();
    settled.get().accept(count);
    assertThat(acknowledged).isEqualTo(LongStream.rangeClosed(1, count).boxed().toList());
  }

  @Test
  void aBrokerThatCannotEvenBeMadeIsALostConnection() {
    broker.refusal = new IllegalStateException("no threads left");
    session.read(queue, context);
    assertThat(queue.arrivals).hasSize(1);
    assertThat(((Arrival.Lost) queue.arrivals.get(0)).cause())
        .hasMessageContaining("no threads left");
  }

  /** Another thread asks the session for everything that it may be asked for. */
  private boolean usedByAnother() {
    var other =
        new Thread(
            () -> {
              assertThat(session.position()).isNotNegative();
              session.leave(new Queue());
              settled.get().accept(0);
            });
    other.setDaemon(true);
    other.start();
    try {
      other.join(TimeUnit.SECONDS.toMillis(10));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return !other.isAlive();
  }

  private void called(String what) {
    calls.add(what);
    meddler.run();
  }

  private MqttBroker.Message message(long n, boolean retained) {
    return new MqttBroker.Message(
        "plant/meter",
        Long.toString(n).getBytes(),
        retained,
        true,
        () -> {
          called("acknowledge");
          acknowledged.add(n);
        });
  }

  private final class FakeBroker implements MqttBroker {
    final CompletableFuture<Boolean> connected = new CompletableFuture<>();
    Consumer<Message> arrived;
    Consumer<Throwable> lost;
    RuntimeException refusal;

    @Override
    public CompletionStage<Boolean> open(Consumer<Message> arrived, Consumer<Throwable> lost) {
      called("open");
      if (refusal != null) throw refusal;
      this.arrived = arrived;
      this.lost = lost;
      return connected;
    }

    @Override
    public void close() {
      called("close");
    }

    @Override
    public SourceException failure(Throwable error) {
      called("failure");
      return MqttBroker.lost(TARGET, error);
    }
  }

  private final class Queue implements BoundedSourceQueue<Arrival> {
    final List<Arrival> arrivals = new CopyOnWriteArrayList<>();

    @Override
    public QueueOfferResult offer(Arrival arrival) {
      called("offer");
      arrivals.add(arrival);
      return QueueOfferResult.enqueued();
    }

    @Override
    public void complete() {}

    @Override
    public boolean isCompleted() {
      return false;
    }

    @Override
    public void fail(Throwable cause) {
      called("fail");
    }

    @Override
    public int size() {
      return 0;
    }
  }
}
