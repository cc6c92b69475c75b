package io.dayu.catalog.video;

import static io.dayu.catalog.Samples.element;
import static io.dayu.catalog.Samples.frames;
import static io.dayu.catalog.Samples.jpeg;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.dayu.catalog.model.Tensor;
import io.dayu.element.Box;
import io.dayu.stage.ModelFiles;
import io.dayu.stage.testkit.StageTestKit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the SSD that the stages ship, as if it were somebody's own. */
class TfliteDetectionTest {
  private static final Path SHIPPED = Path.of("target", "classes", "models");
  private static final Path SSD =
      SHIPPED.resolve("object_detection_ssd_mobilenetv2_oidv4_fp16.tflite");

  @TempDir private Path directory;

  @BeforeEach
  void models() throws IOException {
    Files.copy(SSD, directory.resolve("own.tflite"));
    Files.copy(
        SHIPPED.resolve("object_detection_oidv4_labelmap.txt"), directory.resolve("own.txt"));
  }

  @Test
  void itFindsWhatTheStageFindsThatHasTheModelWithIt() throws Exception {
    var picture = element(0, frames(jpeg("car1.jpg")));
    try (var own = start(Map.of("namesFile", "own.txt", "labels", "car"));
        var shipped = StageTestKit.start(new ObjectDetection(), Map.of("labels", "car"))) {
      var expected = shipped.output(picture).getBoxes().getBox(0);
      assertThat(own.output(picture).getBoxes().getBoxList())
          .singleElement()
          .satisfies(
              box -> {
                assertThat(box.getLabel()).isEqualToIgnoringCase("car");
                assertThat(box.getScore()).isCloseTo(expected.getScore(), within(0.02f));
                assertThat(Geometry.iou(box, expected)).isGreaterThan(0.95f);
              });
    }
  }

  @Test
  void instancesShareAFileUntilTheLastOfThemStops() throws Exception {
    var before = TfliteRunner.loaded();
    try (var one = start(Map.of())) {
      assertThat(boxes(one)).isNotEmpty();
      try (var two = start(Map.of())) {
        assertThat(boxes(two)).isNotEmpty();
        assertThat(TfliteRunner.loaded()).isEqualTo(before + 1);
      }
      assertThat(boxes(one)).isNotEmpty();
    }
    assertThat(TfliteRunner.loaded()).isEqualTo(before);
  }

  @Test
  void aFileThatIsNotWholeIsAProblemAndNotTheEndOfTheProcess() throws Exception {
    var whole = Files.readAllBytes(SSD);
    for (var length : new int[] {1, 8, 100, whole.length / 2, whole.length - 1000}) {
      Files.write(directory.resolve("own.tflite"), Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> answer(Map.of()))
          .as(length + " bytes")
          .hasMessageContaining("is not a whole TensorFlow Lite file");
    }
    assertThat(TfliteRunner.loaded()).isZero();
  }

  /** What survives the checks may find nonsense, or nothing. */
  @Test
  void damagedFilesNeverEndTheProcess() throws Exception {
    var whole = Files.readAllBytes(SSD);
    var random = new Random(4);
    for (var round = 0; round < 30; round++) {
      var damaged = whole.clone();
      // The tables that describe the model are at its end, behind the weights.
      for (var i = 0; i < 40; i++)
        damaged[damaged.length - 1 - random.nextInt(60_000)] = (byte) random.nextInt();
      Files.write(directory.resolve("own.tflite"), damaged);
      try {
        answer(Map.of());
      } catch (AssertionError e) {
        assertThat(e).hasMessageContaining("own.tflite");
      }
    }
  }

  @Test
  void anotherDigestOtherNamesAndOtherHeadsAreProblems() {
    assertThatThrownBy(() -> answer(Map.of("sha256", "0".repeat(64))))
        .hasMessageContaining("has the SHA-256");
    assertThatThrownBy(() -> answer(Map.of("names", List.of("a", "b"))))
        .hasMessageContaining("is no detector that is known");
    assertThatThrownBy(() -> answer(Map.of("head", "yolov8")))
        .hasMessageContaining("is no detector that is known as yolov8");
    assertThat(TfliteRunner.loaded()).isZero();
  }

  @Test
  void theOutputsOfTensorFlowsOwnLastStepAreKnownByTheirOrder() {
    var places = new float[] {0.25f, 0.5f, 0.75f, 1, 0, 0, 0.1f, 0.1f};
    var classes = new float[] {2, 0};
    var scores = new float[] {0.8f, 0.1f};
    var first = "TFLite_Detection_PostProcess";
    assertFound(
        tensor(first, places, 1, 2, 4),
        tensor(first + ":1", classes, 1, 2),
        tensor(first + ":2", scores, 1, 2),
        tensor(first + ":3", new float[] {2}, 1));
    var second = "StatefulPartitionedCall";
    assertFound(
        tensor(second + ":1", scores, 1, 2),
        tensor(second + ":3", places, 1, 2, 4),
        tensor(second + ":0", new float[] {2}, 1),
        tensor(second + ":2", classes, 1, 2));
  }

  private static void assertFound(Tensor... outputs) {
    var head = DetectionHead.of("own", List.of(outputs), DetectionHead.Kind.AUTO, 0);
    assertThat(head.read(List.of(outputs), type -> true, 0.5, 300, 200))
        .containsExactly(new DetectionHead.Candidate(150, 50, 300, 150, 2, 0.8f));
  }

  private static Tensor tensor(String name, float[] values, int... shape) {
    assertThat(IntStream.of(shape).reduce(1, (a, b) -> a * b)).isEqualTo(values.length);
    return new Tensor(name, shape, false, values);
  }

  private void answer(Map<String, Object> params) throws IOException {
    try (var run = start(params)) {
      var unused = run.process(element(0, frames(jpeg("car1.jpg"))));
    }
  }

  private static List<Box> boxes(StageTestKit run) throws IOException {
    return run.output(element(0, frames(jpeg("car1.jpg")))).getBoxes().getBoxList();
  }

  private StageTestKit start(Map<String, Object> params) {
    var all = new TreeMap<>(params);
    all.put("model", "own.tflite");
    return StageTestKit.start(
        new TfliteDetection(), all, new ModelFiles(directory, List.of(), 64 << 20));
  }
}
