package io.dayu.link;

import java.util.function.Consumer;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.QueueOfferResult;
import org.apache.pekko.util.ByteString;

/**
 * The sending half of a connection. Safe for any thread.
 *
 * <p>No frame is lost unnoticed. Credit that is lost is never granted again, and without a hello or
 * a ping's answer one side waits for the other, so a frame that finds no room ends the connection:
 * the link is made anew, and what was not acknowledged is sent again. A peer that keeps to the
 * protocol never causes that, even if it does not read for a long time: only a few frames of credit
 * wait for it, since it can send no more elements before it has read them, and one answer to a ping
 * for each second until it gives the connection up. Frames that do not answer the peer are {@link
 * #offer}ed, and leave half of the room free for those that do.
 *
 * @param room frames that {@code queue} holds
 * @param broken is told, at most once, why the connection was ended here; must not block
 */
record Outgoing(
    BoundedSourceQueue<ByteString> queue, int room, Consumer<? super LinkException> broken) {
  /** Sends a frame, or ends the connection. Does nothing once it has ended. */
  void send(ByteString frame) {
    if (!queue.offer(frame).equals(QueueOfferResult.dropped())) return;
    var cause = new LinkException("the peer does not read: %s frames wait for it".formatted(room));
    abort(cause);
    broken.accept(cause);
  }

  /**
   * Sends a frame that may be left out, because what it says can be told in another way.
   *
   * @return false if it was left out because the peer does not read; the end of the connection is
   *     reported by its stream
   */
  boolean offer(ByteString frame) {
    if (queue.size() >= room / 2) return queue.isCompleted();
    send(frame);
    return true;
  }

  /** Ends the connection after what was sent. */
  void close() {
    try {
      queue.complete();
    } catch (IllegalStateException alreadyEnded) {
      return; // the peer was first
    }
  }

  /** Ends the connection at once. */
  void abort(Throwable cause) {
    try {
      queue.fail(cause);
    } catch (IllegalStateException alreadyEnded) {
      return; // the peer was first
    }
  }
}
