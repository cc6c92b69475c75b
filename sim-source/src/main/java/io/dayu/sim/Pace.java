package io.dayu.sim;

import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Numbers what happens at a steady rate: number {@code n} is due {@code n / rate} seconds after the
 * start. Nothing runs between two calls, so a camera or sensor that nobody watches costs nothing.
 * Threads share one instance.
 */
final class Pace {
  private final double rate;
  private final Instant start;
  private final long startNanos;
  private final LongSupplier nanos;

  /**
   * @param rate per second
   * @param start the wall clock of number 0
   * @param nanos monotonic time; its current value belongs to {@code start}
   */
  Pace(double rate, Instant start, LongSupplier nanos) {
    if (!(rate > 0)) {
      throw new IllegalArgumentException("rate must be > 0, was " + rate);
    }
    this.rate = rate;
    this.start = start;
    this.nanos = nanos;
    this.startNanos = nanos.getAsLong();
  }

  /** The highest number that is due, never below 0. */
  long newest() {
    return Math.max(0, (long) Math.floor((nanos.getAsLong() - startNanos) * rate / 1e9));
  }

  /** Wall clock at which {@code n} is due, the same at every call. */
  Instant at(long n) {
    return start.plusNanos(dueNanos(n));
  }

  /**
   * Waits until something newer than {@code last} is due and returns the newest: what was missed
   * meanwhile is skipped.
   */
  long awaitNewerThan(long last) throws InterruptedException {
    for (long newest = newest(); ; newest = newest()) {
      if (newest > last) {
        return newest;
      }
      long left = dueNanos(last + 1) - (nanos.getAsLong() - startNanos);
      // Rounded up: waking a little late costs less than waking early and waiting again.
      TimeUnit.NANOSECONDS.sleep(Math.max(left, 0) + 100_000);
    }
  }

  double rate() {
    return rate;
  }

  private long dueNanos(long n) {
    return Math.round(n * 1e9 / rate);
  }
}
