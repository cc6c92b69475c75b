package io.dayu.link;

import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.util.ByteString;

/** The sending half of a connection. Safe for any thread. */
record Outgoing(BoundedSourceQueue<ByteString> queue) {
  /**
   * Whether there was room. There always is while the peer keeps to its window, and never again
   * once the connection has ended.
   */
  boolean send(ByteString frame) {
    return queue.offer(frame).isEnqueued();
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
