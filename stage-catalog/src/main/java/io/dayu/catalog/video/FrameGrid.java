package io.dayu.catalog.video;

/**
 * Takes the first frame in every period of a recording. Unlike {@link Sampler} it depends on
 * nothing but the frames' times, so that a recording read from its middle yields the same frames.
 */
final class FrameGrid {
  private static final double SHIFT = 0.25; // keeps frames that are exactly on time off the edges

  private long taken = -1;

  /**
   * Whether the frame of that time is taken.
   *
   * @param fps may differ from call to call; 0 takes every frame
   */
  boolean take(long micros, double fps) {
    if (fps > 0 && taken >= 0 && period(micros, fps) <= period(taken, fps)) return false;
    taken = micros;
    return true;
  }

  /** How long after the frame taken last the next one may be, in microseconds, at least 1. */
  long gap(double fps) {
    if (fps <= 0) return 1;
    var next = (period(taken, fps) + 1 - SHIFT) * 1e6 / fps;
    return Math.max(1, (long) Math.ceil(next) - taken);
  }

  private static double period(long micros, double fps) {
    return Math.floor(micros * fps / 1e6 + SHIFT);
  }
}
