package io.dayu.catalog.sensor;

import java.util.Arrays;

/** The newest values of a sensor, at most as many as its capacity. */
final class Window {
  private final double[] values;
  private int size;
  private int next;

  Window(int capacity) {
    values = new double[capacity];
  }

  void add(double value) {
    values[next] = value;
    next = (next + 1) % values.length;
    size = Math.min(values.length, size + 1);
  }

  int size() {
    return size;
  }

  /** The mean, NaN of none. Summed anew each time, so that no error builds up over months. */
  double mean() {
    return Arrays.stream(values, 0, size).average().orElse(Double.NaN);
  }

  double[] sorted() {
    var copy = Arrays.copyOf(values, size);
    Arrays.sort(copy);
    return copy;
  }
}
