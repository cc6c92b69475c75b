package io.dayu.sim;

/**
 * A cut-out that crosses the picture sideways again and again, a whole number of times per loop, so
 * that the loop has no seam.
 *
 * @param bottom row below its lowest pixel when it does not bob
 * @param crossings per loop
 * @param phase where in a crossing it is at frame 0, 0..1
 * @param bob height of a step in pixels, 0 for things on wheels
 */
record Mover(Cutout cutout, boolean rightwards, int bottom, int crossings, double phase, int bob) {
  private static final int STEPS_PER_CROSSING = 12;

  /**
   * Left edge in frame {@code n} of a loop of {@code loop} frames, in pixels; may lie outside the
   * frame.
   */
  int x(long n, int loop, int frameWidth) {
    double way = crossing(n, loop) * (frameWidth + cutout.width());
    return (int) Math.round(rightwards ? way - cutout.width() : frameWidth - way);
  }

  int y(long n, int loop) {
    double step = Math.abs(Math.sin(Math.PI * STEPS_PER_CROSSING * crossing(n, loop)));
    return bottom - cutout.height() - (int) Math.round(bob * step);
  }

  /** How often it has entered the picture before frame {@code n}. */
  long pass(long n, int loop) {
    return Math.floorDiv(n, loop) * crossings + (long) Math.floor(progress(n, loop));
  }

  private double crossing(long n, int loop) {
    double progress = progress(n, loop);
    return progress - Math.floor(progress);
  }

  /**
   * Crossings since the start of the loop; taken from the frame's number in the loop, so that every
   * loop is exactly the same.
   */
  private double progress(long n, int loop) {
    return phase + Math.floorMod(n, loop) * (double) crossings / loop;
  }
}
