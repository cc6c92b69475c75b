package io.dayu.sim;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacv.FFmpegFrameGrabber;
import org.bytedeco.javacv.FrameGrabber;
import org.bytedeco.javacv.OpenCVFrameConverter;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Size;

/**
 * A video file as footage, looped. It is decoded once for all viewers of the camera, in their
 * threads, and only while somebody watches: a pause longer than {@link #LONGEST_STEP} stops the
 * film instead of being caught up.
 */
final class VideoFootage implements Footage {
  private static final double LONGEST_STEP = 2.0; // seconds
  private static final int QUALITY = 85;

  static {
    avutil.av_log_set_level(avutil.AV_LOG_ERROR);
    // The pictures of a simulator need no pool of threads.
    opencv_core.setNumThreads(1);
  }

  private final Path file;
  private final int height;
  private final double fps;
  private final double startFraction;
  private final OpenCVFrameConverter.ToMat converter = new OpenCVFrameConverter.ToMat();
  private Optional<FFmpegFrameGrabber> grabber = Optional.empty();
  private byte[] current = new byte[0];
  private long currentNumber = -1;
  private double position; // seconds of film that should have been shown
  private double decoded; // seconds of film up to the decoded picture

  /**
   * @param height of the pictures in pixels; the width follows from the film
   * @param fps pictures asked for per second
   * @param startFraction where in the film to begin, 0..1, so that several cameras on one film
   *     differ
   */
  VideoFootage(Path file, int height, double fps, double startFraction) {
    this.file = file;
    this.height = height;
    this.fps = fps;
    this.startFraction = startFraction;
  }

  @Override
  public synchronized byte[] jpeg(long n) throws IOException {
    if (n == currentNumber) {
      return current;
    }
    try {
      var film = film();
      double step = (n - currentNumber) / fps;
      position += currentNumber < 0 || step < 0 || step > LONGEST_STEP ? 1 / fps : step;
      current = picture(film);
      currentNumber = n;
      return current;
    } catch (FrameGrabber.Exception e) {
      release();
      throw new IOException(
          file + " is not a film that can be decoded; is it complete, and a video file?", e);
    }
  }

  @Override
  public Optional<List<TruthBox>> truth(long n) {
    return Optional.empty();
  }

  @Override
  public synchronized void close() {
    release();
    converter.close();
  }

  /**
   * Decodes up to {@code position}, from the start again where the film ends; a slow film shows a
   * picture several times.
   */
  private byte[] picture(FFmpegFrameGrabber film) throws IOException {
    double interval = 1 / Math.max(film.getVideoFrameRate(), 1);
    if (current.length > 0 && position < decoded + interval) {
      return current;
    }
    boolean rewound = false;
    while (true) {
      var frame = film.grabImage();
      if (frame != null) {
        rewound = false;
        decoded = frame.timestamp / 1e6;
        if (position < decoded + interval) {
          return encode(converter.convert(frame));
        }
      } else if (rewound) {
        throw new IOException(file + " holds no picture that can be decoded");
      } else {
        rewound = true;
        film.setTimestamp(0);
        position = 0;
        decoded = 0;
      }
    }
  }

  private byte[] encode(Mat picture) throws IOException {
    int width = Math.round(picture.cols() * (float) height / picture.rows() / 2) * 2;
    try (var scaled = new Mat();
        var size = new Size(width, height);
        var bytes = new BytePointer();
        var quality = new IntPointer(opencv_imgcodecs.IMWRITE_JPEG_QUALITY, QUALITY)) {
      opencv_imgproc.resize(picture, scaled, size, 0, 0, opencv_imgproc.INTER_AREA);
      if (!opencv_imgcodecs.imencode(".jpg", scaled, bytes, quality)) {
        throw new IOException("cannot encode a picture of " + file);
      }
      var jpeg = new byte[(int) bytes.limit()];
      bytes.get(jpeg);
      return jpeg;
    }
  }

  private FFmpegFrameGrabber film() throws FrameGrabber.Exception {
    if (grabber.isEmpty()) {
      var opened = new FFmpegFrameGrabber(file.toFile());
      grabber = Optional.of(opened);
      opened.setOption("threads", "1");
      // As nodes do: a small file may claim pictures that take gigabytes.
      opened.setVideoOption("max_pixels", "64000000");
      opened.start();
      position = startFraction * opened.getLengthInTime() / 1e6;
      if (position > 0) {
        opened.setTimestamp((long) (position * 1e6));
      }
    }
    return grabber.get();
  }

  private void release() {
    grabber.ifPresent(
        g -> {
          try {
            g.close();
          } catch (FrameGrabber.Exception e) {
            // Closing: nothing is lost, and the next use opens the file again.
          }
        });
    grabber = Optional.empty();
  }
}
