package io.dayu.catalog.video;

import io.dayu.element.Box;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * From the numbers of an SSD to boxes. The anchors are those of Liu et al., "SSD: Single Shot
 * MultiBox Detector" (2016), section 2.2, with six layers at strides 16 to 512, scales 0.2 to 0.95
 * and a reduced lowest layer, as the model was trained with; centres are scaled by 10, sizes by 5.
 */
final class SsdDecoder {
  /** Side of the square input, in pixels. */
  static final int SIDE = 300;

  private static final float CENTRE_SCALE = 10;
  private static final float SIZE_SCALE = 5;
  private static final int[] STRIDES = {16, 32, 64, 128, 256, 512};
  private static final double MIN_SCALE = 0.2;
  private static final double MAX_SCALE = 0.95;

  private record Anchor(float x, float y, float width, float height) {}

  private record Shape(double aspect, double scale) {}

  private static final List<Anchor> ANCHORS = anchors();

  /** How many boxes such a model gives. */
  static final int BOXES = ANCHORS.size();

  private final List<String> labels;

  /**
   * @param labels by class; class 0 is the background
   */
  SsdDecoder(List<String> labels) {
    this.labels = List.copyOf(labels);
  }

  /**
   * The boxes that reach the threshold, one object maybe several times.
   *
   * @param offsets four numbers per anchor: y, x, height, width
   * @param scores one number per anchor and class, before the sigmoid
   * @param wanted which classes count
   * @param threshold between 0 and 1, exclusive
   */
  List<Box> decode(float[] offsets, float[] scores, IntPredicate wanted, double threshold) {
    var classes = labels.size();
    if (offsets.length != ANCHORS.size() * 4 || scores.length != ANCHORS.size() * classes)
      throw new IllegalStateException(
          "the model has %s offsets and %s scores, which is not an SSD of %s classes"
              .formatted(offsets.length, scores.length, classes));
    // Comparing before the sigmoid saves computing it some 46,000 times per frame.
    var limit = Math.log(threshold / (1 - threshold));
    var boxes = new ArrayList<Box>();
    for (var i = 0; i < ANCHORS.size(); i++) {
      for (var c = 1; c < classes; c++) {
        var score = scores[i * classes + c];
        if (score < limit || !wanted.test(c)) continue;
        boxes.add(box(ANCHORS.get(i), offsets, i * 4, labels.get(c), sigmoid(score)));
      }
    }
    return boxes;
  }

  static float sigmoid(float value) {
    return (float) (1 / (1 + Math.exp(-value)));
  }

  private static Box box(Anchor anchor, float[] offsets, int at, String label, float score) {
    var y = offsets[at] / CENTRE_SCALE * anchor.height() + anchor.y();
    var x = offsets[at + 1] / CENTRE_SCALE * anchor.width() + anchor.x();
    var height = (float) Math.exp(offsets[at + 2] / SIZE_SCALE) * anchor.height();
    var width = (float) Math.exp(offsets[at + 3] / SIZE_SCALE) * anchor.width();
    return Box.newBuilder()
        .setX(x - width / 2)
        .setY(y - height / 2)
        .setWidth(width)
        .setHeight(height)
        .setLabel(label)
        .setScore(score)
        .build();
  }

  private static List<Anchor> anchors() {
    var anchors = new ArrayList<Anchor>();
    for (var layer = 0; layer < STRIDES.length; layer++) {
      var cells = (int) Math.ceil((double) SIDE / STRIDES[layer]);
      var shapes = shapes(layer);
      for (var y = 0; y < cells; y++) {
        for (var x = 0; x < cells; x++) {
          for (var shape : shapes) {
            var ratio = Math.sqrt(shape.aspect());
            anchors.add(
                new Anchor(
                    (x + 0.5f) / cells,
                    (y + 0.5f) / cells,
                    (float) (shape.scale() * ratio),
                    (float) (shape.scale() / ratio)));
          }
        }
      }
    }
    return List.copyOf(anchors);
  }

  private static List<Shape> shapes(int layer) {
    var scale = scale(layer);
    if (layer == 0) return List.of(new Shape(1, 0.1), new Shape(2, scale), new Shape(0.5, scale));
    var between = Math.sqrt(scale * (layer == STRIDES.length - 1 ? 1 : scale(layer + 1)));
    return List.of(
        new Shape(1, scale),
        new Shape(2, scale),
        new Shape(0.5, scale),
        new Shape(3, scale),
        new Shape(0.3333, scale),
        new Shape(1, between));
  }

  private static double scale(int layer) {
    return MIN_SCALE + (MAX_SCALE - MIN_SCALE) * layer / (STRIDES.length - 1);
  }
}
