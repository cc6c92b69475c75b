package io.dayu.catalog.sound;

import com.google.protobuf.ByteString;
import io.dayu.catalog.Natives;
import io.dayu.element.Audio;
import io.dayu.element.Media;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntToDoubleFunction;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacv.FFmpegFrameRecorder;
import org.bytedeco.javacv.Frame;

/** Sound for tests: tones, files and elements. */
final class Sounds {
  static final int PCM = 1;
  static final int FLOAT = 3;
  static final int EXTENSIBLE = 0xFFFE;

  private Sounds() {}

  static IntToDoubleFunction sine(double hertz, int rate, double size) {
    return i -> size * Math.sin(2 * Math.PI * hertz * i / rate);
  }

  static ByteString samples(int count, IntToDoubleFunction sample) {
    var bytes = ByteBuffer.allocate(2 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (var i = 0; i < count; i++)
      bytes.putShort((short) Math.round(32_767 * sample.applyAsDouble(i)));
    return ByteString.copyFrom(bytes.flip());
  }

  static Media audio(ByteString samples, int rate, int channels, long offsetMs) {
    return Media.newBuilder()
        .setAudio(
            Audio.newBuilder()
                .setData(samples)
                .setSampleRate(rate)
                .setChannels(channels)
                .setOffsetMs(offsetMs))
        .build();
  }

  /** A chunk of a WAV file, with its padding. */
  static byte[] chunk(String name, byte[] content) {
    return chunk(name, content.length, content);
  }

  /** A chunk that says of itself that it has another size than it has. */
  static byte[] chunk(String name, long size, byte[] content) {
    return joined(
        name.getBytes(StandardCharsets.ISO_8859_1),
        little(4).putInt((int) size).array(),
        content,
        new byte[content.length % 2]);
  }

  static byte[] format(int tag, int channels, int rate, int bits) {
    var block = channels * ((bits + 7) / 8);
    return chunk("fmt ", plain(tag, channels, rate, bits, block, 16).array());
  }

  static byte[] extensible(int tag, int channels, int rate, int bits) {
    var block = channels * ((bits + 7) / 8);
    var bytes = plain(EXTENSIBLE, channels, rate, bits, block, 40);
    bytes.putShort((short) 22).putShort((short) bits).putInt(0).putShort((short) tag);
    bytes.put(
        new byte[] {
          0, 0, 0, 0, 0x10, 0, (byte) 0x80, 0, 0, (byte) 0xAA, 0, 0x38, (byte) 0x9B, 0x71
        });
    return chunk("fmt ", bytes.array());
  }

  static ByteBuffer plain(int tag, int channels, int rate, int bits, int block, int size) {
    return little(size)
        .putShort((short) tag)
        .putShort((short) channels)
        .putInt(rate)
        .putInt(rate * block)
        .putShort((short) block)
        .putShort((short) bits);
  }

  static byte[] wav(byte[]... chunks) {
    return file("RIFF", chunks);
  }

  static byte[] file(String kind, byte[]... chunks) {
    var content = joined(chunks);
    return joined(
        kind.getBytes(StandardCharsets.ISO_8859_1),
        little(4).putInt(content.length + 4).array(),
        "WAVE".getBytes(StandardCharsets.ISO_8859_1),
        content);
  }

  /** An ordinary file: one channel of 16 bits. */
  static Path wav(Path file, int rate, int count, IntToDoubleFunction sample) throws Exception {
    return Files.write(
        file, wav(format(PCM, 1, rate, 16), chunk("data", samples(count, sample).toByteArray())));
  }

  static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  static byte[] joined(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (var part : parts) all.writeBytes(part);
    return all.toByteArray();
  }

  /**
   * An encoded file of one or more channels that have the same sound; pictures if it has a size.
   */
  static Path encoded(
      Path file,
      int codec,
      int rate,
      int channels,
      int count,
      int pictures,
      IntToDoubleFunction sample)
      throws Exception {
    Natives.ffmpeg();
    try (var out =
        new FFmpegFrameRecorder(
            file.toString(), pictures > 0 ? 64 : 0, pictures > 0 ? 48 : 0, channels)) {
      out.setSampleRate(rate);
      out.setAudioCodec(codec);
      out.setAudioBitrate(128_000);
      if (pictures > 0) {
        out.setVideoCodec(avcodec.AV_CODEC_ID_MPEG4);
        out.setPixelFormat(avutil.AV_PIX_FMT_YUV420P);
        out.setFrameRate(10);
      }
      out.start();
      for (var i = 0; i < pictures; i++) {
        var picture = new Frame(64, 48, Frame.DEPTH_UBYTE, 3);
        out.record(picture);
        picture.close();
      }
      if (channels > 0) {
        var buffer = ShortBuffer.allocate(count * channels);
        for (var i = 0; i < count; i++)
          for (var channel = 0; channel < channels; channel++)
            buffer.put((short) Math.round(32_767 * sample.applyAsDouble(i)));
        out.recordSamples(rate, channels, buffer.flip());
      }
    }
    return file;
  }
}
