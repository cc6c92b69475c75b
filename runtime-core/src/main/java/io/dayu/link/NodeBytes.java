package io.dayu.link;

import java.util.concurrent.atomic.AtomicLong;

/** Bounds the windows of all inbound links of a node together. Safe for any thread. */
final class NodeBytes {
  /** What a link gets even when nothing is left, so that it can work at all. */
  static final long LEAST = 64 << 10;

  /** The share of the heap that windows may take. */
  private static final int HEAP_SHARE = 4;

  private final AtomicLong left;

  NodeBytes(long bytes) {
    left = new AtomicLong(bytes);
  }

  /** As many as the settings say, but no more than a quarter of the heap. */
  static NodeBytes of(LinkSettings settings, long heapBytes) {
    return new NodeBytes(Math.min(settings.nodeBytes(), heapBytes / HEAP_SHARE));
  }

  /**
   * A window of at most {@code wanted} and at most half of what is left, at least {@link #LEAST}.
   */
  long take(long wanted) {
    while (true) {
      long now = left.get();
      long window = Math.max(LEAST, Math.min(wanted, now / 2));
      if (left.compareAndSet(now, now - window)) return window;
    }
  }

  void giveBack(long window) {
    left.addAndGet(window);
  }
}
