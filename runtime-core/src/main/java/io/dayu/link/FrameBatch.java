package io.dayu.link;

import org.apache.pekko.util.ByteString;

/**
 * Small data frames on their way into one write. Nothing waits for it to fill: its owner takes it
 * out as soon as it has no more elements at hand. Belongs to one actor.
 */
final class FrameBatch {
  /** A larger frame goes out by itself: copying it once more gains nothing. */
  private static final int SMALL = 16 << 10;

  private static final int CAPACITY = 64 << 10;

  private byte[] bytes = new byte[0];
  private int used;

  /** Whether a frame of {@code size} bytes still fits; false for one that is not small. */
  boolean fits(int size) {
    return size <= SMALL && used + size <= CAPACITY;
  }

  static boolean small(int size) {
    return size <= SMALL;
  }

  boolean isEmpty() {
    return used == 0;
  }

  void add(Parcel parcel, int size, long nowNanos, int transferUs) {
    if (used + size > bytes.length) grow(size);
    Frames.data(parcel, nowNanos, transferUs, bytes, used);
    used += size;
  }

  /** All that was added; the bundle is empty again. */
  ByteString take() {
    var taken = ByteString.fromArrayUnsafe(bytes, 0, used);
    bytes = new byte[0]; // the stream owns the old ones
    used = 0;
    return taken;
  }

  void clear() {
    used = 0;
  }

  private void grow(int size) {
    var larger = new byte[Math.max(used + size, Math.min(CAPACITY, bytes.length * 4))];
    System.arraycopy(bytes, 0, larger, 0, used);
    bytes = larger;
  }
}
