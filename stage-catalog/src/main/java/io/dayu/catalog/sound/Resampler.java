package io.dayu.catalog.sound;

/**
 * Samples at another rate, by band-limited interpolation with a windowed sinc in a table (J. O.
 * Smith, "Digital Audio Resampling Home Page", 2002, ccrma.stanford.edu/~jos/resample). What is too
 * high for the new rate is taken out, by about 80 dB from half of the new rate on.
 *
 * <p>Each sample is computed from those around it and from nothing else, so that a recording gives
 * the same samples wherever its reading begins. Immutable.
 */
final class Resampler {
  private static final int ZEROS = 16; // of the sinc, on each side
  private static final int STEPS = 512; // of the table, from zero to zero
  private static final double BETA = 8; // of the window (Kaiser)
  private static final double PASSED = 0.945; // of what the lower rate can hold
  private static final float[] TABLE = table();

  private final int from;
  private final int to;
  private final double scale; // of the time of the sinc
  private final int reach;

  /**
   * @param from samples a second that there are
   * @param to samples a second that are wanted
   */
  Resampler(int from, int to) {
    this.from = from;
    this.to = to;
    this.scale = PASSED * Math.min(1, (double) to / from);
    this.reach = from == to ? 0 : (int) Math.ceil(ZEROS / scale);
  }

  /** The first sample that is needed for a wanted one; may be before the beginning. */
  long first(long wanted) {
    return at(wanted) - reach;
  }

  /** The sample behind the last one that is needed for a wanted one. */
  long behind(long wanted) {
    return at(wanted) + reach + 1;
  }

  /** How many samples are wanted where there are so many. */
  long wanted(long samples) {
    return -Math.floorDiv(-samples * to, (long) from);
  }

  private long at(long wanted) {
    return Math.floorDiv(wanted * from, (long) to);
  }

  /**
   * A wanted sample. What is not there counts as silence.
   *
   * @param samples some of those that there are, from {@code offset} on every {@code stride}th
   * @param count how many of them
   * @param begin the number of the first of them
   */
  float sample(long wanted, float[] samples, int offset, int stride, int count, long begin) {
    var middle = at(wanted);
    if (from == to) {
      var i = middle - begin;
      return i < 0 || i >= count ? 0 : samples[offset + (int) i * stride];
    }
    var fraction = (double) Math.floorMod(wanted * from, (long) to) / to;
    var low = (int) Math.max(0, middle - reach - begin);
    var high = (int) Math.min(count - 1L, middle + reach - begin);
    var sum = 0.0;
    for (var i = low; i <= high; i++)
      sum += samples[offset + i * stride] * weight(Math.abs(begin + i - middle - fraction));
    return (float) (sum * scale);
  }

  private float weight(double distance) {
    var place = distance * scale * STEPS;
    var i = (int) place;
    if (i >= ZEROS * STEPS) return 0;
    return TABLE[i] + (float) (place - i) * (TABLE[i + 1] - TABLE[i]);
  }

  private static float[] table() {
    var table = new float[ZEROS * STEPS + 1];
    for (var i = 0; i < table.length; i++) {
      var x = Math.PI * i / STEPS;
      var edge = (double) i / (ZEROS * STEPS);
      var window = bessel(BETA * Math.sqrt(Math.max(0, 1 - edge * edge))) / bessel(BETA);
      table[i] = (float) ((i == 0 ? 1 : Math.sin(x) / x) * window);
    }
    table[table.length - 1] = 0;
    return table;
  }

  /** The modified Bessel function of the first kind and order zero, by its series. */
  private static double bessel(double x) {
    var sum = 1.0;
    var term = 1.0;
    for (var k = 1; term > sum * 1e-12; k++) {
      term *= (x / (2 * k)) * (x / (2 * k));
      sum += term;
    }
    return sum;
  }
}
