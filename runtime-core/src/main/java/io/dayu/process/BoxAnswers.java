package io.dayu.process;

import io.dayu.element.Attribute;
import io.dayu.element.Attributes;
import io.dayu.element.Box;
import io.dayu.element.Boxes;
import io.dayu.element.Keypoints;
import io.dayu.element.Label;
import io.dayu.element.Masks;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Region;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Puts what a stage has said of single boxes together to one output. What is a place in the box
 * becomes one in the frame, with the box's track and frame; the rest becomes attributes of the box.
 */
final class BoxAnswers {
  private final String stage;
  private final String of;
  private final MediaType type;
  private final List<Attribute> attributes = new ArrayList<>();
  private final Boxes.Builder boxes = Boxes.newBuilder();
  private final Keypoints.Builder keypoints = Keypoints.newBuilder();
  private final Masks.Builder masks = Masks.newBuilder();

  /**
   * @param stage that was asked
   * @param of whose boxes these are
   * @param type of the output: what {@link io.dayu.pipeline.PerBox#output} says
   */
  BoxAnswers(String stage, String of, MediaType type) {
    this.stage = stage;
    this.of = of;
    this.type = type;
  }

  /**
   * @param index of the box among those of its stage
   */
  void add(int index, Box box, Media answer) {
    switch (answer.getKindCase()) {
      // A classifier's answer: the likeliest counts.
      case LABELS ->
          answer.getLabels().getLabelList().stream()
              .max(Comparator.comparingDouble(Label::getValue))
              .ifPresent(
                  label -> add(index, box, stage, label.getName(), (float) label.getValue()));
      case TEXT -> {
        var text = String.join(" ", answer.getText().getLineList());
        if (!text.isBlank()) add(index, box, stage, text, 0);
      }
      case REGIONS -> {
        var regions =
            answer.getRegions().getRegionList().stream()
                .filter(region -> !region.getText().isBlank())
                .toList();
        var text = regions.stream().map(Region::getText).collect(Collectors.joining(" "));
        var score = regions.stream().map(Region::getScore).min(Comparator.naturalOrder());
        if (!regions.isEmpty()) add(index, box, stage, text, score.orElse(0f));
      }
      case ATTRIBUTES -> {
        for (var a : answer.getAttributes().getAttributeList())
          add(index, box, a.getName(), a.getValue(), a.getScore());
      }
      case BOXES -> {
        for (var inner : answer.getBoxes().getBoxList())
          boxes.addBox(
              inner.toBuilder()
                  .setX(x(box, inner.getX()))
                  .setY(y(box, inner.getY()))
                  .setWidth(inner.getWidth() * box.getWidth())
                  .setHeight(inner.getHeight() * box.getHeight())
                  .setTrack(box.getTrack())
                  .setFrame(box.getFrame()));
      }
      case KEYPOINTS -> {
        if (keypoints.getBoneCount() == 0)
          keypoints.addAllBone(answer.getKeypoints().getBoneList());
        for (var inner : answer.getKeypoints().getPoseList()) {
          var pose = inner.toBuilder().setTrack(box.getTrack()).setFrame(box.getFrame());
          for (var point : pose.getPointBuilderList())
            point.setX(x(box, point.getX())).setY(y(box, point.getY()));
          keypoints.addPose(pose);
        }
      }
      case MASKS -> {
        for (var inner : answer.getMasks().getMaskList())
          masks.addMask(
              inner.toBuilder()
                  .setX(x(box, inner.getX()))
                  .setY(y(box, inner.getY()))
                  .setWidth(inner.getWidth() * box.getWidth())
                  .setHeight(inner.getHeight() * box.getHeight())
                  .setTrack(box.getTrack())
                  .setFrame(box.getFrame()));
      }
      default ->
          throw new IllegalArgumentException(
              MediaType.of(answer).word() + " cannot be put together of several boxes");
    }
  }

  private void add(int index, Box box, String name, String value, float score) {
    attributes.add(
        Attribute.newBuilder()
            .setName(name)
            .setValue(value)
            .setScore(score)
            .setOf(of)
            .setBox(index)
            .setTrack(box.getTrack())
            .build());
  }

  private static float x(Box box, float inner) {
    return box.getX() + inner * box.getWidth();
  }

  private static float y(Box box, float inner) {
    return box.getY() + inner * box.getHeight();
  }

  Media output() {
    var media = Media.newBuilder();
    switch (type) {
      case BOXES -> media.setBoxes(boxes);
      case KEYPOINTS -> media.setKeypoints(keypoints);
      case MASKS -> media.setMasks(masks);
      default -> media.setAttributes(Attributes.newBuilder().addAllAttribute(attributes));
    }
    return media.build();
  }
}
