package io.dayu.catalog.video;

import io.dayu.element.Frames;
import io.dayu.element.Media;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacv.FFmpegFrameGrabber;
import org.bytedeco.javacv.Frame;
import org.bytedeco.javacv.FrameGrabber;
import org.bytedeco.javacv.OpenCVFrameConverter;
import org.bytedeco.opencv.opencv_core.Mat;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One reading of a video file through FFmpeg. Blocking; not thread-safe. */
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
  private final FFmpegFrameGrabber grabber;
  private final OpenCVFrameConverter.ToMat converter;
  private final FrameGrid grid = new FrameGrid();
  private long round;
  private long skipBefore; // microseconds in the file
  private long last = -1; // microseconds in the file of the frame read last, -1 for none
  private long startNanos; // when the frame at time 0 would have been shown
  private boolean started;
  private boolean whole; // whether this round began with the first frame
  private long decoded; // frames of this round

  VideoFileReader(Path file, boolean realtime, boolean loop, long position, Supplier<Knobs> knobs) {
    this.file = file;
    this.realtime = realtime;
    this.loop = loop;
    this.knobs = knobs;
    this.round = position / ROUND;
    this.skipBefore = position % ROUND;
    this.whole = skipBefore == 0;
    if (!Files.isRegularFile(file) || !Files.isReadable(file))
      throw new SourceException(
          "there is no readable file %s on this node; put it there or correct the uri"
              .formatted(file.toAbsolutePath()),
          true,
          null);
    Natives.openCv();
    Natives.ffmpeg();
    grabber = new FFmpegFrameGrabber(file.toString());
    // A file that is a play list must not make this node open connections.
    grabber.setOption("protocol_whitelist", "file");
    grabber.setVideoOption("threads", "1");
    converter = new OpenCVFrameConverter.ToMat();
    try {
      grabber.start();
      if (skipBefore > 0) grabber.setTimestamp(skipBefore);
    } catch (FrameGrabber.Exception e) {
      close();
      throw unreadable(String.valueOf(e.getMessage()).replaceFirst(" \\(Has setFormat.*", ""), e);
    }
  }

  @Override
  public Optional<Segment> next() {
    var now = VideoKnobs.of(knobs.get());
    var frames = Frames.newBuilder().setFps(rate(now));
    try {
      while (frames.getFrameCount() < now.segment()) {
        var picked = pick(now);
        if (picked.isEmpty()) break;
        frames.addFrame(encoded(picked.get(), now));
      }
    } catch (FrameGrabber.Exception e) {
      throw unreadable(String.valueOf(e.getMessage()), e);
    }
    if (frames.getFrameCount() == 0) return Optional.empty();
    var position = round * ROUND + last + grid.gap(now.fps());
    return Optional.of(new Segment(Media.newBuilder().setFrames(frames).build(), position));
  }

  @Override
  public void close() {
    try {
      converter.close();
      grabber.close();
    } catch (FrameGrabber.Exception e) {
      throw new IllegalStateException(file + " cannot be closed", e);
    }
  }

  private double rate(VideoKnobs now) {
    var own = grabber.getVideoFrameRate();
    return now.fps() > 0 && now.fps() < own ? now.fps() : own;
  }

  /** The next frame that the rate takes, valid until the next call. */
  private Optional<Frame> pick(VideoKnobs now) throws FrameGrabber.Exception {
    while (true) {
      var frame = grabber.grabImage();
      if (frame == null) {
        if (!ended()) return Optional.empty();
        continue;
      }
      decoded++;
      if (frame.timestamp < skipBefore) continue;
      last = frame.timestamp;
      if (!grid.take(elapsed(), now.fps())) continue;
      if (realtime) pace();
      return Optional.of(frame);
    }
  }

  /** At the end of the file: whether it goes on from the beginning. */
  private boolean ended() throws FrameGrabber.Exception {
    if (last < 0 && skipBefore == 0) throw unreadable("there is not one frame in it", null);
    var length = videoLength();
    var missing = length - last;
    if (last >= 0 && missing > Math.max(TOLERATED_MICROS, length * TOLERATED_SHARE))
      throw unreadable(
          String.format(
              Locale.ROOT,
              "it ends at %.1f s although it should last %.1f s",
              last / 1e6,
              length / 1e6),
          null);
    warnOfDamage();
    if (!loop) return false;
    grabber.restart();
    whole = true;
    decoded = 0;
    round++;
    skipBefore = 0;
    last = -1;
    return true;
  }

  /**
   * As the file says, in microseconds; 0 where it does not say. The number of frames comes first:
   * FFmpeg corrects the length of a file that is cut off, but not that number.
   */
  private long videoLength() {
    var rate = grabber.getVideoFrameRate();
    return videoStream()
        .map(
            stream ->
                stream.nb_frames() > 0 && rate > 0
                    ? stream.nb_frames() / rate
                    : Math.max(0, stream.duration() * avutil.av_q2d(stream.time_base())))
        .map(seconds -> (long) (seconds * 1e6))
        .orElse(0L);
  }

  private Optional<AVStream> videoStream() {
    var context = grabber.getFormatContext();
    return IntStream.range(0, context.nb_streams())
        .mapToObj(context::streams)
        .filter(s -> s.codecpar().codec_type() == avutil.AVMEDIA_TYPE_VIDEO)
        .findFirst();
  }

  /** Logs how many frames are damaged, because the decoder skips them without a message. */
  private void warnOfDamage() {
    var expected = videoStream().map(AVStream::nb_frames).orElse(0L);
    // Some files count one frame more than they show.
    if (whole && expected - decoded > 1)
      LOG.warn(
          "{} is damaged: {} of its {} frames cannot be decoded",
          file,
          expected - decoded,
          expected);
  }

  /** Microseconds since the beginning of the first round, at the frame read last. */
  private long elapsed() {
    return round * Math.max(0, grabber.getLengthInTime()) + last;
  }

  private void pace() {
    var due = elapsed();
    var early = started ? due - (System.nanoTime() - startNanos) / 1000 : -LATE_MICROS - 1;
    // After a long delay, continue at normal speed from here instead of catching up.
    if (early < -LATE_MICROS) startNanos = System.nanoTime() - due * 1000;
    started = true;
    try {
      if (early > 0) TimeUnit.MICROSECONDS.sleep(early);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private io.dayu.element.Frame encoded(Frame frame, VideoKnobs now) {
    var image = converter.convert(frame);
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

  private SourceException unreadable(String why, @Nullable Exception cause) {
    return new SourceException(
        "%s is not a video that can be read to its end, it may be corrupt or incomplete: %s"
            .formatted(file, why),
        true,
        cause);
  }
}
