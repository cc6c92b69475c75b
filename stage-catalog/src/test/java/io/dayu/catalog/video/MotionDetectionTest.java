package io.dayu.catalog.video;

import static io.dayu.catalog.Samples.element;
import static io.dayu.catalog.Samples.frames;
import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.Box;
import io.dayu.stage.testkit.StageTestKit;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MotionDetectionTest {
  @Test
  void whatMovesIsFoundWhereItIsAndStillThingsAreNot() throws Exception {
    var street = Pictures.photo("car1.jpg");
    var width = (float) street.getWidth();
    var height = (float) street.getHeight();
    try (var run = StageTestKit.start(new MotionDetection(), Map.of())) {
      for (var i = 0; i < 10; i++)
        assertThat(run.output(element(i, frames(Pictures.jpeg(street)))).getBoxes().getBoxList())
            .as("frame %s", i)
            .isEmpty();
      for (var i = 10; i < 20; i++) {
        var x = 60 * (i - 9);
        var picture = Pictures.jpeg(Pictures.with(street, x, 500, 120, 80));
        var boxes = run.output(element(i, frames(picture))).getBoxes().getBoxList();
        var truth =
            Box.newBuilder()
                .setX(x / width)
                .setY(500 / height)
                .setWidth(120 / width)
                .setHeight(80 / height)
                .build();
        assertThat(boxes)
            .as("frame %s", i)
            .anyMatch(b -> b.getLabel().equals("motion") && Geometry.iou(b, truth) > 0.6);
      }
    }
  }

  @Test
  void aLateElementDoesNotChangeTheBackground() throws Exception {
    var street = Pictures.photo("car1.jpg");
    var still = frames(Pictures.jpeg(street));
    var other = frames(Pictures.jpeg(Pictures.photo("car2.jpg")));
    try (var run = StageTestKit.start(new MotionDetection(), Map.of())) {
      for (var i = 1; i <= 10; i++) run.output(element(i, still));
      for (var i = 0; i < 30; i++) run.output(element(3, other));
      assertThat(run.output(element(11, still)).getBoxes().getBoxList()).isEmpty();
    }
  }
}
