package io.dayu.pipeline;

import io.dayu.element.MediaType;
import io.dayu.stage.NamedInput;
import io.dayu.stage.StageDescriptor;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whether a stage can be asked per box, and by the boxes of the stage that it names. */
final class PerBoxChecks {
  private final Draft.Stage stage;
  private final PerBox perBox;
  private final Map<String, Draft.Stage> byId;
  private final Catalog catalog;
  private final Problems problems;

  PerBoxChecks(
      Draft.Stage stage,
      PerBox perBox,
      Map<String, Draft.Stage> byId,
      Catalog catalog,
      Problems problems) {
    this.stage = stage;
    this.perBox = perBox;
    this.byId = byId;
    this.catalog = catalog;
    this.problems = problems;
  }

  /**
   * @param type of the stage itself
   */
  void run(StageDescriptor type) {
    if (!type.payload().contains(MediaType.FRAMES))
      problems.add(
          stage.path() + ".per",
          type.type() + " reads no frames, and what is in a box is a frame",
          "use a stage type that reads frames, or remove per: box");
    else if (type.namedInputs().stream().anyMatch(NamedInput::required))
      problems.add(
          stage.path() + ".per",
          type.type() + " needs outputs of other stages, and what is in a box has none",
          "use a stage type that reads frames only, or remove per: box");
    else if (PerBox.output(type.output()).isEmpty())
      problems.add(
          stage.path() + ".per",
          "%s gives %s, which cannot be put together of several boxes"
              .formatted(type.type(), type.output().word()),
          "use a stage type that gives labels, text, regions, attributes, boxes, keypoints or"
              + " masks");
    boxes();
  }

  private void boxes() {
    var given = Optional.ofNullable(byId.get(perBox.of()));
    if (given.isEmpty() || !comesBefore(perBox.of())) {
      // Of an "after" that leads nowhere is told there.
      if (given.isEmpty() && stage.after().orElse(List.of()).contains(Optional.of(perBox.of())))
        return;
      problems.add(
          stage.path() + ".of",
          given.isEmpty()
              ? "there is no stage " + Words.quote(perBox.of())
              : "stage " + Words.quote(perBox.of()) + " does not come before this one",
          "name a stage that this one comes after, directly or not");
      return;
    }
    given
        .flatMap(StageChecks.type(catalog))
        .filter(type -> type.output() != MediaType.BOXES)
        .ifPresent(
            type ->
                problems.add(
                    stage.path() + ".of",
                    "%s gives %s, and per: box needs boxes"
                        .formatted(type.type(), type.output().word()),
                    "name a stage that gives boxes"));
  }

  private boolean comesBefore(String id) {
    var seen = new HashSet<String>();
    var open = new ArrayDeque<Draft.Stage>();
    open.add(stage);
    while (!open.isEmpty())
      for (var before : open.poll().before()) {
        if (before.equals(id)) return true;
        if (seen.add(before) && byId.containsKey(before)) open.add(byId.get(before));
      }
    return false;
  }
}
