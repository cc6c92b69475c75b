package io.dayu.sim;

import java.util.Locale;
import java.util.Random;

/**
 * A temperature sensor: a daily curve, noise and, now and then, an anomaly that is marked as such.
 * Every reading is a pure function of the seed and its number, so any part of the series can be
 * asked for again.
 *
 * @param day seconds of real time in which the daily curve repeats
 */
record Sensor(String name, long seed, Pace pace, double day) {
  private static final double MEAN = 18;
  private static final double SWING = 6;
  private static final double NOISE = 0.3;

  /** Readings per block; a block holds at most one shift. */
  private static final int BLOCK = 120;

  private static final double SHIFT_CHANCE = 0.5;
  private static final int SHIFT_LENGTH = 6;
  private static final double SPIKE_CHANCE = 0.01;

  /**
   * @param atMs milliseconds since the epoch
   * @param anomaly whether something was added that the curve and the noise do not explain
   */
  record Reading(String sensor, long atMs, double value, String unit, boolean anomaly) {
    static final String CSV_HEADER = "sensor,atMs,value,unit,anomaly\n";

    String csv() {
      return String.format(Locale.ROOT, "%s,%d,%.3f,%s,%b\n", sensor, atMs, value, unit, anomaly);
    }

    String json() {
      return String.format(
          Locale.ROOT,
          "{\"sensor\":\"%s\",\"atMs\":%d,\"value\":%.3f,\"unit\":\"%s\",\"anomaly\":%b}\n",
          sensor,
          atMs,
          value,
          unit,
          anomaly);
    }
  }

  Reading reading(long n) {
    var random = new Random(mix(n));
    double curve = MEAN + SWING * Math.sin(2 * Math.PI * (n / pace.rate()) / day);
    double value = curve + NOISE * random.nextGaussian();
    double extra = shift(n);
    if (random.nextDouble() < SPIKE_CHANCE) {
      extra += (random.nextBoolean() ? 1 : -1) * NOISE * (12 + 12 * random.nextDouble());
    }
    return new Reading(name, pace.at(n).toEpochMilli(), value + extra, "°C", extra != 0);
  }

  /**
   * A few readings in a row that are off by the same amount: a door left open, a sensor in the sun.
   */
  private double shift(long n) {
    var random = new Random(mix(~Math.floorDiv(n, BLOCK)));
    boolean shifted = random.nextDouble() < SHIFT_CHANCE;
    int start = random.nextInt(BLOCK - SHIFT_LENGTH);
    double size = (random.nextBoolean() ? 1 : -1) * NOISE * (10 + 10 * random.nextDouble());
    int place = (int) Math.floorMod(n, (long) BLOCK);
    return shifted && place >= start && place < start + SHIFT_LENGTH ? size : 0;
  }

  /**
   * Spreads neighbouring numbers over all seeds (the finaliser of SplitMix64): Random alone starts
   * alike on similar seeds.
   */
  private long mix(long n) {
    long z = (seed ^ name.hashCode()) + n * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
