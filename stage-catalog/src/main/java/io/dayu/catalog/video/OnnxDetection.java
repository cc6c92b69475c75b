package io.dayu.catalog.video;

import io.dayu.catalog.Checked;
import io.dayu.element.Box;
import io.dayu.element.MediaType;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import org.apache.pekko.actor.typed.Behavior;
import org.bytedeco.opencv.opencv_core.Mat;

/** Finds what a model of one's own finds: an ONNX file with one of the {@link DetectionHead}s. */
public final class OnnxDetection implements StageProvider {
  private static final int USUAL_SIDE = 640;

  /** Of one frame. */
  static final int MOST_BOXES = 300;

  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "onnx-detection",
        "1",
        "Finds objects in frames with an ONNX model of your own: YOLO v5 to v11, or SSD",
        Set.of(MediaType.FRAMES),
        Set.of(),
        MediaType.BOXES,
        List.of(
            ModelChoice.MODEL,
            ModelChoice.SHA256,
            ModelChoice.NAMES,
            ModelChoice.NAMES_FILE,
            ModelChoice.LABELS,
            ModelChoice.THRESHOLD,
            ModelChoice.OVERLAP,
            Parameter.optional(
                "head",
                Parameter.Type.STRING,
                "auto",
                "yolov5, yolov8, end-to-end or ssd; auto looks at the model's outputs"),
            PictureModel.Options.SIZE,
            PictureModel.Options.fit(PictureInput.Fit.LETTERBOX),
            PictureModel.Options.PIXELS,
            PictureModel.Options.COLORS,
            ModelChoice.THREADS,
            ModelChoice.PROVIDER),
        1,
        250);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(
        () -> {
          var params = context.params();
          var choice = ModelChoice.of(params);
          var options = PictureModel.Options.of(params);
          var kind = ModelChoice.word("head", params.string("head"), DetectionHead.Kind.class);
          var threshold = Checked.within("threshold", params.number("threshold"), 0.01, 0.99);
          var overlap = Checked.within("overlap", params.number("overlap"), 0.05, 1);
          return Stages.using(
              () -> {
                var model = PictureModel.open(context.models(), choice, options, USUAL_SIDE);
                try {
                  var names =
                      ClassNames.of(choice.givenNames(context.models()), model.model().metadata());
                  var wanted = names.wanted(choice.model(), params.strings("labels"));
                  var head =
                      DetectionHead.of(choice.model(), model.probe(), kind, names.names().size());
                  return new Detector(model, head, names, wanted, threshold, (float) overlap);
                } catch (RuntimeException | Error e) {
                  model.close();
                  throw e;
                }
              });
        });
  }

  private static final class Detector extends BoxWork {
    private final PictureModel model;
    private final DetectionHead head;
    private final ClassNames names;
    private final IntPredicate wanted;
    private final double threshold;
    private final float overlap;

    private Detector(
        PictureModel model,
        DetectionHead head,
        ClassNames names,
        IntPredicate wanted,
        double threshold,
        float overlap) {
      super(model.width(), model.height());
      this.model = model;
      this.head = head;
      this.names = names;
      this.wanted = wanted;
      this.threshold = threshold;
      this.overlap = overlap;
    }

    @Override
    List<Box> boxes(Mat image) {
      var canvas = model.fill(image);
      var candidates = head.read(model.run(), wanted, threshold, model.width(), model.height());
      var boxes = new ArrayList<Box>(candidates.size());
      for (var candidate : candidates) {
        var box = Geometry.clipped(box(candidate, canvas));
        if (box.getWidth() > 0 && box.getHeight() > 0) boxes.add(box);
      }
      return strongest(Geometry.suppress(boxes, overlap, 1));
    }

    private Box box(DetectionHead.Candidate found, PictureInput.Canvas canvas) {
      var left = canvas.x(found.left());
      var top = canvas.y(found.top());
      return Box.newBuilder()
          .setX(left)
          .setY(top)
          .setWidth(canvas.x(found.right()) - left)
          .setHeight(canvas.y(found.bottom()) - top)
          .setLabel(names.name(found.type()))
          .setScore(Math.min(1, found.score()))
          .build();
    }

    private static List<Box> strongest(List<Box> boxes) {
      if (boxes.size() <= MOST_BOXES) return boxes;
      return boxes.stream()
          .sorted(Comparator.comparingDouble(Box::getScore).reversed())
          .limit(MOST_BOXES)
          .toList();
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
