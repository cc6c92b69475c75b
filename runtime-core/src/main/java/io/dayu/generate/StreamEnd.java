package io.dayu.generate;

import java.time.Duration;

/**
 * Whether a stream goes on on this node, and if not how long it waits for what is in flight. Times
 * are those of a clock as {@link System#nanoTime}. Belongs to one actor.
 */
final class StreamEnd {
  private enum Phase {
    READING,
    /** The stream is no longer read on this node. */
    DRAINING,
    /** The node is stopping. */
    FINISHING
  }

  private final Duration drain;
  private final Duration finish;
  private Phase phase = Phase.READING;
  private long beganNanos; // to wait
  private Duration patience = Duration.ZERO; // from then on
  private String setting = "";

  StreamEnd(GenerateSettings settings) {
    this.drain = settings.drain();
    this.finish = settings.finish();
  }

  boolean isReading() {
    return phase == Phase.READING;
  }

  boolean isDraining() {
    return phase == Phase.DRAINING;
  }

  boolean isFinishing() {
    return phase == Phase.FINISHING;
  }

  /**
   * The stream is no longer read here. If the node is stopping already, its deadline stays.
   *
   * @return false if that was known
   */
  boolean drain(long nowNanos) {
    if (isDraining()) return false;
    if (isReading()) waits(nowNanos, drain, "dayu.generate.drain");
    phase = Phase.DRAINING;
    return true;
  }

  /**
   * The node is stopping.
   *
   * @return false if the stream ends already
   */
  boolean finish(long nowNanos) {
    if (!isReading()) return false;
    waits(nowNanos, finish, "dayu.generate.finish");
    phase = Phase.FINISHING;
    return true;
  }

  /** Whether it has waited long enough. */
  boolean isOverdue(long nowNanos) {
    return !isReading() && nowNanos - beganNanos > patience.toNanos();
  }

  /** For people: how long it waits, and the setting that says so. */
  String patience() {
    return "%s s (%s)".formatted(patience.toSeconds(), setting);
  }

  private void waits(long nowNanos, Duration duration, String key) {
    beganNanos = nowNanos;
    patience = duration;
    setting = key;
  }
}
