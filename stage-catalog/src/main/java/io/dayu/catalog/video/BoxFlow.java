package io.dayu.catalog.video;

import io.dayu.element.Box;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.bytedeco.javacpp.indexer.UByteIndexer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.global.opencv_video;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Rect;

/**
 * Where boxes have gone from one picture to the next, by the flow of points in them (Kalal et al.,
 * "Forward-backward error: automatic detection of tracking failures", 2010): points that are not
 * found back where they came from do not count, and the median of the others moves and scales the
 * box.
 */
final class BoxFlow {
  private static final int POINTS = 24; // of a box
  private static final int LEAST_POINTS = 4;
  private static final int LEAST_SIDE = 6; // pixels
  private static final double CORNERS = 0.01; // quality, as a share of the best corner's
  private static final double APART = 2; // pixels
  private static final float BACK = 1.0f; // pixels from where a point came, at most
  private static final float MOST_SCALE = 1.15f; // from one picture to the next

  private BoxFlow() {}

  /** A box with the range of its points. */
  private record Span(int from, int to) {
    int count() {
      return to - from;
    }
  }

  /**
   * @param before a grey picture; natives made here are closed with the caller's scope
   * @param after one of the same size
   * @param boxes in the first one
   * @return each of them in the second one, in their order; empty where it was lost
   */
  static List<Optional<Box>> move(Mat before, Mat after, List<Box> boxes) {
    var points = new ArrayList<float[]>();
    var spans = new ArrayList<Span>();
    for (var box : boxes) {
      var from = points.size();
      corners(before, box, points);
      spans.add(new Span(from, points.size()));
    }
    var moved = new ArrayList<Optional<Box>>(boxes.size());
    if (points.isEmpty()) {
      boxes.forEach(box -> moved.add(Optional.empty()));
      return moved;
    }
    var there = new Mat();
    var back = new Mat();
    var found = new Mat();
    var foundBack = new Mat();
    var error = new Mat();
    var start = points(points);
    opencv_video.calcOpticalFlowPyrLK(before, after, start, there, found, error);
    opencv_video.calcOpticalFlowPyrLK(after, before, there, back, foundBack, error);
    try (FloatIndexer to = there.createIndexer();
        FloatIndexer again = back.createIndexer();
        UByteIndexer one = found.createIndexer();
        UByteIndexer two = foundBack.createIndexer()) {
      for (var b = 0; b < boxes.size(); b++) {
        var kept = new ArrayList<float[]>(); // from x, y to x, y
        for (var i = spans.get(b).from(); i < spans.get(b).to(); i++) {
          var point = points.get(i);
          var miss = Math.hypot(again.get(i, 0, 0) - point[0], again.get(i, 0, 1) - point[1]);
          if (one.get(i) != 0 && two.get(i) != 0 && miss <= BACK)
            kept.add(new float[] {point[0], point[1], to.get(i, 0, 0), to.get(i, 0, 1)});
        }
        moved.add(
            kept.size() < LEAST_POINTS || kept.size() * 3 < spans.get(b).count()
                ? Optional.empty()
                : moved(boxes.get(b), kept, before.cols(), before.rows()));
      }
    }
    return moved;
  }

  private static void corners(Mat image, Box box, List<float[]> points) {
    var clipped = Geometry.clipped(box);
    var x = (int) (clipped.getX() * image.cols());
    var y = (int) (clipped.getY() * image.rows());
    var width = Math.min(image.cols() - x, (int) (clipped.getWidth() * image.cols()));
    var height = Math.min(image.rows() - y, (int) (clipped.getHeight() * image.rows()));
    if (width < LEAST_SIDE || height < LEAST_SIDE) return;
    var found = new Mat();
    opencv_imgproc.goodFeaturesToTrack(
        new Mat(image, new Rect(x, y, width, height)), found, POINTS, CORNERS, APART);
    if (found.empty()) return;
    try (FloatIndexer corners = found.createIndexer()) {
      for (var i = 0L; i < found.total(); i++)
        points.add(new float[] {corners.get(i, 0, 0) + x, corners.get(i, 0, 1) + y});
    }
  }

  private static Mat points(List<float[]> points) {
    var mat = new Mat(points.size(), 1, opencv_core.CV_32FC2);
    try (FloatIndexer to = mat.createIndexer()) {
      for (var i = 0; i < points.size(); i++) to.put(i, 0, points.get(i));
    }
    return mat;
  }

  /** Empty once its middle is outside of the picture. */
  private static Optional<Box> moved(Box box, List<float[]> points, int columns, int rows) {
    var dx = median(points.stream().map(p -> p[2] - p[0]).toList()) / columns;
    var dy = median(points.stream().map(p -> p[3] - p[1]).toList()) / rows;
    var scales = new ArrayList<Float>();
    for (var i = 0; i < points.size(); i++)
      for (var j = i + 1; j < points.size(); j++) {
        var p = points.get(i);
        var q = points.get(j);
        var was = Math.hypot(p[0] - q[0], p[1] - q[1]);
        if (was > LEAST_SIDE) scales.add((float) (Math.hypot(p[2] - q[2], p[3] - q[3]) / was));
      }
    var scale = scales.isEmpty() ? 1 : median(scales);
    scale = Math.max(1 / MOST_SCALE, Math.min(MOST_SCALE, scale));
    var x = box.getX() + box.getWidth() / 2 + dx;
    var y = box.getY() + box.getHeight() / 2 + dy;
    if (x < 0 || x > 1 || y < 0 || y > 1) return Optional.empty();
    var width = box.getWidth() * scale;
    var height = box.getHeight() * scale;
    return Optional.of(
        Geometry.clipped(
            box.toBuilder()
                .setX(x - width / 2)
                .setY(y - height / 2)
                .setWidth(width)
                .setHeight(height)
                .build()));
  }

  private static float median(List<Float> values) {
    var sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }
}
