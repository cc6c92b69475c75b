package io.dayu.catalog.video;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.dayu.catalog.Natives;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Size;

/**
 * JPEG to pixels and back. Whoever calls holds an open {@link PointerScope}, or closes what is
 * returned.
 */
final class Images {
  /** Good to look at and to detect on; a frame of 720p takes about 100 KB. */
  static final int QUALITY = 85;

  /** Bytes per pixel that a progressive image is collected in: 2 each, and colours halved. */
  private static final int COEFFICIENTS = 3;

  /** What a decoder is to make of a JPEG; it gives smaller images cheaper than full ones. */
  interface Decoding {
    /** OpenCV's flags for an image of that size. */
    int flags(Jpeg size);

    /** Grey, half the size. */
    Decoding HALF_GRAY = size -> opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_2;

    /** In colour, whole. */
    Decoding COLOR = size -> opencv_imgcodecs.IMREAD_COLOR;

    /** In colour, at least that large if the image is. */
    static Decoding colorOfAtLeast(int width, int height) {
      return size -> {
        var times = Math.min(size.width() / width, size.height() / height);
        if (times >= 8) return opencv_imgcodecs.IMREAD_REDUCED_COLOR_8;
        if (times >= 4) return opencv_imgcodecs.IMREAD_REDUCED_COLOR_4;
        return times >= 2 ? opencv_imgcodecs.IMREAD_REDUCED_COLOR_2 : opencv_imgcodecs.IMREAD_COLOR;
      };
    }
  }

  private Images() {}

  /**
   * Blocks until there is memory for it.
   *
   * @throws BadFrameException if it cannot be decoded, or not now
   */
  static Picture decode(ByteString jpeg, Decoding decoding) throws BadFrameException {
    Natives.openCv();
    var size = Jpeg.read(jpeg.asReadOnlyByteBuffer());
    var flags = decoding.flags(size);
    var bytes = jpeg.size() + bytes(size, flags);
    PictureMemory.SHARED.take(bytes);
    try {
      return new Picture(decode(jpeg, flags), bytes);
    } catch (BadFrameException | RuntimeException | Error e) {
      PictureMemory.SHARED.free(bytes);
      throw e;
    }
  }

  /** What decoding takes, at most but for progressive images with colours of full resolution. */
  private static long bytes(Jpeg size, int flags) {
    int channels = (flags & opencv_imgcodecs.IMREAD_COLOR) != 0 ? 3 : 1;
    long side = 1;
    if ((flags & opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_2) != 0) side = 2;
    if ((flags & opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_4) != 0) side = 4;
    if ((flags & opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_8) != 0) side = 8;
    long pixels = (long) size.width() * size.height();
    // The image is there twice where it is turned.
    return pixels * channels * 2 / (side * side) + pixels * COEFFICIENTS;
  }

  private static Mat decode(ByteString jpeg, int flags) throws BadFrameException {
    try (var bytes = new BytePointer(jpeg.size())) {
      bytes.asByteBuffer().put(jpeg.asReadOnlyByteBuffer());
      try (var row = new Mat(1, jpeg.size(), opencv_core.CV_8UC1, bytes)) {
        var image = opencv_imgcodecs.imdecode(row, flags);
        if (image.empty()) {
          image.close();
          throw new BadFrameException("corrupt JPEG image: it cannot be decoded");
        }
        return image;
      }
    }
  }

  static ByteString encode(Mat image) {
    try (var buffer = new BytePointer();
        var params = new IntPointer(opencv_imgcodecs.IMWRITE_JPEG_QUALITY, QUALITY)) {
      if (!opencv_imgcodecs.imencode(".jpg", image, buffer, params))
        throw new IllegalStateException("an image of " + describe(image) + " cannot be encoded");
      var bytes = new byte[Math.toIntExact(buffer.limit())];
      buffer.get(bytes);
      return UnsafeByteOperations.unsafeWrap(bytes);
    }
  }

  /** A copy of that size. */
  static Mat resized(Mat image, int width, int height) {
    // Averaging areas costs ten times as much, and is needed only where pixels would be left out.
    var method =
        image.rows() >= 2 * height || image.cols() >= 2 * width
            ? opencv_imgproc.INTER_AREA
            : opencv_imgproc.INTER_LINEAR;
    var result = new Mat();
    try (var size = new Size(width, height)) {
      opencv_imgproc.resize(image, result, size, 0, 0, method);
    }
    return result;
  }

  /** The width that keeps the aspect at that height, even and at least 2. */
  static int widthAt(int width, int height, int newHeight) {
    return Math.max(2, (int) Math.round((double) width * newHeight / height / 2) * 2);
  }

  private static String describe(Mat image) {
    return image.cols() + " x " + image.rows() + " pixels";
  }
}
