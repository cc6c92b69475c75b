package io.dayu.catalog.sound;

import com.google.protobuf.UnsafeByteOperations;
import io.dayu.catalog.BlockingReader;
import io.dayu.catalog.Stop;
import io.dayu.element.Audio;
import io.dayu.element.Media;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * One reading of a file of sound. Blocking; not thread-safe.
 *
 * <p>A position is a time in microseconds, rounded up, since the beginning of the first round.
 * Samples are counted from the beginning of a round at the rate that is asked for, which is below a
 * million a second, so a time tells which one is next.
 */
final class SoundFileReader implements BlockingReader {
  private static final long SECOND = 1_000_000;
  private static final long LATE = SECOND;

  /** An element with so many bytes is full before it is as long as it should be. */
  private static final int MOST_BYTES = 16 << 20;

  private final Path file;
  private final boolean realtime;
  private final boolean loop;
  private final long position;
  private final Supplier<Knobs> knobs;
  private final Stop stop;
  private final Recording recording;
  private final SoundWindow window;
  private Resampler resampler;
  private int rate;
  private boolean begun;
  private long roundLength = -1; // -1 while it is not known, as all times in microseconds
  private long roundBegin;
  private long inRound; // where the next element begins
  private boolean roundOver;
  private long startNanos; // when the sample at time 0 would have been heard
  private boolean started;

  SoundFileReader(
      Path file,
      boolean realtime,
      boolean loop,
      boolean mono,
      long position,
      Supplier<Knobs> knobs,
      Stop stop) {
    this.file = file;
    this.realtime = realtime;
    this.loop = loop;
    this.position = position;
    this.knobs = knobs;
    this.stop = stop;
    if (!Files.isRegularFile(file) || !Files.isReadable(file))
      throw new SourceException(
          "there is no readable file %s on this node; put it there or correct the uri"
              .formatted(file.toAbsolutePath()),
          true,
          null);
    try {
      if (Files.size(file) == 0) throw new IOException("it is empty");
      var wav = WavFile.open(file, stop);
      recording = wav.isPresent() ? wav.get() : DecodedSound.open(file, stop);
    } catch (IOException e) {
      throw unreadable(e);
    }
    window = new SoundWindow(recording, mono);
    rate = recording.rate();
    resampler = new Resampler(rate, rate);
  }

  @Override
  public Optional<Segment> next() {
    try {
      if (!begun) begin();
      begun = true;
      while (!stop.asked()) {
        var segment = roundOver ? Optional.<Segment>empty() : segment(SoundKnobs.of(knobs.get()));
        if (segment.isPresent()) return segment;
        if (!goesOn()) return Optional.empty();
      }
      return Optional.empty();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  @Override
  public void close() {
    recording.close();
  }

  /** In a looped file, finds the round in which the position is. */
  private void begin() throws IOException {
    inRound = position;
    if (!loop || position == 0) return;
    var all = recording.length();
    if (all.isEmpty()) {
      var behind = position * recording.rate() / SECOND + 1;
      var there = recording.seek(behind);
      if (there == behind || there == 0) return; // it is in the first round
      all = OptionalLong.of(there);
    }
    roundLength = length(all.getAsLong());
    inRound = position % roundLength;
    roundBegin = position - inRound;
  }

  private long length(long moments) {
    return -Math.floorDiv(-moments * SECOND, (long) recording.rate());
  }

  private Optional<Segment> segment(SoundKnobs now) throws IOException {
    tune(now.rate());
    var first = inRound * rate / SECOND;
    var room = MOST_BYTES / Short.BYTES / window.channels();
    var count = Math.min(Math.max(1, (long) rate * now.millis() / 1000), room);
    window.cover(resampler.first(first), resampler.behind(first + count - 1));
    if (stop.asked()) return Optional.empty();
    if (window.end().isPresent()) {
      var left = resampler.wanted(window.end().getAsLong()) - first;
      roundOver = left <= count;
      count = Math.min(count, left);
    }
    if (count <= 0) return Optional.empty();
    var audio =
        Audio.newBuilder()
            .setData(UnsafeByteOperations.unsafeWrap(samples(first, (int) count)))
            .setSampleRate(rate)
            .setChannels(window.channels())
            .setOffsetMs((roundBegin + inRound) / 1000)
            .build();
    var begin = roundBegin + inRound;
    inRound = -Math.floorDiv(-(first + count) * SECOND, (long) rate);
    if (roundOver && loop) inRound = length(window.end().orElseThrow());
    var end = roundBegin + inRound;
    if (realtime && !pace(begin, end)) return Optional.empty();
    return Optional.of(new Segment(Media.newBuilder().setAudio(audio).build(), end));
  }

  private void tune(int wanted) {
    var now = wanted > 0 ? wanted : recording.rate();
    if (now == rate) return;
    rate = now;
    resampler = new Resampler(recording.rate(), rate);
  }

  private ByteBuffer samples(long first, int count) {
    var bytes =
        ByteBuffer.allocate(count * window.channels() * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (var i = 0; i < count; i++)
      for (var channel = 0; channel < window.channels(); channel++)
        bytes.putShort(Pcm.whole(window.sample(resampler, first + i, channel)));
    return bytes.flip();
  }

  /** At the end of the file: whether it goes on from the beginning. */
  private boolean goesOn() throws IOException {
    if (stop.asked()) return false;
    var end = window.end().orElseThrow();
    var missing = recording.missing();
    if (missing.isPresent()) throw new IOException(missing.get());
    if (end == 0) throw new IOException("there is not one sample in it");
    if (!loop) return false;
    if (roundLength < 0) roundLength = length(end);
    roundBegin += roundLength;
    inRound = 0;
    roundOver = false;
    return true;
  }

  /** Waits until an element would have been heard; false if nobody waits for it any longer. */
  private boolean pace(long begin, long end) {
    var now = System.nanoTime();
    if (!started) startNanos = now - begin * 1000;
    started = true;
    var early = end - (now - startNanos) / 1000;
    // After a long delay, continue at normal speed from here instead of catching up.
    if (early < -LATE) startNanos = now - end * 1000;
    return early <= 0 || !stop.await(early);
  }

  private SourceException unreadable(IOException why) {
    return new SourceException(
        "the sound of %s cannot be read to its end: %s".formatted(file, why.getMessage()),
        true,
        why);
  }
}
