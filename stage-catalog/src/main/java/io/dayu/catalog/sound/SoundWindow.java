package io.dayu.catalog.sound;

import java.io.IOException;
import java.util.Arrays;
import java.util.OptionalLong;

/** A part of a recording that moves on with what is asked for. Blocking; not thread-safe. */
final class SoundWindow {
  private static final int AT_ONCE = 16 << 10; // samples

  private final Recording recording;
  private final boolean mixed;
  private final float[] read;
  private float[] samples = new float[0]; // channels in turn
  private boolean placed; // whether the recording goes on behind what is here
  private long begin;
  private int count; // moments
  private OptionalLong end = OptionalLong.empty();

  /**
   * @param mono whether all channels are mixed to one, each as loud as the others
   */
  SoundWindow(Recording recording, boolean mono) {
    this.recording = recording;
    this.mixed = mono && recording.channels() > 1;
    this.read = new float[AT_ONCE / recording.channels() * recording.channels()];
  }

  int channels() {
    return mixed ? 1 : recording.channels();
  }

  /** How many moments the recording has; empty until its end was reached. */
  OptionalLong end() {
    return end;
  }

  /**
   * Moves so that it has these moments, as far as they are in the recording.
   *
   * @param first may be before the beginning
   */
  void cover(long first, long behind) throws IOException {
    var from = Math.max(0, first);
    if (!placed || from < begin || from > begin + count) {
      placed = true;
      begin = recording.seek(from);
      count = 0;
      if (begin < from) end = OptionalLong.of(begin);
    } else {
      var gone = (int) (from - begin);
      System.arraycopy(samples, gone * channels(), samples, 0, (count - gone) * channels());
      begin = from;
      count -= gone;
    }
    while (begin + count < behind && (end.isEmpty() || begin + count < end.getAsLong()))
      if (!more(behind - begin - count)) end = OptionalLong.of(begin + count);
  }

  private boolean more(long wanted) throws IOException {
    var its = recording.channels();
    var got = recording.read(read, (int) Math.min(wanted, read.length / its));
    var needed = (count + got) * channels();
    if (needed > samples.length)
      samples = Arrays.copyOf(samples, Math.max(needed, 2 * samples.length));
    if (!mixed) System.arraycopy(read, 0, samples, count * its, got * its);
    else
      for (var i = 0; i < got; i++) {
        var sum = 0f;
        for (var channel = 0; channel < its; channel++) sum += read[i * its + channel];
        samples[count + i] = sum / its;
      }
    count += got;
    return got > 0;
  }

  /** A sample at another rate; what it needs must be covered. */
  float sample(Resampler resampler, long wanted, int channel) {
    return resampler.sample(wanted, samples, channel, channels(), count, begin);
  }
}
