package io.dayu.link;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;

/**
 * How long to wait before something that keeps failing is tried again: twice as long each time,
 * from a shortest to a longest wait, less up to half of it by chance. Without the random part, all
 * edges that have lost the same cloud would reconnect at the same times; because at least half of
 * the wait remains, none reconnects at once. This is the "equal jitter" of Marc Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. Belongs to one actor.
 */
public final class Backoff {
  private final long min;
  private final long max;
  private final DoubleSupplier chance;
  private long longest; // that the next wait can be, in nanoseconds

  /**
   * @param min the longest first wait; a value above {@code max} counts as {@code max}
   * @param max no wait is longer
   */
  public Backoff(Duration min, Duration max) {
    this(min, max, () -> ThreadLocalRandom.current().nextDouble());
  }

  /**
   * @param chance a random number from 0 (nothing is taken off the wait) to 1, exclusive (half of
   *     it is taken off)
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

  /** The try has succeeded: the next failure counts as the first one. */
  public void reset() {
    longest = min;
  }

  /** A new try will hardly succeed: the next wait is one of the longest. */
  public void exhaust() {
    longest = max;
  }
}
