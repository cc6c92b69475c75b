package io.dayu.generate;

import io.dayu.facts.Ledger;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** Counts and latencies of one stream. Belongs to one actor. */
final class StreamCounts {
  private static final long MAX_LATENCY_US = TimeUnit.HOURS.toMicros(1);

  /** After so many reports the older half of the latencies is left out. */
  private static final int REPORTS_PER_HALF = 15;

  private Histogram recent = new Histogram(MAX_LATENCY_US, 3);
  private Histogram previous = new Histogram(MAX_LATENCY_US, 3);
  private long generated;
  private long delivered;
  private long failed;
  private long shed;
  private long acknowledged;
  private long reported;
  private long reportedAtNanos;
  private double perSecond;
  private long lastAckNanos;
  private long longestGapNanos;
  private OptionalDouble slowMs = OptionalDouble.empty();
  private int reports;

  StreamCounts(long nowNanos) {
    this.reportedAtNanos = nowNanos;
    this.lastAckNanos = nowNanos;
  }

  /** Goes on with the counts of an earlier run. */
  void restore(Progress progress) {
    generated = progress.generated();
    delivered = progress.delivered();
    failed = progress.failed();
    shed = progress.shed();
  }

  void generated() {
    generated++;
  }

  /** Subtracts elements that will be cut and counted again, under new numbers. */
  void renumbered(int count) {
    generated -= count;
  }

  void shed() {
    shed++;
  }

  /**
   * Counts an element that was acknowledged outside of the window. Its latency is not recorded,
   * because it includes the wait on the disk.
   */
  void done(boolean ok) {
    if (ok) delivered++;
    else failed++;
    acknowledged++;
  }

  void done(boolean ok, long latencyUs) {
    done(ok);
    recent.recordValue(Math.max(0, Math.min(latencyUs, MAX_LATENCY_US)));
  }

  /** Elements left the window: acknowledged, or safe on the disk. */
  void acknowledgedAt(long nowNanos) {
    longestGapNanos = Math.max(longestGapNanos, nowNanos - lastAckNanos);
    lastAckNanos = nowNanos;
  }

  /** Nothing was in flight until now, so the time since the last acknowledgement is no gap. */
  void idleAt(long nowNanos) {
    lastAckNanos = nowNanos;
  }

  /** The ledger with {@code inFlight} elements, which the caller has counted. */
  Ledger ledger(long inFlight) {
    return new Ledger(generated, delivered, failed, shed, inFlight);
  }

  /** Brings rates up to date; called once per report. */
  void tick(long nowNanos) {
    perSecond = (acknowledged - reported) * 1e9 / Math.max(1, nowNanos - reportedAtNanos);
    reported = acknowledged;
    reportedAtNanos = nowNanos;
    // If nothing was acknowledged lately, as on a stream that was cut off, the last value stays.
    double slowNow = latencyMs(99)[0];
    if (slowNow > 0) slowMs = OptionalDouble.of(slowNow);
    if (++reports % REPORTS_PER_HALF == 0) {
      var oldest = previous;
      previous = recent;
      oldest.reset();
      recent = oldest;
    }
  }

  double perSecond() {
    return perSecond;
  }

  double longestGapMs() {
    return longestGapNanos / 1e6;
  }

  /** Latency in milliseconds at each of {@code percentiles} over the last 15 to 30 reports. */
  double[] latencyMs(double... percentiles) {
    var both = previous.copy();
    both.add(recent);
    var values = new double[percentiles.length];
    for (int i = 0; i < values.length; i++)
      values[i] = both.getTotalCount() == 0 ? 0 : both.getValueAtPercentile(percentiles[i]) / 1e3;
    return values;
  }

  /** A generous latency as of the last report, for time-outs; empty if nothing was measured yet. */
  OptionalDouble slowMs() {
    return slowMs;
  }
}
