package io.dayu.catalog.video;

import static io.dayu.catalog.Samples.element;
import static io.dayu.catalog.Samples.frames;
import static io.dayu.catalog.Samples.jpeg;
import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.catalog.Stop;
import io.dayu.element.Box;
import io.dayu.source.Knobs;
import io.dayu.stage.Outcome;
import io.dayu.stage.testkit.StageTestKit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class DetectionTest {
  /** Debian's package opencv-doc. */
  private static final Path STREET = Path.of("/usr/share/doc/opencv-doc/examples/data/vtest.avi");

  @Test
  void carsAreFoundWhereTheyAre() throws Exception {
    var truth =
        Map.of(
            "car1.jpg", box(0.046f, 0.29f, 0.89f, 0.40f),
            "car2.jpg", box(0.097f, 0.363f, 0.826f, 0.415f));
    try (var run = StageTestKit.start(new ObjectDetection(), Map.of("labels", List.of("Car")))) {
      for (var name : truth.keySet()) {
        var boxes = run.output(element(0, frames(jpeg(name)))).getBoxes();
        Annotated.write(name, jpeg(name), boxes);
        assertThat(boxes.getBoxList())
            .as(name)
            .singleElement()
            .satisfies(b -> assertThat(b.getLabel()).isEqualTo("car"))
            .satisfies(b -> assertThat(Geometry.iou(b, truth.get(name))).isGreaterThan(0.75f));
      }
    }
  }

  @Test
  void everyFrameOfAnElementIsLookedAt() throws Exception {
    try (var run = StageTestKit.start(new ObjectDetection(), Map.of("labels", "car"))) {
      var clip = frames(jpeg("car1.jpg"), jpeg("sample5.jpg"), jpeg("car2.jpg"));
      assertThat(run.output(element(0, clip)).getBoxes().getBoxList())
          .extracting(Box::getFrame)
          .containsExactly(0, 2);
    }
  }

  @Test
  void personsAreFoundOnAStreetAndMoreOfThemInTiles() throws Exception {
    Assumptions.assumeTrue(
        Files.exists(STREET), STREET + " is missing: install the package opencv-doc");
    try (var once = StageTestKit.start(new ObjectDetection(), Map.of("labels", "person"));
        var tiles =
            StageTestKit.start(new ObjectDetection(), Map.of("labels", "person", "tiles", 6));
        var reader =
            new VideoFileReader(
                STREET, false, false, 0, () -> new Knobs(Map.of("fps", 0.1)), new Stop())) {
      var found = 0;
      var foundInTiles = 0;
      for (var seq = 0; seq < 5; seq++) {
        var payload = reader.next().orElseThrow().payload();
        var boxes = tiles.output(element(seq, payload)).getBoxes();
        Annotated.write("street-" + seq, payload.getFrames().getFrame(0).getJpeg(), boxes);
        found += once.output(element(seq, payload)).getBoxes().getBoxCount();
        foundInTiles += boxes.getBoxCount();
      }
      assertThat(found).isGreaterThan(10);
      assertThat(foundInTiles).isGreaterThan(20);
    }
  }

  @Test
  void facesAreFoundInAGroupPhoto() throws Exception {
    try (var run = StageTestKit.start(new FaceDetection(), Map.of())) {
      var boxes = run.output(element(0, frames(jpeg("sample5.jpg")))).getBoxes();
      Annotated.write("faces", jpeg("sample5.jpg"), boxes);
      assertThat(boxes.getBoxList())
          .hasSize(5)
          .allMatch(b -> b.getLabel().equals("face") && b.getScore() > 0.7);
      assertThat(run.output(element(1, frames(jpeg("car1.jpg")))).getBoxes().getBoxList())
          .isEmpty();
    }
  }

  @Test
  void aLabelThatTheModelDoesNotKnowIsToldWithThoseItKnows() throws Exception {
    try (var run =
        StageTestKit.start(new ObjectDetection(), Map.of("labels", List.of("car", "ufo")))) {
      assertThat(run.process(element(0, frames(jpeg("car1.jpg")))))
          .isInstanceOfSatisfying(
              Outcome.Failed.class,
              f -> {
                assertThat(f.reason()).contains("does not know ufo").contains("bicycle, book");
                assertThat(f.retryable()).isFalse();
              });
    }
  }

  private static Box box(float x, float y, float width, float height) {
    return Box.newBuilder().setX(x).setY(y).setWidth(width).setHeight(height).build();
  }
}
