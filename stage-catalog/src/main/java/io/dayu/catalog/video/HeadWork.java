package io.dayu.catalog.video;

import io.dayu.catalog.Checked;
import io.dayu.element.Box;
import io.dayu.stage.Params;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
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

  HeadWork(
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
