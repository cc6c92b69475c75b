package io.dayu.link;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;

/**
 * How long to wait before something that keeps failing is tried again: twice as long each time,
 * from a shortest to a longest wait, less up to half of it by chance. Without chance all edges that
 * have lost the same cloud would come back to it in step, again and again; with at least half of
 * the wait none comes at once. This is the "equal jitter" of Marc Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog, 2015. Belongs to one actor.
 */
public final class Backoff {
  private final long min;
  private final long max;
  private final DoubleSupplier chance;
  private long longest; // that the next wait can be, in nanoseconds

  /**
   * @param min the longest first wait; one above {@code max} counts as that
   * @param max no wait is longer
   */
  public Backoff(Duration min, Duration max) {
    this(min, max, () -> ThreadLocalRandom.current().nextDouble());
  }

  /**
   * @param chance from 0 for a wait without anything taken off to, and without, 1 for half of it
   */
  public Backoff(Duration min, Duration max, DoubleSupplier chance) {
    this.min = Math.min(min.toNanos(), max.toNanos());
    this.max = max.toNanos();
    this.chance = chance;
    this.longest = this.min;
  }

  /** The wait before the next try; the one after it can be twice as long. */
  public Duration next() {
    var wait = Duration.ofNanos(longest - (long) (longest / 2.0 * chance.getAsDouble()));
    longest = longest > max / 2 ? max : longest * 2;
    return wait;
  }

  /** It has worked: the next failure is a first one. */
  public void reset() {
    longest = min;
  }

  /** It is of little use to try again: the next wait is one of the longest. */
  public void exhaust() {
    longest = max;
  }
}
