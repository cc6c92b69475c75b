package io.dayu.process;

import io.dayu.facts.NodeReport.Work;

/** Smoothed figures of one stage instance. Belongs to one actor. */
final class StageMeter {
  /** Weight of a new sample; about the last ten count. */
  private static final double ALPHA = 0.2;

  private static final double QUICK_MS = 1;

  private double queueMs;
  private double serviceMs;
  private double errorRate;
  private long processed;
  private long failed;
  private long reported;
  private long reportedAtNanos;
  private double perSecond;

  StageMeter(long nowNanos) {
    this.reportedAtNanos = nowNanos;
  }

  void worked(long queueUs, long workUs) {
    queueMs = smooth(queueMs, queueUs / 1e3, processed == 0);
    serviceMs = smooth(serviceMs, workUs / 1e3, processed == 0);
    errorRate = smooth(errorRate, 0, false);
    processed++;
  }

  void failed() {
    errorRate = smooth(errorRate, 1, false);
    failed++;
  }

  /** Whether a call takes less time than the threads need to take turns several times. */
  boolean isQuick() {
    return processed > 0 && serviceMs < QUICK_MS;
  }

  /** Brings the rate up to date; called once per report. */
  void tick(long nowNanos) {
    perSecond = (processed - reported) * 1e9 / Math.max(1, nowNanos - reportedAtNanos);
    reported = processed;
    reportedAtNanos = nowNanos;
  }

  /**
   * The figures so far.
   *
   * @param queue elements that wait
   */
  Work work(int queue) {
    return new Work(queue, queueMs, serviceMs, perSecond, errorRate, processed, failed);
  }

  private static double smooth(double old, double sample, boolean first) {
    return first ? sample : old + ALPHA * (sample - old);
  }
}
