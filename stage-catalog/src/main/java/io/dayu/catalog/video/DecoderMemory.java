package io.dayu.catalog.video;

import com.sun.management.OperatingSystemMXBean;
import io.dayu.source.SourceException;
import java.lang.management.ManagementFactory;

/**
 * The memory that all video decoders of a process may take together. FFmpeg takes it outside of the
 * heap, where no limit of the JVM holds, so each decoder says beforehand what it will need.
 * Thread-safe.
 */
final class DecoderMemory {
  private static final long MIB = 1 << 20;

  /** A machine with less would not decode one film of 1080p. */
  private static final long LEAST = 256 * MIB;

  /** Half of what the machine, or the container, has: the heap, models and stages need the rest. */
  static final DecoderMemory SHARED = new DecoderMemory(Math.max(LEAST, machine() / 2));

  private final long limit;
  private long taken;

  /**
   * @param limit bytes
   */
  DecoderMemory(long limit) {
    this.limit = limit;
  }

  /** Bytes of memory that the machine, or the container, has. */
  static long machine() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  long limit() {
    return limit;
  }

  synchronized long used() {
    return taken;
  }

  /**
   * Takes {@code bytes} instead of the {@code before} that the same decoder has.
   *
   * @param file for the message
   * @throws SourceException if there is not enough, for good if there never can be
   */
  synchronized void take(long before, long bytes, String file) {
    if (bytes > before && taken - before + bytes > limit)
      throw new SourceException(
          "%s takes %s MB of memory to decode and the video decoders of this node may have %s MB, half of its memory%s"
              .formatted(
                  file,
                  bytes / MIB,
                  limit / MIB,
                  bytes > limit
                      ? "; convert it to smaller pictures or read it on another node"
                      : ", of which others have %s MB".formatted((taken - before) / MIB)),
          bytes > limit,
          null);
    taken += bytes - before;
  }

  synchronized void free(long bytes) {
    taken -= bytes;
  }
}
