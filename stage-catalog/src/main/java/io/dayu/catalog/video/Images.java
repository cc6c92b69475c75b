package io.dayu.catalog.video;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
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

  static Mat decode(ByteString jpeg, Decoding decoding) throws BadFrameException {
    Natives.openCv();
    var flags = decoding.flags(Jpeg.read(jpeg.asReadOnlyByteBuffer()));
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
