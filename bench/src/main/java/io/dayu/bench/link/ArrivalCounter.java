package io.dayu.bench.link;

import java.util.concurrent.atomic.AtomicLong;

/** Counts what has arrived. One thread counts at a time, any may look. */
final class ArrivalCounter {
  private final AtomicLong elements = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();

  /**
   * @param bytes of payload
   * @param atNanos of the receiving process; comparable only with others of the same
   */
  record Snapshot(long elements, long bytes, long atNanos) {}

  void arrived(int payload) {
    // One writer: a plain read and an ordered write, where an atomic addition would be felt.
    elements.lazySet(elements.getPlain() + 1);
    bytes.lazySet(bytes.getPlain() + payload);
  }

  Snapshot snapshot() {
    return new Snapshot(elements.get(), bytes.get(), System.nanoTime());
  }
}
