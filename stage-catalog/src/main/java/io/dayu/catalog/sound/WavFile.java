package io.dayu.catalog.sound;

import io.dayu.catalog.Stop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A WAV file with plain samples: whole numbers of up to 32 bits, or floating-point numbers.
 *
 * <p>It is read here and not by FFmpeg, which takes what is there for all that there was: a file
 * that is cut off would count as a short one. Besides, an edge that reads nothing but WAV loads no
 * natives.
 */
final class WavFile implements Recording {
  private static final int BUFFER = 64 << 10;

  private final SeekableByteChannel channel;
  private final Stop stop;
  private final WavHeader header;
  private final long moments;
  private final ByteBuffer buffer;
  private long left; // moments, from the place where reading goes on

  private WavFile(SeekableByteChannel channel, Stop stop, WavHeader header) throws IOException {
    this.channel = channel;
    this.stop = stop;
    this.header = header;
    this.moments = header.size() / header.block();
    this.buffer =
        ByteBuffer.allocate(Math.max(1, BUFFER / header.block()) * header.block())
            .order(ByteOrder.LITTLE_ENDIAN);
    if (moments == 0) throw new IOException("there are no samples in it");
    seek(0);
  }

  /**
   * Opens a file; empty if it is not WAV, or its samples are encoded.
   *
   * @param stop ends every call early
   */
  static Optional<Recording> open(Path file, Stop stop) throws IOException {
    var channel = Files.newByteChannel(file);
    var opened = Optional.<Recording>empty();
    try {
      var header = WavHeader.read(channel, stop);
      if (header.isPresent()) opened = Optional.of(new WavFile(channel, stop, header.get()));
    } finally {
      if (opened.isEmpty()) channel.close();
    }
    return opened;
  }

  @Override
  public int rate() {
    return header.rate();
  }

  @Override
  public int channels() {
    return header.channels();
  }

  @Override
  public OptionalLong length() {
    return OptionalLong.of(moments);
  }

  @Override
  public long seek(long moment) throws IOException {
    var to = Math.min(moment, moments);
    left = moments - to;
    channel.position(header.begin() + to * header.block());
    buffer.limit(0);
    return to;
  }

  @Override
  public int read(float[] into, int count) throws IOException {
    var done = 0;
    while (done < count && left > 0 && !stop.asked()) {
      if (!buffer.hasRemaining() && !fill()) break;
      var now = (int) Math.min(Math.min(count - done, left), buffer.remaining() / header.block());
      for (var i = done * channels(); i < (done + now) * channels(); i++) into[i] = sample();
      done += now;
      left -= now;
    }
    return done;
  }

  /** False if the file has become shorter than it was. */
  private boolean fill() throws IOException {
    buffer.clear();
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {}
    buffer.flip();
    buffer.limit(buffer.limit() - buffer.limit() % header.block());
    return buffer.hasRemaining();
  }

  private float sample() {
    if (header.floating()) {
      var value = header.bytes() == Double.BYTES ? (float) buffer.getDouble() : buffer.getFloat();
      return Float.isFinite(value) ? value : 0;
    }
    return switch (header.bytes()) {
      case 1 -> (Byte.toUnsignedInt(buffer.get()) - 128) / 128f;
      case 2 -> buffer.getShort() / 32_768f;
      case 3 -> (Byte.toUnsignedInt(buffer.get()) | buffer.getShort() << 8) / 8_388_608f;
      default -> buffer.getInt() / 0x1p31f;
    };
  }

  @Override
  public Optional<String> missing() {
    var there = moments - left;
    var all = header.promised().orElse(header.size()) / header.block();
    return there >= all
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "it ends at %.1f s although it should last %.1f s",
                (double) there / rate(),
                (double) all / rate()));
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // It was only read, and is closed all the same.
    }
  }
}
