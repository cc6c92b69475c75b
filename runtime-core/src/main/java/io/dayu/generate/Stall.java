package io.dayu.generate;

/**
 * Tells a stall, in which nothing leaves a stream's window, from stages that are slow. After a node
 * was lost, or the store, it takes seconds until elements go another way; what a live source gives
 * meanwhile can wait, since there will be room for it. Behind slow stages there will be none.
 *
 * <p>Nothing left the window for four times as long as usual: that is a stall. What has come until
 * its end has as long again to be sent. Belongs to one actor.
 */
final class Stall {
  private static final int TIMES = 4;

  /** Shorter than this is no stall: acknowledgements come in batches. */
  private static final long SHORTEST_NANOS = 50_000_000;

  private static final double SMOOTHING = 0.2;

  private double usualNanos; // between two times at which elements left the window; 0: not known
  private long movedNanos;
  private boolean ended;
  private long forgivenNanos; // of the stall that has ended: until then

  /**
   * The first element is in flight; until now there was nothing that could have left the window.
   */
  void begins(long nowNanos) {
    movedNanos = nowNanos;
  }

  /** Elements have left the window. */
  void moved(long nowNanos) {
    long since = nowNanos - movedNanos;
    if (is(nowNanos)) {
      ended = true;
      forgivenNanos = nowNanos + since;
    }
    // A stall counts as the shortest one, so that it raises the usual time a little only; but if it
    // is usual now, that is known soon.
    double counts = usualNanos == 0 ? since : Math.min(since, longestNanos());
    usualNanos += (usualNanos == 0 ? 1 : SMOOTHING) * (counts - usualNanos);
    movedNanos = nowNanos;
  }

  /** Whether elements may wait for the window that would be too many otherwise. */
  boolean excuses(long nowNanos) {
    return is(nowNanos) || ended && nowNanos - forgivenNanos < 0;
  }

  private boolean is(long nowNanos) {
    return usualNanos > 0 && nowNanos - movedNanos > longestNanos();
  }

  private double longestNanos() {
    return Math.max(SHORTEST_NANOS, TIMES * usualNanos);
  }
}
