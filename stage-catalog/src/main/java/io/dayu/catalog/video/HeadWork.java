package io.dayu.catalog.video;

import io.dayu.catalog.Checked;
import io.dayu.catalog.model.ModelChoice;
import io.dayu.catalog.model.Tensor;
import io.dayu.element.Box;
import io.dayu.stage.ModelException;
import io.dayu.stage.Params;
import io.dayu.stage.StageContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.bytedeco.opencv.opencv_core.Mat;

/** Finds boxes with a model of one's own. */
final class HeadWork extends BoxWork {
  /**
   * What counts as found.
   *
   * @param overlap from which intersection over union on two boxes of a class are one object
   */
  record Limits(DetectionHead.Kind kind, double threshold, float overlap) {
    static Limits of(Params params) {
      return new Limits(
          ModelChoice.word("head", params.string("head"), DetectionHead.Kind.class),
          Checked.within("threshold", params.number("threshold"), 0.01, 0.99),
          (float) Checked.within("overlap", params.number("overlap"), 0.05, 1));
    }
  }

  /** Of one frame. */
  private static final int MOST_BOXES = 300;

  private final PictureRunner model;
  private final DetectionHead head;
  private final ClassNames names;
  private final IntPredicate wanted;
  private final Limits limits;

  /**
   * Works with a model that was just opened. Blocks while a file of names is read.
   *
   * @param probe what it gives for a black picture
   * @param metadata that is in it
   * @throws ModelException with what is wrong, and what to do; the model is closed then
   */
  static HeadWork of(
      PictureRunner model,
      Supplier<List<Tensor>> probe,
      Map<String, String> metadata,
      ModelChoice choice,
      Limits limits,
      StageContext context) {
    try {
      var names = ClassNames.of(choice.givenNames(context.models()), metadata);
      var wanted = names.wanted(choice.model(), context.params().strings("labels"));
      var head = DetectionHead.of(choice.model(), probe.get(), limits.kind(), names.names().size());
      return new HeadWork(model, head, names, wanted, limits);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  private HeadWork(
      PictureRunner model,
      DetectionHead head,
      ClassNames names,
      IntPredicate wanted,
      Limits limits) {
    super(model.width(), model.height());
    this.model = model;
    this.head = head;
    this.names = names;
    this.wanted = wanted;
    this.limits = limits;
  }

  @Override
  List<Box> boxes(Mat image) {
    var canvas = model.fill(image);
    var candidates =
        head.read(model.run(), wanted, limits.threshold(), model.width(), model.height());
    var boxes = new ArrayList<Box>(candidates.size());
    for (var candidate : candidates) {
      var box = Geometry.clipped(box(candidate, canvas));
      if (box.getWidth() > 0 && box.getHeight() > 0) boxes.add(box);
    }
    return strongest(Geometry.suppress(boxes, limits.overlap(), 1));
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
