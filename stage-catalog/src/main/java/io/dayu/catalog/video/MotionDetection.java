package io.dayu.catalog.video;

import io.dayu.catalog.Checked;
import io.dayu.catalog.Natives;
import io.dayu.catalog.StreamStates;
import io.dayu.element.Box;
import io.dayu.element.Element;
import io.dayu.element.MediaType;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.global.opencv_video;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.MatVector;
import org.bytedeco.opencv.opencv_core.Point;
import org.bytedeco.opencv.opencv_core.Rect;
import org.bytedeco.opencv.opencv_core.Size;
import org.bytedeco.opencv.opencv_video.BackgroundSubtractorMOG2;
import org.jspecify.annotations.Nullable;

/**
 * Finds what moves before a still background (Zivkovic, "Improved adaptive Gaussian mixture model
 * for background subtraction", 2004). The background is learnt per stream; the first frames of a
 * stream yield nothing.
 */
public final class MotionDetection implements StageProvider {
  private static final String LABEL = "motion";
  private static final int HEIGHT = 270; // enough for blobs, and a quarter of the work of 540p
  private static final int STREAMS = 16;
  private static final int HISTORY = 200; // frames
  private static final double VARIANCES = 16;
  private static final int WARM_UP = 3; // frames until the background means anything
  private static final double FOREGROUND = 200; // shadows are marked with 127
  private static final int ONLY_LOOK = 0; // learning rates of MOG2
  private static final int LEARN = -1;

  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "motion-detection",
        "1",
        "Finds what moves before a still background; boxes are labelled motion, their score is the"
            + " share of moving pixels in them",
        Set.of(MediaType.FRAMES),
        Set.of(),
        MediaType.BOXES,
        List.of(
            Parameter.optional(
                "minArea",
                Parameter.Type.NUMBER,
                0.001,
                "smallest box that counts, as a share of the frame, between 0 and 1")),
        1,
        40);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(
        () -> {
          var minArea = Checked.within("minArea", context.params().number("minArea"), 0, 1);
          return Stages.using(() -> new Detector(minArea));
        });
  }

  private static final class Background {
    private final BackgroundSubtractorMOG2 model =
        opencv_video.createBackgroundSubtractorMOG2(HISTORY, VARIANCES, true);
    private int seen;
  }

  private static final class Detector extends BoxWork {
    private final double minArea;
    private final StreamStates<Background> backgrounds;
    private final Mat brush;
    private StreamStates.@Nullable Turn<Background> turn; // of the element that is worked on

    private Detector(double minArea) {
      super(1, HEIGHT);
      this.minArea = minArea;
      Natives.openCvVideo();
      backgrounds = new StreamStates<>(STREAMS, Background::new, b -> b.model.close());
      brush =
          opencv_imgproc.getStructuringElement(
              opencv_imgproc.MORPH_ELLIPSE, new Size(3, 3), new Point(-1, -1));
    }

    @Override
    void begin(Element element) {
      turn = backgrounds.turn(element);
    }

    @Override
    List<Box> boxes(Mat image) {
      var turn = Objects.requireNonNull(this.turn, "an element begins before its images");
      var background = turn.state();
      var small =
          image.rows() <= HEIGHT
              ? image
              : Images.resized(image, Images.widthAt(image.cols(), image.rows(), HEIGHT), HEIGHT);
      var mask = new Mat();
      background.model.apply(small, mask, turn.fresh() ? LEARN : ONLY_LOOK);
      if (turn.fresh()) background.seen++;
      return background.seen <= WARM_UP ? List.of() : blobs(mask);
    }

    private List<Box> blobs(Mat mask) {
      opencv_imgproc.threshold(mask, mask, FOREGROUND, 255, opencv_imgproc.THRESH_BINARY);
      opencv_imgproc.morphologyEx(mask, mask, opencv_imgproc.MORPH_OPEN, brush);
      opencv_imgproc.dilate(mask, mask, brush);
      var contours = new MatVector();
      opencv_imgproc.findContours(
          mask.clone(), contours, opencv_imgproc.RETR_EXTERNAL, opencv_imgproc.CHAIN_APPROX_SIMPLE);
      var boxes = new ArrayList<Box>();
      for (var i = 0L; i < contours.size(); i++) {
        var around = opencv_imgproc.boundingRect(contours.get(i));
        if ((double) around.area() / mask.total() >= minArea) boxes.add(box(mask, around));
      }
      return boxes;
    }

    private static Box box(Mat mask, Rect around) {
      var moving = opencv_core.countNonZero(new Mat(mask, around));
      return Box.newBuilder()
          .setX((float) around.x() / mask.cols())
          .setY((float) around.y() / mask.rows())
          .setWidth((float) around.width() / mask.cols())
          .setHeight((float) around.height() / mask.rows())
          .setLabel(LABEL)
          .setScore((float) moving / around.area())
          .build();
    }

    @Override
    public void close() {
      backgrounds.close();
      brush.close();
    }
  }
}
