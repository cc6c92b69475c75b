package io.dayu.generate;

import java.time.Duration;

/**
 * How many elements of a stream may be in flight. The limit grows while the latency stays near its
 * base and shrinks as it rises, so that queues stay short; by Little's law it settles near
 * throughput times base latency. It never exceeds what would hold elements longer than half of the
 * objective.
 *
 * <p>The rule is the gradient limit of Netflix's concurrency-limits (Gradient2Limit): {@code
 * gradient = clamp(0.5, 1, tolerance × base / latency)}, {@code limit = limit × gradient + √limit},
 * smoothed. Deviations: latencies are means of one round of acknowledgements, since they come in
 * batches; the base is the least one of the last seconds, and every few seconds the limit is halved
 * for a moment to see it (as BBR does, Cardwell et al., 2016), because an average of loaded
 * latencies drifts upwards for ever. Belongs to one actor.
 */
final class InFlightLimit {
  private static final double TOLERANCE = 2.0;
  private static final double SMOOTHING = 0.2;
  private static final int START = 8;

  /** Fewer would leave stages of a pipeline idle one after the other. */
  private static final int PIPELINED = 4;

  private static final long EPOCH_NANOS = Duration.ofSeconds(5).toNanos();
  private static final long RATE_NANOS = Duration.ofMillis(500).toNanos();

  private final int min;
  private final int max;
  private final double patienceSeconds;
  private double limit;
  private double baseUs = Double.MAX_VALUE;
  private double earlierBaseUs = Double.MAX_VALUE;
  private long epochEnds;
  private long probeEnds;
  private double perSecond;
  private long rateSince;
  private long counted;

  /**
   * @param objective the stream's latency objective
   */
  InFlightLimit(int min, int max, Duration objective, long nowNanos) {
    this.min = min;
    this.max = max;
    this.patienceSeconds = objective.toNanos() / 2e9;
    this.limit = Math.min(max, Math.max(min, START));
    this.epochEnds = nowNanos + EPOCH_NANOS;
    this.probeEnds = nowNanos;
    this.rateSince = nowNanos;
  }

  int current(long nowNanos) {
    double now = nowNanos - probeEnds < 0 ? limit / 2 : limit;
    if (perSecond > 0) now = Math.min(now, Math.max(PIPELINED, perSecond * patienceSeconds));
    return (int) Math.max(min, Math.min(max, now));
  }

  /**
   * One round of acknowledgements.
   *
   * @param meanUs their mean latency
   * @param count how many there were
   * @param inFlight elements on their way before the round; a window that was not used tells
   *     nothing
   */
  void observe(long nowNanos, double meanUs, int count, int inFlight) {
    rate(nowNanos, count);
    if (nowNanos - epochEnds > 0) {
      earlierBaseUs = baseUs;
      baseUs = Double.MAX_VALUE;
      epochEnds = nowNanos + EPOCH_NANOS;
      probeEnds = nowNanos + (long) (2_000 * meanUs);
    }
    baseUs = Math.min(baseUs, meanUs);
    if (nowNanos - probeEnds < 0 || inFlight * 2 < limit) return;
    double base = Math.min(baseUs, earlierBaseUs);
    double gradient = Math.max(0.5, Math.min(1.0, TOLERANCE * base / Math.max(1, meanUs)));
    double next = limit * gradient + Math.sqrt(limit);
    limit = Math.max(min, Math.min(max, limit * (1 - SMOOTHING) + next * SMOOTHING));
  }

  private void rate(long nowNanos, int count) {
    counted += count;
    long elapsed = nowNanos - rateSince;
    if (elapsed < RATE_NANOS) return;
    double now = counted * 1e9 / elapsed;
    perSecond = perSecond == 0 ? now : perSecond + 0.5 * (now - perSecond);
    counted = 0;
    rateSince = nowNanos;
  }
}
