package io.dayu.read;

import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import io.dayu.stage.Causes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reader's side of a session that the broker keeps: messages are numbered as they come and
 * acknowledged, in order, when their elements are settled. It outlives a connection: the broker
 * sends what is not acknowledged again on the next one, and what was taken before is recognised by
 * its content, so that it is not taken twice.
 *
 * <p>Safe for any thread. All events are handled in {@link SerialExecutor}, because the session
 * calls other code (the client's library, the reader's queue, listeners), which may call back, or
 * wait for a thread that does: no lock is held during such a call.
 */
final class MqttSession {
  private static final Logger LOG = LoggerFactory.getLogger(MqttSession.class);

  /** Longer than a stream takes to drain. */
  private static final long LINGER_SECONDS = 25;

  /**
   * How long messages that the broker sends again may take. They come first, so later ones are not
   * expected.
   */
  private static final long AGAIN_SECONDS = 10;

  /** What is read of the session. */
  sealed interface Arrival {
    /**
     * @param position after it
     */
    record Received(MqttBroker.Message message, long position) implements Arrival {}

    /** The connection has ended; behind all that came by it. */
    record Lost(SourceException cause) implements Arrival {}

    /** Nothing came for a while. */
    enum Pause implements Arrival {
      INSTANCE
    }
  }

  /** A message that is not acknowledged. */
  private static final class Held {
    final MqttBroker.Message message;
    final long position;
    @Nullable Runnable acknowledge; // null until it comes again

    Held(MqttBroker.Message message, long position) {
      this.message = message;
      this.position = position;
      this.acknowledge = message.acknowledge();
    }
  }

  private final MqttTarget target;
  private final Supplier<MqttBroker> brokers;
  private final SerialExecutor turns = new SerialExecutor();
  private volatile long position; // changed in turns
  // All fields below are used in turns only.
  private final ArrayDeque<Held> held =
      new ArrayDeque<>(); // bounded by what the broker sends ahead
  private final List<Held> expected = new ArrayList<>(); // of those held, to be sent again
  private final List<MqttBroker.Message> early = new ArrayList<>(); // before the session is known
  private @Nullable BoundedSourceQueue<Arrival> reader; // null while nobody reads
  private Runnable reached = () -> {};
  private @Nullable MqttBroker broker; // null without a connection
  private int connection;
  private boolean open;
  private boolean goesOn;
  private boolean closing;
  private long settled;
  private long givenUp;

  /**
   * @param position of the next message, less one
   */
  MqttSession(MqttTarget target, long position, Supplier<MqttBroker> brokers) {
    this.target = target;
    this.position = position;
    this.brokers = brokers;
  }

  /**
   * A broker has accepted a subscription.
   *
   * @param kept whether it keeps messages until they are acknowledged
   */
  static void subscribed(MqttTarget target, boolean kept) {
    if (!kept)
      LOG.warn(
          "{} sends {} with QoS 0 only: what comes while nobody is connected, or is under way when this node ends, is lost; let the broker grant QoS 1",
          target.broker(),
          target.topic());
  }

  long position() {
    return position;
  }

  /** Connects and hands what comes to {@code queue}. */
  void read(BoundedSourceQueue<Arrival> queue, SourceContext context) {
    context.settled().accept(upTo -> turns.execute(() -> settled(upTo)));
    turns.execute(() -> connect(queue, context.reached()));
  }

  /**
   * {@code queue} is no longer read. Unless the connection was lost, messages in flight are still
   * acknowledged when they are settled, and then the connection is ended.
   */
  void leave(BoundedSourceQueue<Arrival> queue) {
    turns.execute(() -> left(queue));
  }

  private void connect(BoundedSourceQueue<Arrival> queue, Runnable whenReached) {
    reader = queue;
    open = false;
    early.clear();
    int mine = ++connection;
    reached = whenReached;
    try {
      var opening = brokers.get();
      broker = opening;
      opening
          .open(
              message -> turns.execute(() -> arrived(message, mine)),
              error -> turns.execute(() -> lost(error, mine)))
          .whenComplete(
              (kept, error) ->
                  turns.execute(
                      () -> {
                        if (error == null) opened(opening, kept, mine);
                        else lost(error, mine);
                      }));
    } catch (SourceException e) {
      lost(e, mine);
    } catch (IllegalArgumentException e) {
      // The client's library refuses a wrong topic or name before it sends anything.
      lost(MqttBroker.told(target, String.valueOf(e.getMessage()), true, e), mine);
    } catch (RuntimeException | LinkageError e) {
      lost(MqttBroker.told(target, Causes.words(e), false, e), mine);
    }
  }

  private void left(BoundedSourceQueue<Arrival> queue) {
    if (reader != queue) return;
    reader = null;
    closing = true;
    int mine = connection;
    if (held.isEmpty()) close();
    else
      later(
          LINGER_SECONDS,
          () -> {
            if (mine == connection) close();
          });
  }

  private void settled(long upTo) {
    settled = Math.max(settled, upTo);
    acknowledge();
    if (closing && held.isEmpty()) close();
  }

  private void acknowledge() {
    // In the order in which they came, as the protocol wants it.
    for (var first = held.peek();
        first != null && first.position <= settled && first.acknowledge != null;
        first = held.peek()) {
      held.remove();
      first.acknowledge.run();
    }
  }

  private void opened(MqttBroker opened, boolean kept, int mine) {
    if (mine != connection) {
      // It was closed while it connected, which has no effect in the library: close it again.
      opened.close();
      return;
    }
    goesOn = kept;
    open = true;
    expected.clear();
    if (kept) {
      expected.addAll(held);
      if (!expected.isEmpty())
        later(
            AGAIN_SECONDS,
            () -> {
              if (mine == connection) forget(expected);
            });
    } else {
      if (position > 0)
        LOG.warn(
            "{} has forgotten the session of {}; messages it had not delivered are lost, unless it keeps them in another way",
            target.broker(),
            target.client());
      forget(List.copyOf(held));
    }
    LOG.info("{} is read from {} as {}", target.topic(), target.broker(), target.client());
    reached.run();
    var first = List.copyOf(early);
    early.clear();
    first.forEach(message -> arrived(message, mine));
  }

  /** Forgets messages that the broker no longer keeps. */
  private void forget(List<Held> gone) {
    held.removeAll(gone);
    expected.clear();
    acknowledge();
  }

  private void arrived(MqttBroker.Message message, int mine) {
    if (mine != connection) return;
    if (!open) early.add(message);
    else if (!cameAgain(message)) take(message);
  }

  private boolean cameAgain(MqttBroker.Message message) {
    for (var each : expected)
      if (each.message.sameAs(message)) {
        expected.remove(each);
        each.acknowledge = message.acknowledge();
        acknowledge();
        return true;
      }
    return false;
  }

  private void take(MqttBroker.Message message) {
    if (reader == null) return; // it is sent again to the next reader; with QoS 0 nobody reads it
    // Version 3.1.1 sends retained messages again with every subscription.
    if (message.retained() && goesOn) {
      message.acknowledge().run();
      return;
    }
    long next = position + 1;
    if (reader.offer(new Arrival.Received(message, next)).isEnqueued()) {
      position = next;
      if (message.kept()) held.add(new Held(message, next));
    } else if (message.kept()) {
      lost(
          MqttBroker.told(
              target,
              "the broker sends too many messages ahead of acknowledgements; lower its limit",
              false,
              null),
          connection);
    } else if (givenUp++ == 0) {
      LOG.warn(
          "{}: messages with QoS 0 come faster than the pipeline takes them and are given up; publish with QoS 1",
          target.topic());
    }
  }

  private void lost(Throwable error, int mine) {
    if (mine != connection) return;
    var cause = Causes.of(error);
    var failure = cause instanceof SourceException told ? told : failure(cause);
    close();
    for (var each : held) each.acknowledge = null;
    if (reader == null) return;
    var queue = reader;
    reader = null;
    if (!queue.offer(new Arrival.Lost(failure)).isEnqueued()) queue.fail(failure);
  }

  private SourceException failure(Throwable cause) {
    return broker == null ? MqttBroker.lost(target, cause) : broker.failure(cause);
  }

  private void close() {
    connection++;
    if (broker != null) broker.close();
    broker = null;
    open = false;
    if (givenUp > 0)
      LOG.warn("{}: {} messages with QoS 0 were given up in all", target.topic(), givenUp);
    givenUp = 0;
  }

  private void later(long seconds, Runnable task) {
    CompletableFuture.delayedExecutor(seconds, TimeUnit.SECONDS).execute(() -> turns.execute(task));
  }
}
