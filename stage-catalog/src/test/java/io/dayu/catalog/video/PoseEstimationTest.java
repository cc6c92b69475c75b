package io.dayu.catalog.video;

import static io.dayu.catalog.Samples.element;
import static io.dayu.catalog.Samples.frames;
import static io.dayu.catalog.Samples.jpeg;
import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.catalog.Stop;
import io.dayu.element.Box;
import io.dayu.element.Keypoint;
import io.dayu.element.Keypoints;
import io.dayu.element.Pose;
import io.dayu.source.Knobs;
import io.dayu.stage.testkit.StageTestKit;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class PoseEstimationTest {
  private static Keypoint point(Pose pose, String name) {
    return pose.getPointList().stream()
        .filter(p -> p.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Debian's package opencv-doc. */
  private static final Path STREET = Path.of("/usr/share/doc/opencv-doc/examples/data/vtest.avi");

  @Test
  void thePointsOfPeopleOnAStreetAreFoundInTheirBoxes() throws Exception {
    Assumptions.assumeTrue(
        Files.exists(STREET), STREET + " is missing: install the package opencv-doc");
    var upright = 0;
    var boxes = 0;
    try (var run = StageTestKit.start(new PoseEstimation(), Map.of("people", 1));
        var people =
            StageTestKit.start(new ObjectDetection(), Map.of("labels", "person", "tiles", 6));
        var reader =
            new VideoFileReader(
                STREET, false, false, 0, () -> new Knobs(Map.of("fps", 0.1)), new Stop())) {
      for (var seq = 0; seq < 5; seq++) {
        var payload = reader.next().orElseThrow().payload();
        var file = payload.getFrames().getFrame(0).getJpeg();
        var image = ImageIO.read(file.newInput());
        for (var box : people.output(element(seq, payload)).getBoxes().getBoxList()) {
          boxes++;
          var crop = around(image, box);
          var keypoints = run.output(element(boxes, frames(Pictures.jpeg(crop)))).getKeypoints();
          draw("pose-" + boxes, crop, keypoints);
          for (var pose : keypoints.getPoseList())
            if (point(pose, "nose").getY() < point(pose, "left_hip").getY()
                && point(pose, "left_hip").getY() < point(pose, "left_ankle").getY()
                && point(pose, "right_hip").getY() < point(pose, "right_ankle").getY()) upright++;
        }
      }
    }
    assertThat(upright).isGreaterThan(boxes / 2);
  }

  /** What is in a box, and a fifth of its height around it. */
  private static BufferedImage around(BufferedImage image, Box box) {
    var margin = box.getHeight() * image.getHeight() / 5;
    var x = (int) Math.max(0, box.getX() * image.getWidth() - margin);
    var y = (int) Math.max(0, box.getY() * image.getHeight() - margin);
    var width =
        (int) Math.min(image.getWidth() - x, box.getWidth() * image.getWidth() + 2 * margin);
    var height =
        (int) Math.min(image.getHeight() - y, box.getHeight() * image.getHeight() + 2 * margin);
    return image.getSubimage(x, y, width, height);
  }

  /** For people to look at. */
  private static void draw(String name, BufferedImage image, Keypoints keypoints)
      throws IOException {
    var drawn =
        new BufferedImage(image.getWidth() * 3, image.getHeight() * 3, BufferedImage.TYPE_INT_RGB);
    var graphics = drawn.createGraphics();
    graphics.drawImage(image, 0, 0, drawn.getWidth(), drawn.getHeight(), null);
    graphics.setColor(Color.YELLOW);
    for (var pose : keypoints.getPoseList())
      for (var bone : keypoints.getBoneList()) {
        var from = point(pose, bone.getFrom());
        var to = point(pose, bone.getTo());
        graphics.drawLine(
            (int) (from.getX() * drawn.getWidth()),
            (int) (from.getY() * drawn.getHeight()),
            (int) (to.getX() * drawn.getWidth()),
            (int) (to.getY() * drawn.getHeight()));
      }
    graphics.dispose();
    var file = Path.of("target", "annotated", name + ".png");
    Files.createDirectories(file.getParent());
    ImageIO.write(drawn, "png", file.toFile());
  }

  @Test
  void wherePicturesHaveNobodyThereIsNoPose() throws Exception {
    try (var run = StageTestKit.start(new PoseEstimation(), Map.of())) {
      var output = run.output(element(0, frames(jpeg("car1.jpg"))));
      assertThat(output.getKeypoints().getPoseList()).isEmpty();
    }
  }
}
