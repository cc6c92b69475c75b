package io.dayu.element;

import com.google.protobuf.ByteString;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** WAV files (RIFF) of 16-bit samples, and {@link Audio} that is not encoded. Stateless. */
public final class Wav {
  public static final String CONTENT_TYPE = "audio/wav";

  static final int BYTES_A_SAMPLE = 2;

  private static final int HEADER = 44;
  private static final int FORMAT_SIZE = 16;
  private static final int BITS = 14; // where a format says how many a sample has
  private static final int PCM = 1;
  private static final int EXTENSIBLE = 0xfffe;
  private static final int RIFF = tag("RIFF");
  private static final int WAVE = tag("WAVE");
  private static final int FORMAT = tag("fmt ");
  private static final int DATA = tag("data");

  private Wav() {}

  /**
   * A file with the sound of {@code audio}, which is not encoded.
   *
   * @throws IllegalArgumentException if it is encoded
   */
  public static byte[] write(Audio audio) {
    if (!audio.getContentType().isEmpty())
      throw new IllegalArgumentException("audio is encoded as " + audio.getContentType());
    int bytes = audio.getData().size();
    int sample = BYTES_A_SAMPLE * audio.getChannels();
    var file = ByteBuffer.allocate(HEADER + bytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putInt(RIFF).putInt(HEADER - 8 + bytes).putInt(WAVE);
    file.putInt(FORMAT).putInt(FORMAT_SIZE).putShort((short) PCM);
    file.putShort((short) audio.getChannels()).putInt(audio.getSampleRate());
    file.putInt(audio.getSampleRate() * sample).putShort((short) sample);
    file.putShort((short) (8 * BYTES_A_SAMPLE));
    file.putInt(DATA).putInt(bytes);
    audio.getData().copyTo(file);
    return file.array();
  }

  /**
   * The sound of a file. A length that was not known when the head was written, as programs leave
   * it that write to a pipe, counts as the rest of the file.
   *
   * @return empty if this is no WAV file of 16-bit samples
   */
  public static Optional<Audio> read(byte[] bytes) {
    var file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    var audio = Audio.newBuilder();
    try {
      if (file.getInt() != RIFF) return Optional.empty();
      var unused = file.getInt(); // the length, which pipes do not know
      if (file.getInt() != WAVE) return Optional.empty();
      while (true) {
        int tag = file.getInt();
        long said = Integer.toUnsignedLong(file.getInt());
        if (tag == DATA) {
          if (audio.getChannels() < 1 || audio.getSampleRate() < 1) return Optional.empty();
          int sample = BYTES_A_SAMPLE * audio.getChannels();
          int length = (int) Math.min(said, file.remaining()) / sample * sample;
          return Optional.of(
              audio.setData(ByteString.copyFrom(bytes, file.position(), length)).build());
        }
        if (tag == FORMAT) {
          if (said < FORMAT_SIZE || file.remaining() < FORMAT_SIZE) return Optional.empty();
          int at = file.position();
          int format = Short.toUnsignedInt(file.getShort());
          audio.setChannels(Short.toUnsignedInt(file.getShort())).setSampleRate(file.getInt());
          int bits = file.getShort(at + BITS);
          if (format != PCM && format != EXTENSIBLE || bits != 8 * BYTES_A_SAMPLE)
            return Optional.empty();
          file.position(at);
        }
        // Chunks begin at even places.
        long next = file.position() + said + (said & 1);
        if (next > bytes.length) return Optional.empty();
        file.position((int) next);
      }
    } catch (BufferUnderflowException e) {
      return Optional.empty();
    }
  }

  private static int tag(String text) {
    int tag = 0;
    for (int i = 3; i >= 0; i--) tag = tag << 8 | text.charAt(i);
    return tag;
  }
}
