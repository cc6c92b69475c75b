package io.dayu.compare;

import java.util.concurrent.TimeUnit;

/**
 * What an engine is to do, from the system properties {@code compare.*} of its processes.
 *
 * @param payload bytes of an element
 * @param store the file of the store; empty if results are only counted
 * @param fullSpeed how long the source is as fast as it can, in nanoseconds; {@link Long#MAX_VALUE}
 *     for ever. Afterwards it makes {@link #PER_SECOND} elements a second, whose latency counts.
 */
record Work(int payload, String store, long fullSpeed) implements java.io.Serializable {
  static final String STREAM = "compare/load";
  static final long PER_SECOND = 50;

  /** What was under way at full speed is through when the first element that counts comes. */
  private static final long PAUSE = TimeUnit.SECONDS.toNanos(2);

  static Work fromProperties() {
    long millis = Long.getLong("compare.full-speed-millis", -1);
    return new Work(
        Integer.getInteger("compare.payload"),
        System.getProperty("compare.store", ""),
        millis < 0 ? Long.MAX_VALUE : TimeUnit.MILLISECONDS.toNanos(millis));
  }

  boolean stored() {
    return !store.isEmpty();
  }

  boolean latency() {
    return fullSpeed != Long.MAX_VALUE;
  }

  /** Tells when elements are due. Of one thread. */
  static final class Pace {
    private final long fullSpeed;
    private long begin;
    private long next;

    Pace(Work work) {
      this.fullSpeed = work.fullSpeed();
    }

    /** 0 if an element is due and its latency does not count; else when it is due, nanoTime. */
    long due() {
      if (fullSpeed == Long.MAX_VALUE) return 0;
      long now = System.nanoTime();
      if (begin == 0) begin = now;
      if (next == 0 && now - begin < fullSpeed) return 0;
      if (next == 0) next = now + PAUSE;
      return next;
    }

    /** An element that was due at a time was made. */
    void made() {
      if (next != 0) next += TimeUnit.SECONDS.toNanos(1) / PER_SECOND;
    }
  }
}
