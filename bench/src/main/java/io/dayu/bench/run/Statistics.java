package io.dayu.bench.run;

import java.util.List;
import java.util.stream.IntStream;

/** Figures from repeated measurements. */
public final class Statistics {
  private Statistics() {}

  /**
   * The middle value, or the mean of the two in the middle.
   *
   * @throws IllegalArgumentException if there are none
   */
  public static double median(List<Double> values) {
    if (values.isEmpty()) throw new IllegalArgumentException("no values have no median");
    var sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  /**
   * Value by value, {@code of} divided by {@code to}. Measurements that were taken side by side are
   * compared with each other before they are summed up, so that what disturbed the machine for a
   * while disturbs both sides.
   */
  public static List<Double> ratios(List<Double> of, List<Double> to) {
    if (of.size() != to.size())
      throw new IllegalArgumentException(
          "%s values cannot be compared with %s".formatted(of.size(), to.size()));
    return IntStream.range(0, of.size()).mapToObj(i -> of.get(i) / to.get(i)).toList();
  }

  /** To so many significant digits: more are noise, and rounding to places loses small figures. */
  public static double significant(double value, int digits) {
    if (value == 0 || !Double.isFinite(value)) return value;
    return new java.math.BigDecimal(value)
        .round(new java.math.MathContext(digits, java.math.RoundingMode.HALF_UP))
        .doubleValue();
  }
}
