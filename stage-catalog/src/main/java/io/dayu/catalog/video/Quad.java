package io.dayu.catalog.video;

import java.util.List;
import org.bytedeco.javacpp.indexer.DoubleIndexer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.RotatedRect;
import org.bytedeco.opencv.opencv_core.Scalar;
import org.bytedeco.opencv.opencv_core.Size;

/**
 * A rectangle in a picture that may be turned, in pixels.
 *
 * @param x of its middle, as {@code y}
 * @param angle of its upper side, in radians, clockwise to who looks at it; at most 45 degrees
 *     either way
 */
record Quad(double x, double y, double width, double height, double angle) {
  private static final double UPENDED = 1.5; // heights of widths

  static Quad of(RotatedRect rect) {
    var angle = Math.toRadians(rect.angle());
    double width = rect.size().width();
    double height = rect.size().height();
    // Which of its sides counts as the width is OpenCV's choice; here the nearly horizontal one.
    var quarters = Math.round(angle / (Math.PI / 2));
    boolean swapped = quarters % 2 != 0;
    return new Quad(
        rect.center().x(),
        rect.center().y(),
        swapped ? height : width,
        swapped ? width : height,
        angle - quarters * Math.PI / 2);
  }

  Quad wider(double by) {
    return new Quad(x, y, width + 2 * by, height + 2 * by, angle);
  }

  /** The upper left one first, then clockwise. */
  List<double[]> corners() {
    return List.of(at(-0.5, -0.5), at(0.5, -0.5), at(0.5, 0.5), at(-0.5, 0.5));
  }

  private double[] at(double u, double v) {
    return new double[] {
      x + u * width * Math.cos(angle) - v * height * Math.sin(angle),
      y + u * width * Math.sin(angle) + v * height * Math.cos(angle)
    };
  }

  /** Whether text in it runs down or up. */
  boolean isUpended() {
    return height > UPENDED * width;
  }

  /**
   * What is in it, turned so that text runs to the right, in that height.
   *
   * @param up whether text of one that is upended runs up
   */
  Mat upright(Mat image, int newHeight, int mostWidth, boolean up) {
    var length = isUpended() ? height : width;
    var thickness = isUpended() ? width : height;
    var newWidth =
        (int) Math.max(1, Math.min(mostWidth, Math.round(newHeight * length / thickness)));
    // Where text begins, where its first line ends, and what is below its beginning.
    double x = isUpended() ? (up ? -0.5 : 0.5) : -0.5;
    double y = isUpended() && up ? 0.5 : -0.5;
    var origin = at(x, y);
    var end = isUpended() ? at(x, -y) : at(-x, y);
    var below = isUpended() ? at(-x, y) : at(x, -y);
    var map = new Mat(2, 3, opencv_core.CV_64FC1);
    try (DoubleIndexer to = map.createIndexer()) {
      for (var row = 0; row < 2; row++)
        to.put(
            row,
            0,
            (end[row] - origin[row]) / newWidth,
            (below[row] - origin[row]) / newHeight,
            origin[row]);
    }
    var result = new Mat();
    opencv_imgproc.warpAffine(
        image,
        result,
        map,
        new Size(newWidth, newHeight),
        opencv_imgproc.INTER_LINEAR | opencv_imgproc.WARP_INVERSE_MAP,
        opencv_core.BORDER_REPLICATE,
        new Scalar(0, 0, 0, 0));
    return result;
  }
}
