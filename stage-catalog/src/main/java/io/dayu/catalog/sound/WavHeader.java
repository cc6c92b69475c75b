package io.dayu.catalog.sound;

import io.dayu.catalog.Stop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a WAV file says of its samples (RIFF WAVE of Microsoft with WAVE_FORMAT_EXTENSIBLE; RF64 and
 * BW64 of EBU Tech 3306 and ITU-R BS.2088, which may have more than 4 GiB).
 *
 * @param floating whether samples are floating-point numbers
 * @param bytes of one sample
 * @param begin of the samples in the file, as all that follows in bytes
 * @param size of the samples that are there
 * @param promised size of the samples; empty if the file does not say it
 */
record WavHeader(
    int rate,
    int channels,
    boolean floating,
    int bytes,
    long begin,
    long size,
    OptionalLong promised) {
  private static final int PCM = 1;
  private static final int FLOAT = 3;
  private static final int EXTENSIBLE = 0xFFFE;

  /** What follows behind one of the numbers above in the identifier of a format. */
  private static final byte[] GUID_TAIL = {
    0, 0, 0, 0, 0x10, 0, (byte) 0x80, 0, 0, (byte) 0xAA, 0, 0x38, (byte) 0x9B, 0x71
  };

  /** Stands in RF64 where another chunk has the size. */
  private static final long ELSEWHERE = 0xFFFF_FFFFL;

  /**
   * From here on a size is what a recorder writes that cannot go back to correct it, if there is
   * less: 2 or 4 GiB, less a header.
   */
  private static final long PLACEHOLDER = 0x7FFF_F000L;

  private static final int MOST_CHUNKS = 10_000;

  /** Bytes of one sample of all channels. */
  int block() {
    return channels * bytes;
  }

  /**
   * Reads from the beginning of a file; empty if it is not WAV, or its samples are encoded.
   *
   * @throws IOException what is wrong with it, in words for users
   */
  static Optional<WavHeader> read(SeekableByteChannel channel, Stop stop) throws IOException {
    return new Chunks(channel).samples(stop);
  }

  private record Format(int rate, int channels, boolean floating, int bytes) {}

  private static final class Chunks {
    private final SeekableByteChannel channel;
    private final long fileSize;
    private Optional<Format> format = Optional.empty();
    private OptionalLong bigSize = OptionalLong.empty();
    private boolean encoded;

    private Chunks(SeekableByteChannel channel) throws IOException {
      this.channel = channel;
      this.fileSize = channel.size();
    }

    private Optional<WavHeader> samples(Stop stop) throws IOException {
      if (fileSize < 12) return Optional.empty();
      var riff = next(12);
      boolean wav = List.of("RIFF", "RF64", "BW64").contains(name(riff, 0));
      if (!wav || !name(riff, 8).equals("WAVE")) return Optional.empty();
      for (var count = 0; count < MOST_CHUNKS && !stop.asked(); count++) {
        if (channel.position() + 8 > fileSize) break;
        var head = next(8);
        var name = name(head, 0);
        var length = Integer.toUnsignedLong(little(head).getInt(4));
        if (name.equals("data")) return Optional.of(header(length));
        var behind = channel.position() + length + length % 2;
        if (name.equals("fmt ")) format(length);
        if (name.equals("ds64")) bigSize(length);
        if (encoded) return Optional.empty();
        if (behind > fileSize) break;
        channel.position(behind);
      }
      throw new IOException("it is cut off, or damaged, before its first sample");
    }

    private WavHeader header(long length) throws IOException {
      if (format.isEmpty())
        throw new IOException("it does not say what its samples are like before they begin");
      var its = format.get();
      var begin = channel.position();
      var there = fileSize - begin;
      var big = length == ELSEWHERE ? bigSize : OptionalLong.empty();
      var size = big.orElse(length);
      boolean unknown = size <= 0 || big.isEmpty() && size > there && size >= PLACEHOLDER;
      return new WavHeader(
          its.rate(),
          its.channels(),
          its.floating(),
          its.bytes(),
          begin,
          unknown ? there : Math.min(size, there),
          unknown ? OptionalLong.empty() : OptionalLong.of(size));
    }

    private void format(long length) throws IOException {
      var bytes = next((int) Math.min(length, 40));
      var chunk = little(bytes);
      if (length < 16) throw new IOException("it does not say enough of its samples");
      var tag = Short.toUnsignedInt(chunk.getShort(0));
      var channels = Short.toUnsignedInt(chunk.getShort(2));
      var rate = chunk.getInt(4);
      var block = Short.toUnsignedInt(chunk.getShort(12));
      var bits = Short.toUnsignedInt(chunk.getShort(14));
      if (tag == EXTENSIBLE) {
        if (length < 40) throw new IOException("it does not say enough of its samples");
        boolean known = Arrays.equals(bytes, 26, 40, GUID_TAIL, 0, GUID_TAIL.length);
        tag = known ? Short.toUnsignedInt(chunk.getShort(24)) : EXTENSIBLE;
      }
      encoded = // perhaps by something that FFmpeg knows
          !(tag == PCM && bits >= 1 && bits <= 32 || tag == FLOAT && (bits == 32 || bits == 64));
      if (encoded) return;
      Recording.check(rate, channels);
      var width = (bits + 7) / 8;
      if (block != channels * width)
        throw new IOException(
            "it says that %s samples of %s bits have %s bytes".formatted(channels, bits, block));
      format = Optional.of(new Format(rate, channels, tag == FLOAT, width));
    }

    private void bigSize(long length) throws IOException {
      if (length >= 16) bigSize = OptionalLong.of(little(next(16)).getLong(8));
    }

    private byte[] next(int count) throws IOException {
      var bytes = new byte[count];
      var buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining())
        if (channel.read(buffer) < 0)
          throw new IOException("it is cut off, or damaged, before its first sample");
      return bytes;
    }

    private static ByteBuffer little(byte[] bytes) {
      return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static String name(byte[] bytes, int at) {
      return new String(bytes, at, 4, StandardCharsets.ISO_8859_1);
    }
  }
}
