package io.dayu.catalog.model;

import java.util.Arrays;
import java.util.Locale;

/**
 * An output of a model.
 *
 * @param shape as it is after a run, without unknown dimensions
 * @param whole whether its numbers are integers by their type
 */
public record Tensor(String name, int[] shape, boolean whole, float[] values) {
  public int rank() {
    return shape.length;
  }

  /** The dimension at that place, counted from the end if it is negative. */
  public int dimension(int at) {
    return shape[at < 0 ? shape.length + at : at];
  }

  public boolean named(String... parts) {
    var lower = name.toLowerCase(Locale.ROOT);
    return Arrays.stream(parts).anyMatch(lower::contains);
  }

  /** Name and shape, as in {@code output0 [1, 84, 8400]}. */
  @Override
  public String toString() {
    return name + " " + Arrays.toString(shape);
  }
}
