package io.dayu.catalog.video;

import io.dayu.catalog.Checked;
import io.dayu.catalog.model.TfliteModel;
import io.dayu.element.Box;
import io.dayu.element.MediaType;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Rect;
import org.bytedeco.opencv.opencv_core.Scalar;

/**
 * Finds faces with BlazeFace in its full-range form (Bazarevsky et al., "BlazeFace", 2019): one
 * anchor per cell of a 48 x 48 grid over a square input.
 */
public final class FaceDetection implements StageProvider {
  private static final String MODEL = "face_detection_full_range.tflite";
  private static final String LABEL = "face";
  private static final int SIDE = 192;
  private static final int CELLS = 48;
  private static final int OFFSETS = 16; // x, y, width, height, then six points of the face
  private static final float SAME_FACE = 0.3f;

  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "face-detection",
        "1",
        "Finds faces in frames; boxes are labelled face",
        Set.of(MediaType.FRAMES),
        Set.of(),
        MediaType.BOXES,
        List.of(
            Parameter.optional(
                "threshold", Parameter.Type.NUMBER, 0.5, "lowest score, between 0 and 1")),
        1,
        30);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(
        () -> {
          var threshold =
              Checked.within("threshold", context.params().number("threshold"), 0.01, 0.99);
          return Stages.using(() -> new Detector(threshold));
        });
  }

  private static final class Detector extends BoxWork {
    private final TfliteModel model = new TfliteModel(MODEL);
    private final double threshold;

    private Detector(double threshold) {
      super(SIDE, SIDE);
      this.threshold = threshold;
    }

    @Override
    List<Box> boxes(Mat image) {
      model.run(letterboxed(image));
      var first = model.output(0);
      var second = model.output(1);
      var scores = first.length < second.length ? first : second;
      var offsets = first.length < second.length ? second : first;
      if (scores.length != CELLS * CELLS || offsets.length != CELLS * CELLS * OFFSETS)
        throw new IllegalStateException("the face model has %s scores".formatted(scores.length));
      var longer = (float) Math.max(image.cols(), image.rows());
      return Geometry.suppress(
          decode(scores, offsets, longer / image.cols(), longer / image.rows()), SAME_FACE, 1);
    }

    private List<Box> decode(float[] scores, float[] offsets, float toWidth, float toHeight) {
      var found = new ArrayList<Box>();
      for (var i = 0; i < scores.length; i++) {
        var score = SsdDecoder.sigmoid(scores[i]);
        if (score < threshold) continue;
        var at = i * OFFSETS;
        var row = i / CELLS;
        var x = offsets[at] / SIDE + (i % CELLS + 0.5f) / CELLS;
        var y = offsets[at + 1] / SIDE + (row + 0.5f) / CELLS;
        var width = offsets[at + 2] / SIDE;
        var height = offsets[at + 3] / SIDE;
        found.add(
            Geometry.clipped(
                Box.newBuilder()
                    .setX((x - width / 2) * toWidth)
                    .setY((y - height / 2) * toHeight)
                    .setWidth(width * toWidth)
                    .setHeight(height * toHeight)
                    .setLabel(LABEL)
                    .setScore(score)
                    .build()));
      }
      return found;
    }

    /** The frame in the upper left of a black square: faces must keep their aspect. */
    private static Mat letterboxed(Mat image) {
      var scale = (double) SIDE / Math.max(image.cols(), image.rows());
      var width = Math.max(1, (int) Math.round(image.cols() * scale));
      var height = Math.max(1, (int) Math.round(image.rows() * scale));
      var square = new Mat(SIDE, SIDE, opencv_core.CV_8UC3, new Scalar(0, 0, 0, 0));
      Images.resized(image, width, height).copyTo(new Mat(square, new Rect(0, 0, width, height)));
      opencv_imgproc.cvtColor(square, square, opencv_imgproc.COLOR_BGR2RGB);
      var floats = new Mat();
      square.convertTo(floats, opencv_core.CV_32FC3, 1 / 127.5, -1);
      return floats;
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
