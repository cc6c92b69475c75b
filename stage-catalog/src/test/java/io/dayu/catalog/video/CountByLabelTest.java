package io.dayu.catalog.video;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.catalog.Samples;
import io.dayu.element.Box;
import io.dayu.element.Boxes;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.stage.testkit.StageTestKit;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class CountByLabelTest {
  @Test
  void anObjectCountsOnceHoweverManyFramesAndStagesShowIt() {
    var detected =
        boxes(box("person", 0, 0), box("person", 0, 0), box("person", 1, 0), box("car", 1, 0));
    var tracked =
        boxes(box("person", 0, 11), box("person", 0, 12), box("person", 1, 13), box("car", 1, 14));
    var measured =
        Media.newBuilder()
            .setLabels(
                Labels.newBuilder()
                    .addLabel(Label.newBuilder().setName("brightness").setValue(0.4)))
            .build();
    var element =
        Samples.after(0, "detect", detected).toBuilder()
            .addOutputs(Outputs.of("track", tracked))
            .addOutputs(Outputs.of("exposure", measured))
            .build();
    try (var run = StageTestKit.start(new CountByLabel(), Map.of())) {
      assertThat(counts(run.output(element)))
          .isEqualTo(Map.of("person", 3.0, "car", 1.0, "brightness", 0.4));
      assertThat(counts(run.output(Samples.after(1, "detect", detected))))
          .isEqualTo(Map.of("person", 2.0, "car", 1.0));
      assertThat(counts(run.output(Samples.after(2, "detect", boxes())))).isEmpty();
    }
  }

  private static Map<String, Double> counts(Media media) {
    return media.getLabels().getLabelList().stream()
        .collect(Collectors.toMap(Label::getName, Label::getValue));
  }

  private static Media boxes(Box... boxes) {
    return Media.newBuilder().setBoxes(Boxes.newBuilder().addAllBox(List.of(boxes))).build();
  }

  private static Box box(String label, int frame, long track) {
    return Box.newBuilder().setLabel(label).setFrame(frame).setTrack(track).build();
  }
}
