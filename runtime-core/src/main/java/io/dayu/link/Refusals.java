package io.dayu.link;

import java.time.Duration;
import java.util.Optional;

/**
 * Counts the elements that a node has refused, and when that is said. One for all links of a node,
 * so that many connections do not make many lines. Safe for any thread.
 */
final class Refusals {
  private static final Duration TELL_EVERY = Duration.ofSeconds(30);

  private long count;
  private long told;
  private boolean silent = true; // nothing was told yet

  /**
   * Counts one.
   *
   * @param latest which it is, from whom, and why
   * @return what there is to say: at once, then no more often than every half minute
   */
  synchronized Optional<String> add(String latest, long nanos) {
    count++;
    if (!silent && nanos - told < TELL_EVERY.toNanos()) return Optional.empty();
    silent = false;
    told = nanos;
    return Optional.of(
        "%s elements were refused at the data port since the start, and not acknowledged; the latest is %s"
            .formatted(count, latest));
  }
}
