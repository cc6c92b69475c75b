package io.dayu.catalog.sound;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The samples of a file. What is counted are moments, at each of which every channel has a sample.
 * Blocking; not thread-safe.
 *
 * <p>Messages of its exceptions are words for users, to stand behind the name of the file.
 */
interface Recording extends AutoCloseable {
  int MOST_CHANNELS = 64;
  int SLOWEST = 1_000;
  int FASTEST = 768_000;

  /** Samples a second of one channel. */
  int rate();

  int channels();

  /** How many moments it has, if that is certain without reading it to its end. */
  OptionalLong length();

  /**
   * The next samples.
   *
   * @param into channels in turn
   * @param moments how many at most
   * @return how many; 0 at the end only, and once the stop is asked for
   */
  int read(float[] into, int moments) throws IOException;

  /** Goes to a moment, or to the end if that comes before it; where it is then. */
  @CanIgnoreReturnValue
  long seek(long moment) throws IOException;

  /**
   * To be asked at the end: what the file promises beyond what was read of it, in words; empty if
   * nothing is missing.
   */
  Optional<String> missing();

  @Override
  void close();

  /** Refuses what no file of sound has, before anything is allocated for it. */
  static void check(int rate, int channels) throws IOException {
    if (channels < 1 || channels > MOST_CHANNELS)
      throw new IOException(
          "it has %s channels of sound, 1 to %s can be read".formatted(channels, MOST_CHANNELS));
    if (rate < SLOWEST || rate > FASTEST)
      throw new IOException(
          "it has %s samples a second, %s to %s can be read".formatted(rate, SLOWEST, FASTEST));
  }
}
