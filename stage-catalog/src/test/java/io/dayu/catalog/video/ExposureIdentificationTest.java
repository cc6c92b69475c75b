package io.dayu.catalog.video;

import static io.dayu.catalog.Samples.element;
import static io.dayu.catalog.Samples.frames;
import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.Label;
import io.dayu.stage.testkit.StageTestKit;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ExposureIdentificationTest {
  @Test
  void darkBrightAndBlurredPicturesAreTold() throws Exception {
    var photo = Pictures.photo("car1.jpg");
    try (var run = StageTestKit.start(new ExposureIdentification(), Map.of())) {
      var normal = labels(run, photo);
      var dark =
          labels(
              run,
              Pictures.mapped(
                  photo, c -> new Color(c.getRed() / 16, c.getGreen() / 16, c.getBlue() / 16)));
      var bright = labels(run, Pictures.mapped(photo, c -> Color.WHITE));
      var blurred = labels(run, Pictures.blurred(photo));
      assertThat(normal.get("brightness")).isBetween(0.2, 0.8);
      assertThat(dark.get("underexposed")).isGreaterThan(0.95);
      assertThat(dark.get("brightness")).isLessThan(0.1);
      assertThat(bright.get("overexposed")).isEqualTo(1);
      assertThat(bright.get("brightness")).isGreaterThan(0.99);
      assertThat(blurred.get("sharpness")).isLessThan(normal.get("sharpness") / 5);
      assertThat(blurred.get("sharpness")).isLessThan(100);
      assertThat(normal.get("sharpness")).isGreaterThan(200);
    }
  }

  private static Map<String, Double> labels(StageTestKit run, BufferedImage image)
      throws Exception {
    return run.output(element(0, frames(Pictures.jpeg(image)))).getLabels().getLabelList().stream()
        .collect(Collectors.toMap(Label::getName, Label::getValue));
  }
}
