package io.dayu.catalog.video;

import static io.dayu.catalog.StageRun.element;
import static io.dayu.catalog.StageRun.frames;
import static io.dayu.catalog.StageRun.jpeg;
import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.catalog.StageRun;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DetectionTest {
  @Test
  void carsAreFoundWhereTheyAre() throws Exception {
    try (var run = new StageRun(new ObjectDetection(), Map.of("labels", List.of("Car")))) {
      var boxes = run.output(element(0, frames(jpeg("car1.jpg")))).getBoxes();
      Annotated.write("car1", jpeg("car1.jpg"), boxes);
      System.out.println(boxes);
      assertThat(boxes.getBoxList()).isNotEmpty().allMatch(b -> b.getLabel().equals("car"));
    }
  }

  @Test
  void personsAreFoundInAGroupPhoto() throws Exception {
    try (var run = new StageRun(new ObjectDetection(), Map.of("labels", "person"))) {
      for (var name : List.of("sample1", "sample2")) {
        var boxes = run.output(element(0, frames(jpeg(name + ".jpg")))).getBoxes();
        Annotated.write(name, jpeg(name + ".jpg"), boxes);
        System.out.println(boxes);
        assertThat(boxes.getBoxList()).hasSizeGreaterThanOrEqualTo(3);
      }
    }
  }

  @Test
  void facesAreFoundInAGroupPhoto() throws Exception {
    try (var run = new StageRun(new FaceDetection(), Map.of())) {
      for (var name : List.of("sample1", "sample2")) {
        var boxes = run.output(element(0, frames(jpeg(name + ".jpg")))).getBoxes();
        Annotated.write(name + "-faces", jpeg(name + ".jpg"), boxes);
        assertThat(boxes.getBoxList()).hasSizeGreaterThanOrEqualTo(4);
      }
    }
  }
}
