package io.dayu.link;

/**
 * What a producer may still send. Elements and bytes both count; bytes may be overdrawn by one
 * element, so that an element larger than the window passes. Not thread-safe: it belongs to one
 * actor.
 */
final class CreditBalance {
  private long elements;
  private long bytes;

  boolean available() {
    return elements > 0 && bytes > 0;
  }

  void add(long elements, long bytes) {
    this.elements = sum(this.elements, elements);
    this.bytes = sum(this.bytes, bytes);
  }

  void take(long bytes) {
    this.elements--;
    this.bytes -= bytes;
  }

  /** A peer may send any figure: credit beyond all bounds is as good as much. */
  private static long sum(long a, long b) {
    return Math.min(Long.MAX_VALUE / 2, a + b);
  }

  void clear() {
    elements = 0;
    bytes = 0;
  }
}
