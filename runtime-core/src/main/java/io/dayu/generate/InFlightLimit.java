package io.dayu.generate;

import java.time.Duration;
import java.util.OptionalDouble;

/**
 * How many elements of a stream may be in flight. The limit grows while the latency stays near its
 * base and shrinks as it rises, so that queues stay short; by Little's law it settles near
 * throughput times base latency. It never exceeds what would hold elements longer than half of the
 * objective.
 *
 * <p>The rule is the gradient limit of Netflix's concurrency-limits (Gradient2Limit): {@code
 * gradient = clamp(0.5, 1, tolerance × base / latency)}, {@code limit = limit × gradient + √limit},
 * smoothed. Deviations: latencies are means of one round of acknowledgements, since they come in
 * batches; and the base is not an average of loaded latencies, which drifts upwards for ever, nor a
 * minimum, which a busy machine reaches by luck, but what is seen when the limit is halved for a
 * moment every few seconds (the idea of BBR, Cardwell et al., 2016). Where queues make the latency,
 * halving the limit halves it; where the machine is slow, it does not. Belongs to one actor.
 */
final class InFlightLimit {
  private static final double TOLERANCE = 1.5;
  private static final double SMOOTHING = 0.2;
  private static final int START = 8;

  /** Fewer would leave stages of a pipeline idle one after the other. */
  private static final int PIPELINED = 4;

  /** A smaller limit is not probed: halving it would starve the stages, or shed live elements. */
  private static final int PROBED = 16;

  private static final long FIRST_PROBE_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long PROBE_EVERY_NANOS = Duration.ofSeconds(5).toNanos();
  private static final long RATE_NANOS = Duration.ofMillis(500).toNanos();

  private final int min;
  private final int max;
  private final double patienceSeconds;
  private double limit;
  private OptionalDouble baseUs = OptionalDouble.empty(); // empty before the first probe
  private double probedUs;
  private long probedCount;
  private long probeBegins;
  private long probeCounts; // from then on the acknowledged elements were sent in the probe
  private long probeEnds;
  private OptionalDouble perSecond = OptionalDouble.empty(); // empty before it was measured
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
    this.probeBegins = nowNanos + FIRST_PROBE_NANOS;
    this.probeCounts = probeBegins;
    this.probeEnds = probeBegins;
    this.rateSince = nowNanos;
  }

  int current(long nowNanos) {
    double now = probing(nowNanos) ? limit / 2 : limit;
    if (perSecond.isPresent())
      now = Math.min(now, Math.max(PIPELINED, perSecond.getAsDouble() * patienceSeconds));
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
    if (probing(nowNanos)) {
      if (nowNanos - probeCounts >= 0) {
        probedUs += meanUs * count;
        probedCount += count;
      }
      return;
    }
    if (nowNanos - probeBegins >= 0) {
      if (probedCount > 0) baseUs = OptionalDouble.of(probedUs / probedCount);
      probedUs = 0;
      probedCount = 0;
      probeBegins = nowNanos + PROBE_EVERY_NANOS;
      probeCounts = probeBegins + (long) (2_000 * meanUs);
      probeEnds = limit < PROBED ? probeBegins : probeBegins + (long) (4_000 * meanUs);
    }
    if (inFlight * 2 < limit) return;
    double next = limit * gradient(meanUs) + Math.sqrt(limit);
    limit = Math.max(min, Math.min(max, limit * (1 - SMOOTHING) + next * SMOOTHING));
  }

  private double gradient(double meanUs) {
    if (baseUs.isEmpty() || limit < PROBED) return 1;
    // Latencies below one microsecond count as one.
    double base = Math.max(1, baseUs.getAsDouble());
    return Math.max(0.5, Math.min(1.0, TOLERANCE * base / Math.max(1, meanUs)));
  }

  private boolean probing(long nowNanos) {
    return nowNanos - probeBegins >= 0 && nowNanos - probeEnds < 0;
  }

  private void rate(long nowNanos, int count) {
    counted += count;
    long elapsed = nowNanos - rateSince;
    if (elapsed < RATE_NANOS) return;
    double now = counted * 1e9 / elapsed;
    double before = perSecond.orElse(now);
    perSecond = OptionalDouble.of(before + 0.5 * (now - before));
    counted = 0;
    rateSince = nowNanos;
  }
}
