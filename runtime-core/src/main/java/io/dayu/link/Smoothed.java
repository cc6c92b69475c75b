package io.dayu.link;

/**
 * An exponentially weighted mean of which about the last ten samples count. Belongs to one actor.
 */
public final class Smoothed {
  private static final double WEIGHT = 0.2;

  private boolean any;
  private double value;

  public void add(double sample) {
    value = any ? value + WEIGHT * (sample - value) : sample;
    any = true;
  }

  /** 0 before the first sample. */
  public double value() {
    return value;
  }
}
