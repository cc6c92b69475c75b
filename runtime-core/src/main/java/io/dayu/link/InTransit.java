package io.dayu.link;

import java.util.ArrayDeque;
import java.util.OptionalDouble;

/**
 * The elements that were sent over a connection and not taken by the consumer yet, and how long
 * they are on the way: from when one was sent until the peer told of it, less the time for which
 * the peer held it, so that only differences of one clock are used. Belongs to one actor.
 */
final class InTransit {
  private final ArrayDeque<Long> sentNanos = new ArrayDeque<>(); // bounded by the peer's window
  private long consumed; // by the peer, on this connection
  private long sampled; // the latest arrival that was told

  void sent(long nowNanos) {
    sentNanos.add(nowNanos);
  }

  boolean isEmpty() {
    return sentNanos.isEmpty();
  }

  /**
   * The peer has taken elements.
   *
   * @param upTo how many of this connection
   * @param heldUs from the arrival of the last of them until it told so
   * @return how long the last of them was on the way, in µs; empty if none is new
   */
  OptionalDouble consumed(long upTo, long heldUs, long nowNanos) {
    var way = OptionalDouble.empty();
    while (consumed < upTo && !sentNanos.isEmpty()) {
      way = way(sentNanos.poll(), heldUs, nowNanos);
      consumed++;
    }
    return way;
  }

  /**
   * Elements have arrived at the peer, whether they were taken or not. Credit alone would not tell
   * this in time, because on a slow stream it comes back only rarely.
   *
   * @param upTo how many of this connection
   * @param heldUs from the arrival of the last of them until the peer told so
   * @return how long the last of them was on the way, in µs; empty if that is known already
   */
  OptionalDouble arrived(long upTo, long heldUs, long nowNanos) {
    long newer = sentNanos.size() - (upTo - consumed);
    if (upTo <= Math.max(consumed, sampled) || newer < 0) return OptionalDouble.empty();
    sampled = upTo;
    var sent = sentNanos.descendingIterator();
    while (newer-- > 0) sent.next();
    return way(sent.next(), heldUs, nowNanos);
  }

  /** The connection has ended. */
  void clear() {
    sentNanos.clear();
    consumed = 0;
    sampled = 0;
  }

  private static OptionalDouble way(long sentNanos, long heldUs, long nowNanos) {
    return OptionalDouble.of(Math.max(0, (nowNanos - sentNanos) / 1e3 - heldUs));
  }
}
