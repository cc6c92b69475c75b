package io.dayu.catalog.video;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The memory that all decoded pictures of a process may take together, outside of the heap. Whoever
 * decodes one waits for its turn: it is worked on for milliseconds, unlike a film, which keeps what
 * it has in {@link DecoderMemory} as long as it is open and would leave nothing to the stages that
 * work on its pictures. Thread-safe.
 */
final class PictureMemory {
  private static final long KIB = 1 << 10;
  private static final long MIB = 1 << 20;

  /** A machine with less would not decode a photo of 12 million pixels. */
  private static final long LEAST = 128 * MIB;

  /** Shorter than stages may work on one element. */
  private static final long WAIT_MS = 5_000;

  /** A quarter of what the machine, or the container, has. */
  static final PictureMemory SHARED =
      new PictureMemory(Math.max(LEAST, DecoderMemory.machine() / 4), WAIT_MS);

  private final long limit;
  private final long waitMs;
  private final Semaphore free; // KiB; fair, so that large pictures are not starved by small ones

  /**
   * @param limit bytes
   */
  PictureMemory(long limit, long waitMs) {
    this.limit = limit;
    this.waitMs = waitMs;
    this.free = new Semaphore(kib(limit), true);
  }

  long limit() {
    return limit;
  }

  long used() {
    return (kib(limit) - free.availablePermits()) * KIB;
  }

  /**
   * Takes {@code bytes}, which are to be given back; blocks until they are there.
   *
   * @throws BadFrameException if they are not there in time, or never can be
   */
  void take(long bytes) throws BadFrameException {
    if (bytes > limit)
      throw new BadFrameException(
          "the JPEG image takes %s MB of memory to decode and images on this node may have %s MB, a quarter of its memory; make it smaller, or work on it on another node"
              .formatted(bytes / MIB, limit / MIB));
    if (!waited(kib(bytes)))
      throw new BadFrameException(
          "the JPEG image takes %s MB of memory to decode and other images have had the %s MB of this node for %s s"
              .formatted(bytes / MIB, limit / MIB, waitMs / 1000.0),
          true);
  }

  private boolean waited(int kib) {
    try {
      return free.tryAcquire(kib, waitMs, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  void free(long bytes) {
    free.release(kib(bytes));
  }

  private static int kib(long bytes) {
    return (int) Math.min(Integer.MAX_VALUE, bytes / KIB);
  }
}
