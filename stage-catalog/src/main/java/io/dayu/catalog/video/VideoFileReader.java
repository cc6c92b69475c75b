package io.dayu.catalog.video;

import io.dayu.catalog.BlockingReader;
import io.dayu.catalog.Natives;
import io.dayu.catalog.Stop;
import io.dayu.element.Frames;
import io.dayu.element.Media;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.opencv.opencv_core.Mat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reading of a video file. Blocking; not thread-safe.
 *
 * <p>All times are microseconds; those in the file are the decoder's.
 */
final class VideoFileReader implements BlockingReader {
  private static final Logger LOG = LoggerFactory.getLogger(VideoFileReader.class);

  /** Positions of the n-th round of a looped file begin at n times this, about 200 days. */
  private static final long ROUND = 1L << 44;

  /** What containers may be wrong about their length before it counts as a missing end. */
  private static final double TOLERATED_SHARE = 0.05;

  private static final long TOLERATED_MICROS = 2_000_000;
  private static final long LATE_MICROS = 1_000_000;

  private final Path file;
  private final boolean realtime;
  private final boolean loop;
  private final Supplier<Knobs> knobs;
  private final Stop stop;
  private VideoDecoder decoder;
  private FrameGrid grid = new FrameGrid();
  private long round;
  private long skipBefore; // time in the file
  private boolean exact; // whether no frame at or after that time can be missing
  private long roundLength = -1; // -1 while it is not known
  private long shown = -1; // time in the file of the frame decoded last, -1 for none
  private long last = -1; // the same, of those not skipped
  private long startNanos; // when the frame at time 0 would have been shown
  private boolean started;

  VideoFileReader(
      Path file, boolean realtime, boolean loop, long position, Supplier<Knobs> knobs, Stop stop) {
    this.file = file;
    this.realtime = realtime;
    this.loop = loop;
    this.knobs = knobs;
    this.stop = stop;
    this.round = position / ROUND;
    this.skipBefore = position % ROUND;
    if (!Files.isRegularFile(file) || !Files.isReadable(file))
      throw new SourceException(
          "there is no readable file %s on this node; put it there or correct the uri"
              .formatted(file.toAbsolutePath()),
          true,
          null);
    Natives.openCv();
    Natives.ffmpeg();
    try {
      if (Files.size(file) == 0) throw new IOException("it is empty");
      decoder = VideoDecoder.at(file, skipBefore, stop);
    } catch (IOException e) {
      throw unreadable(e);
    }
    exact = decoder.whole();
  }

  @Override
  public Optional<Segment> next() {
    var now = VideoKnobs.of(knobs.get());
    var frames = Frames.newBuilder().setFps(rate(now));
    var room = VideoKnobs.MAX_BYTES;
    try {
      while (frames.getFrameCount() < now.segment() && room > 0 && pick(now)) {
        var frame = encoded(now);
        room -= frame.getJpeg().size();
        frames.addFrame(frame);
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    if (frames.getFrameCount() == 0 || stop.asked()) return Optional.empty();
    var position = round * ROUND + last + grid.gap(now.fps());
    return Optional.of(new Segment(Media.newBuilder().setFrames(frames).build(), position));
  }

  @Override
  public void close() {
    decoder.close();
  }

  private double rate(VideoKnobs now) {
    var own = decoder.rate();
    return now.fps() > 0 && (own == 0 || now.fps() < own) ? now.fps() : own;
  }

  /** Decodes up to the next frame that the rate takes; false if there is none. */
  private boolean pick(VideoKnobs now) throws IOException {
    while (!stop.asked()) {
      if (!decoder.next()) {
        if (!goesOn()) return false;
        continue;
      }
      shown = Math.max(shown + 1, timeOfFrame());
      if (shown < skipBefore) {
        // Decoding begins well with a key frame, so nothing can be missing behind it.
        exact |= decoder.key();
        continue;
      }
      if (!exact) {
        decodeAll();
        continue;
      }
      last = shown;
      // Every round by itself, so that it yields the same frames wherever reading begins.
      if (!grid.take(last - decoder.start(), now.fps())) continue;
      return !realtime || pace();
    }
    return false;
  }

  private long timeOfFrame() {
    var time = decoder.time();
    return time == Timeline.UNKNOWN ? shown + decoder.step() : time;
  }

  /** At the end of the file: whether it goes on from the beginning. */
  private boolean goesOn() throws IOException {
    if (stop.asked()) return false;
    if (!exact) {
      decodeAll();
      return true;
    }
    if (shown < 0)
      throw new IOException(
          decoder.damaged() == 0
              ? "there is not one frame in it"
              : "not one of its frames can be decoded; they are damaged or have more than %s million pixels"
                  .formatted(Jpeg.MAX_PIXELS / 1_000_000));
    var broken = decoder.broken();
    if (broken.isPresent())
      throw new IOException(
          String.format(
              Locale.ROOT, "it cannot be read behind %.1f s: %s", shown / 1e6, broken.get()));
    checkExtent();
    if (decoder.damaged() > 0)
      LOG.warn("{} is damaged: {} of its frames cannot be decoded", file, decoder.damaged());
    if (!loop) return false;
    if (decoder.whole() && roundLength < 0)
      roundLength = decoder.announced().orElse(decoder.length());
    round++;
    skipBefore = 0;
    last = -1;
    grid = new FrameGrid();
    restart();
    return true;
  }

  private void checkExtent() throws IOException {
    var extent = decoder.extent();
    if (extent.isEmpty()) return;
    var announced = extent.get().announced();
    var read = extent.get().read();
    if (announced - read > Math.max(TOLERATED_MICROS, announced * TOLERATED_SHARE))
      throw new IOException(
          String.format(
              Locale.ROOT,
              "it ends at %.1f s although it should last %.1f s",
              read / 1e6,
              announced / 1e6));
  }

  private void decodeAll() throws IOException {
    LOG.info(
        "{} cannot be begun in its middle; it is decoded from its beginning to go on at {} s",
        file,
        skipBefore / 1_000_000);
    restart();
  }

  private void restart() throws IOException {
    decoder.close();
    decoder = new VideoDecoder(file, stop);
    shown = -1;
    exact = true;
  }

  /** Microseconds since the beginning of the first round, at the frame read last. */
  private long elapsed() throws IOException {
    return round * roundLength() + last - decoder.start();
  }

  private long roundLength() throws IOException {
    if (round == 0) return 0;
    if (roundLength < 0)
      roundLength =
          decoder.announced().isPresent()
              ? decoder.announced().get()
              : VideoDecoder.measured(file, stop);
    return roundLength;
  }

  /** Waits until the frame is due; false if nobody waits for it any longer. */
  private boolean pace() throws IOException {
    var due = elapsed();
    var early = started ? due - (System.nanoTime() - startNanos) / 1000 : -LATE_MICROS - 1;
    // After a long delay, continue at normal speed from here instead of catching up.
    if (early < -LATE_MICROS) startNanos = System.nanoTime() - due * 1000;
    started = true;
    return early <= 0 || !stop.await(early);
  }

  private io.dayu.element.Frame encoded(VideoKnobs now) throws IOException {
    var image = decoder.image();
    var result = io.dayu.element.Frame.newBuilder().setOffsetMs(elapsed() / 1000);
    if (!now.scales(image.rows())) return fill(result, image);
    var width = Images.widthAt(image.cols(), image.rows(), now.height());
    try (var small = Images.resized(image, width, now.height())) {
      return fill(result, small);
    }
  }

  private static io.dayu.element.Frame fill(io.dayu.element.Frame.Builder frame, Mat image) {
    return frame
        .setJpeg(Images.encode(image))
        .setWidth(image.cols())
        .setHeight(image.rows())
        .build();
  }

  private SourceException unreadable(IOException why) {
    return new SourceException(
        "%s is not a video that can be read to its end, it may be corrupt or incomplete: %s"
            .formatted(file, why.getMessage()),
        true,
        why);
  }
}
