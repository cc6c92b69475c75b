package io.dayu.catalog.sound;

import io.dayu.element.Audio;
import java.nio.ByteOrder;
import java.util.Locale;

/** Samples of 16 bits, as elements have them. */
final class Pcm {
  private static final float SCALE = 32_768;

  private Pcm() {}

  /** A sample from -1 to 1; what is louder is cut. */
  static short whole(float sample) {
    return (short) Math.max(Short.MIN_VALUE, Math.min(Short.MAX_VALUE, Math.round(sample * SCALE)));
  }

  /**
   * The samples of an element, all channels mixed to one.
   *
   * @throws IllegalArgumentException why it cannot be read, in words for users
   */
  static float[] mono(Audio audio) {
    check(audio);
    var channels = audio.getChannels();
    var from =
        audio.getData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
    var samples = new float[from.remaining() / channels];
    for (var i = 0; i < samples.length; i++) {
      var sum = 0;
      for (var channel = 0; channel < channels; channel++) sum += from.get();
      samples[i] = sum / (SCALE * channels);
    }
    return samples;
  }

  private static void check(Audio audio) {
    if (!audio.getContentType().isEmpty())
      throw new IllegalArgumentException(
          "this stage reads samples, and the sound is encoded as %s"
              .formatted(audio.getContentType()));
    if (audio.getChannels() < 1
        || audio.getSampleRate() < Recording.SLOWEST
        || audio.getSampleRate() > Recording.FASTEST)
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "sound with %d channels and %d samples a second makes no sense",
              audio.getChannels(),
              audio.getSampleRate()));
    if (audio.getData().size() % (Short.BYTES * audio.getChannels()) != 0)
      throw new IllegalArgumentException(
          "the last sample of the sound is not whole; it is cut off");
  }
}
