package io.dayu.catalog.video;

import io.dayu.element.Box;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Calculations with boxes, all in fractions of one frame. */
final class Geometry {
  private Geometry() {}

  /** Intersection over union, 0 to 1. */
  static float iou(Box a, Box b) {
    var common = intersection(a, b);
    var union = area(a) + area(b) - common;
    return union > 0 ? common / union : 0;
  }

  /** The share of the smaller box that lies in the other one. */
  static float overlap(Box a, Box b) {
    var smaller = Math.min(area(a), area(b));
    return smaller > 0 ? intersection(a, b) / smaller : 0;
  }

  /** The part of the box that is within the frame. */
  static Box clipped(Box box) {
    var x1 = Math.max(0, box.getX());
    var y1 = Math.max(0, box.getY());
    var x2 = Math.min(1, box.getX() + box.getWidth());
    var y2 = Math.min(1, box.getY() + box.getHeight());
    return box.toBuilder()
        .setX(x1)
        .setY(y1)
        .setWidth(Math.max(0, x2 - x1))
        .setHeight(Math.max(0, y2 - y1))
        .build();
  }

  /**
   * Non-maximum suppression per label: of several boxes on one object the one with the highest
   * score stays.
   *
   * @param maxIou from which intersection over union on two boxes are one object
   * @param maxOverlap from which overlap on they are; 1 and more for never
   */
  static List<Box> suppress(List<Box> boxes, float maxIou, float maxOverlap) {
    var byScore = new ArrayList<>(boxes);
    byScore.sort(Comparator.comparingDouble(Box::getScore).reversed());
    var kept = new ArrayList<Box>();
    for (var box : byScore) {
      var twin =
          kept.stream()
              .filter(k -> k.getLabel().equals(box.getLabel()))
              .anyMatch(k -> iou(k, box) > maxIou || overlap(k, box) > maxOverlap);
      if (!twin) kept.add(box);
    }
    return kept;
  }

  private static float intersection(Box a, Box b) {
    var w =
        Math.min(a.getX() + a.getWidth(), b.getX() + b.getWidth()) - Math.max(a.getX(), b.getX());
    var h =
        Math.min(a.getY() + a.getHeight(), b.getY() + b.getHeight()) - Math.max(a.getY(), b.getY());
    return w > 0 && h > 0 ? w * h : 0;
  }

  private static float area(Box box) {
    return box.getWidth() * box.getHeight();
  }
}
