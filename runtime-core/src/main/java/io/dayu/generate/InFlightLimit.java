package io.dayu.generate;

/**
 * How many elements of a stream may be in flight: grows while the latency stays near its long-term
 * level and shrinks as it rises, so that queues stay short. By Little's law the limit settles near
 * throughput times base latency.
 *
 * <p>The rule is the gradient limit of Netflix's concurrency-limits (Gradient2Limit): {@code
 * gradient = clamp(0.5, 1, tolerance × long / short)}, {@code limit = limit × gradient + √limit},
 * smoothed. Deviation: latency is taken as the mean of one round of acknowledgements, since they
 * come in batches. Belongs to one actor.
 */
final class InFlightLimit {
  private static final double TOLERANCE = 2.0;
  private static final double SMOOTHING = 0.2;
  private static final double LONG_WEIGHT = 2.0 / (600 + 1);

  private final int min;
  private final int max;
  private double limit;
  private double longUs;
  private long rounds;

  InFlightLimit(int min, int max) {
    this.min = min;
    this.max = max;
    this.limit = Math.min(max, Math.max(min, 32));
  }

  int current() {
    return (int) limit;
  }

  /**
   * One round of acknowledgements.
   *
   * @param meanUs their mean latency
   * @param inFlight elements on their way before the round; a window that was not used tells
   *     nothing
   */
  void observe(double meanUs, int inFlight) {
    rounds++;
    double weight = rounds < 10 ? 1.0 / rounds : LONG_WEIGHT;
    longUs += weight * (meanUs - longUs);
    // A long-term level far above the present one comes from a slow past: forget it faster.
    if (longUs > 2 * meanUs) longUs *= 0.95;
    if (inFlight * 2 < limit) return;
    double gradient = Math.max(0.5, Math.min(1.0, TOLERANCE * longUs / Math.max(1, meanUs)));
    double next = limit * gradient + Math.sqrt(limit);
    limit = Math.max(min, Math.min(max, limit * (1 - SMOOTHING) + next * SMOOTHING));
  }
}
