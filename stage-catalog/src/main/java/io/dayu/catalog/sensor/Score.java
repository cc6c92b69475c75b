package io.dayu.catalog.sensor;

import java.util.Arrays;

/** How far a value is from the usual values of its sensor. */
interface Score {
  /** What stands for "infinitely far", where a sensor never varied before. */
  double MOST = 1000;

  /** Signed, in standard deviations, within {@link #MOST}; the value is not learnt. */
  double of(double value);

  void learn(double value);

  static double bounded(double distance, double deviation) {
    if (distance == 0) return 0;
    return Math.max(-MOST, Math.min(MOST, distance / deviation));
  }

  /**
   * The exponentially weighted mean and variance (Finch, "Incremental calculation of weighted mean
   * and variance", 2009, section 9), as in control charts (Roberts, "Control chart tests based on
   * geometric moving averages", 1959).
   */
  final class Ewma implements Score {
    private final double alpha;
    private double mean;
    private double variance;
    private boolean first = true;

    /**
     * @param alpha weight of the newest value, 0 to 1
     */
    Ewma(double alpha) {
      this.alpha = alpha;
    }

    @Override
    public double of(double value) {
      return first ? 0 : bounded(value - mean, Math.sqrt(variance));
    }

    @Override
    public void learn(double value) {
      if (first) mean = value;
      first = false;
      var difference = value - mean;
      var increment = alpha * difference;
      mean += increment;
      variance = (1 - alpha) * (variance + difference * increment);
    }
  }

  /**
   * The modified z-score of the last values (Iglewicz and Hoaglin, "How to detect and handle
   * outliers", 1993), which outliers themselves do not distort. Where more than half of the values
   * are equal, as with coarse sensors, the mean absolute deviation takes the place of the median
   * one.
   */
  final class Robust implements Score {
    private static final double MEDIAN_TO_STANDARD = 1 / 0.6745;
    private static final double MEAN_TO_STANDARD = 1.2533;

    private final Window window;

    Robust(int window) {
      this.window = new Window(window);
    }

    @Override
    public double of(double value) {
      if (window.size() == 0) return 0;
      var values = window.sorted();
      var median = median(values);
      for (var i = 0; i < values.length; i++) values[i] = Math.abs(values[i] - median);
      Arrays.sort(values);
      var deviation = MEDIAN_TO_STANDARD * median(values);
      if (deviation == 0) deviation = MEAN_TO_STANDARD * Arrays.stream(values).average().orElse(0);
      return bounded(value - median, deviation);
    }

    @Override
    public void learn(double value) {
      window.add(value);
    }

    private static double median(double[] sorted) {
      var middle = sorted.length / 2;
      return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
  }
}
