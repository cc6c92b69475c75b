package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.source.Knobs;
import io.dayu.source.Query;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.QueueOfferResult;
import org.junit.jupiter.api.Test;

final class MqttSessionCloseTest {
  private static final URI BROKER = URI.create("mqtt://127.0.0.1/plant/meter");
  private static final MqttTarget TARGET =
      MqttTarget.of(BROKER, Query.of(BROKER, MqttTarget.PARAMETERS), "one/in");

  /** As the client does it: what is not connected yet cannot be disconnected. */
  private static final class Connecting implements MqttBroker {
    final CompletableFuture<Boolean> connected = new CompletableFuture<>();
    boolean open;

    @Override
    public CompletionStage<Boolean> open(Consumer<Message> arrived, Consumer<Throwable> lost) {
      return connected.whenComplete((kept, error) -> open = true);
    }

    @Override
    public void close() {
      if (connected.isDone()) open = false;
    }

    @Override
    public SourceException failure(Throwable error) {
      throw new AssertionError(error);
    }
  }

  private static final class Queue implements BoundedSourceQueue<MqttSession.Arrival> {
    @Override
    public QueueOfferResult offer(MqttSession.Arrival arrival) {
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
      throw new AssertionError(cause);
    }

    @Override
    public int size() {
      return 0;
    }
  }

  /** It would take the session from the next reader, and acknowledge nothing. */
  @Test
  void aConnectionThatComesAboutWhenNobodyReadsAnyMoreIsClosed() {
    var broker = new Connecting();
    var session = new MqttSession(TARGET, 0, () -> broker);
    var queue = new Queue();
    session.read(queue, new SourceContext(BROKER, 0, () -> Knobs.NONE));
    session.leave(queue);
    broker.connected.complete(true);
    assertThat(broker.open).isFalse();
  }
}
