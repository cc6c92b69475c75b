package io.dayu.catalog.video;

import java.io.IOException;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;
import org.jspecify.annotations.Nullable;

/** Turns decoded frames into images. Not thread-safe. */
final class Pixels implements AutoCloseable {
  /** FFmpeg writes whole blocks of pixels, also behind the end of a row. */
  static final int BLOCK = 64;

  private static final double SQUARE = 0.01; // a ratio so near to 1 cannot be seen
  private static final double MAX_RATIO = 4; // beyond it the file is wrong, not the picture

  private final PointerPointer<?> target = new PointerPointer<>(1L);
  private final Mat turned = new Mat();
  private final IntPointer rowBytes = new IntPointer(1L);
  private @Nullable SwsContext scaling;
  private Mat padded = new Mat();
  private Mat image = new Mat();

  /**
   * The frame with square pixels, upright; valid until the next call.
   *
   * @param ratio of width and height of its pixels
   */
  Mat of(AVFrame frame, double ratio, Orientation orientation) throws IOException {
    var height = frame.height();
    var width = width(frame.width(), ratio);
    scaling =
        swscale.sws_getCachedContext(
            scaling,
            frame.width(),
            height,
            frame.format(),
            width,
            height,
            avutil.AV_PIX_FMT_BGR24,
            swscale.SWS_BILINEAR,
            null,
            null,
            (DoublePointer) null);
    if (scaling == null)
      throw new IOException("its pixel format cannot be converted: number " + frame.format());
    if (image.cols() != width || image.rows() != height) {
      free();
      padded = new Mat(height, (width + BLOCK - 1) / BLOCK * BLOCK, opencv_core.CV_8UC3);
      image = padded.colRange(0, width);
    }
    target.put(0, padded.data());
    rowBytes.put(0, Math.toIntExact(padded.step()));
    swscale.sws_scale(scaling, frame.data(), frame.linesize(), 0, height, target, rowBytes);
    if (orientation.equals(Orientation.UPRIGHT)) return image;
    orientation.turn(image, turned);
    return turned;
  }

  /** How wide it is with square pixels. */
  static int width(int stored, double ratio) {
    if (Math.abs(ratio - 1) < SQUARE || ratio > MAX_RATIO || ratio < 1 / MAX_RATIO) return stored;
    return Math.max(2, (int) Math.round(stored * ratio / 2) * 2);
  }

  private void free() {
    image.close();
    padded.close();
  }

  @Override
  public void close() {
    free();
    turned.close();
    if (scaling != null) swscale.sws_freeContext(scaling);
    scaling = null;
    target.close();
    rowBytes.close();
  }
}
