package io.dayu.catalog.sound;

/**
 * The filter A of sound level meters (IEC 61672-1), which weighs frequencies about as ears do. It
 * is the analogue one by bilinear transform, so it is too low by more than 1 dB from about a fifth
 * of the sampling rate on. Not thread-safe: it remembers what it has heard.
 */
final class AWeighting {
  private static final double[] LOW = {20.598997, 20.598997, 107.65265, 737.86223}; // Hz
  private static final double[] HIGH = {12_194.217, 12_194.217};
  private static final double REFERENCE = 1000; // Hz, where it changes nothing

  private final double[] zero =
      new double[LOW.length + HIGH.length]; // -1: at 0 Hz, 1: at half the rate
  private final double[] pole = new double[zero.length];
  private final double[] inputs = new double[zero.length];
  private final double[] outputs = new double[zero.length];
  private final double gain;

  /**
   * @param rate samples a second
   */
  AWeighting(int rate) {
    for (var i = 0; i < zero.length; i++) {
      boolean low = i < LOW.length;
      var angular = 2 * Math.PI * (low ? LOW[i] : HIGH[i - LOW.length]);
      zero[i] = low ? -1 : 1;
      pole[i] = (angular - 2.0 * rate) / (angular + 2.0 * rate);
    }
    gain = 1 / response(2 * Math.PI * REFERENCE / rate);
  }

  /** What comes out for a sample. */
  double next(double sample) {
    var value = sample * gain;
    for (var i = 0; i < zero.length; i++) {
      var in = value;
      value = in + zero[i] * inputs[i] - pole[i] * outputs[i];
      inputs[i] = in;
      outputs[i] = value;
    }
    return value;
  }

  /** The size of the answer to a sine, without the gain. */
  private double response(double radians) {
    var answer = 1.0;
    for (var i = 0; i < zero.length; i++) answer *= size(zero[i], radians) / size(pole[i], radians);
    return answer;
  }

  private static double size(double factor, double radians) {
    return Math.sqrt(1 + factor * factor + 2 * factor * Math.cos(radians));
  }
}
