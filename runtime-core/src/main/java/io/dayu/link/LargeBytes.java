package io.dayu.link;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What a node keeps for inbound elements that are larger than their link's window, all links
 * together. Safe for any thread.
 */
final class LargeBytes {
  /** The share of the heap that elements in the making may take. */
  private static final int HEAP_SHARE = 4;

  private final long all;
  private final AtomicLong left;

  LargeBytes(long all) {
    this.all = all;
    left = new AtomicLong(all);
  }

  /**
   * Enough for one element of the largest size that comes in parts, which are there twice while
   * they are joined; but no more than a quarter of the heap.
   */
  static LargeBytes of(LinkSettings settings, long heapBytes) {
    return new LargeBytes(
        Math.min(
            Math.max(2L * settings.maxElement(), settings.nodeBytes()), heapBytes / HEAP_SHARE));
  }

  /** The largest element that can be taken in parts. */
  long largest() {
    return all / 2;
  }

  boolean take(long bytes) {
    while (true) {
      long now = left.get();
      if (now < bytes) return false;
      if (left.compareAndSet(now, now - bytes)) return true;
    }
  }

  void giveBack(long bytes) {
    left.addAndGet(bytes);
  }

  long left() {
    return left.get();
  }
}
