package io.dayu.catalog.video;

import io.dayu.catalog.model.SharedModels;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.MatVector;
import org.bytedeco.opencv.opencv_core.Point;
import org.bytedeco.opencv.opencv_core.Rect;
import org.bytedeco.opencv.opencv_core.Scalar;

/**
 * Where text is, by the detection model of PP-OCRv4: it gives the shrunk middle of each line (Liao
 * et al., "Real-time scene text detection with differentiable binarization", 2020), which is
 * widened again. Not thread-safe.
 */
final class TextFinder implements AutoCloseable {
  private static final String MODEL = "ch_PP-OCRv4_det_infer.onnx";
  private static final int MULTIPLE = 32; // sides are multiples of it
  private static final double MOST_ENLARGED = 4;
  private static final float[] MEAN = {0.485f, 0.456f, 0.406f};
  private static final float[] DEVIATION = {0.229f, 0.224f, 0.225f};
  private static final double IS_TEXT = 0.3;
  private static final double IS_LINE = 0.6; // on average
  private static final double WIDENED = 1.6; // by that much of area through circumference
  private static final int LEAST_SIDE = 3; // pixels

  private final SharedModels.Lease<OcrModel> model = OcrModel.lease(MODEL);
  private final int side;
  private final int most;

  /**
   * @param side pixels of the longer side in which it looks
   * @param most lines, the largest first
   */
  TextFinder(int side, int most) {
    this.side = side;
    this.most = most;
  }

  /** Natives made here are closed with the caller's scope. */
  List<Quad> find(Mat image) {
    var times = Math.min(MOST_ENLARGED, (double) side / Math.max(image.cols(), image.rows()));
    var width = rounded(image.cols() * times);
    var height = rounded(image.rows() * times);
    var result =
        model
            .model()
            .run(
                OcrModel.planes(Images.resized(image, width, height), MEAN, DEVIATION),
                height,
                width);
    var map = new Mat(height, width, opencv_core.CV_32FC1);
    if (result.values().length != width * height)
      throw new IllegalStateException(
          "the text model gives %s values".formatted(result.values().length));
    new FloatPointer(map.data()).put(result.values());
    return quads(map, (double) image.cols() / width, (double) image.rows() / height);
  }

  private static int rounded(double pixels) {
    return (int) Math.max(MULTIPLE, Math.round(pixels / MULTIPLE) * MULTIPLE);
  }

  private List<Quad> quads(Mat map, double toWidth, double toHeight) {
    var text = new Mat();
    opencv_imgproc.threshold(map, text, IS_TEXT, 255, opencv_imgproc.THRESH_BINARY);
    text.convertTo(text, opencv_core.CV_8UC1);
    var contours = new MatVector();
    opencv_imgproc.findContours(
        text, contours, opencv_imgproc.RETR_LIST, opencv_imgproc.CHAIN_APPROX_SIMPLE);
    var quads = new ArrayList<Quad>();
    for (var i = 0L; i < contours.size(); i++) {
      var quad = Quad.of(opencv_imgproc.minAreaRect(contours.get(i)));
      if (Math.min(quad.width(), quad.height()) < LEAST_SIDE || mean(map, contours, i) < IS_LINE)
        continue;
      var by = quad.width() * quad.height() * WIDENED / (2 * (quad.width() + quad.height()));
      // Sides were rounded to multiples; the factors differ by a few hundredths at most.
      var wide = quad.wider(by);
      quads.add(
          new Quad(
              wide.x() * toWidth,
              wide.y() * toHeight,
              wide.width() * toWidth,
              wide.height() * toHeight,
              wide.angle()));
    }
    quads.sort(Comparator.comparingDouble((Quad q) -> q.width() * q.height()).reversed());
    return quads.subList(0, Math.min(most, quads.size()));
  }

  private static double mean(Mat map, MatVector contours, long index) {
    Rect around = opencv_imgproc.boundingRect(contours.get(index));
    var mask = Mat.zeros(around.height(), around.width(), opencv_core.CV_8UC1).asMat();
    opencv_imgproc.drawContours(
        mask,
        contours,
        (int) index,
        new Scalar(255, 0, 0, 0),
        opencv_imgproc.FILLED,
        opencv_imgproc.LINE_8,
        new Mat(),
        0,
        new Point(-around.x(), -around.y()));
    return opencv_core.mean(new Mat(map, around), mask).get(0);
  }

  @Override
  public void close() {
    model.close();
  }
}
