package io.dayu.catalog.video;

/**
 * Takes so many frames of a faster live source that {@code fps} are left on average, evenly. A
 * frame a quarter of a period early is taken, because cameras jitter and would lose every other
 * frame.
 */
final class Sampler {
  private double dueMicros = Double.NaN;

  /**
   * Whether the frame of that time is taken.
   *
   * @param fps may differ from call to call; 0 takes every frame
   */
  boolean take(long micros, double fps) {
    if (fps <= 0) {
      dueMicros = Double.NaN;
      return true;
    }
    var period = 1e6 / fps;
    // The first frame, a pause, or another rate than before: the rhythm begins here.
    var late = micros - dueMicros;
    if (Double.isNaN(late) || late > period || late < -1.5 * period) dueMicros = micros;
    if (micros < dueMicros - period / 4) return false;
    dueMicros += period;
    return true;
  }
}
