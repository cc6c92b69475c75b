package io.dayu.catalog.video;

import static io.dayu.catalog.Samples.element;
import static io.dayu.catalog.Samples.frames;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import io.dayu.element.Label;
import io.dayu.stage.ModelFiles;
import io.dayu.stage.testkit.StageTestKit;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The models' outputs are the means of the colours that they are given. */
class OnnxClassificationTest {
  private static final List<String> COLOURS = List.of("red", "green", "blue");
  private static final Color ORANGE = new Color(255, 102, 0);

  @TempDir private Path directory;

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "unit, rgb, 1, 0.4, 0",
    "byte, rgb, 255, 102, 0",
    "signed, rgb, 1, -0.2, -1",
    "imagenet, rgb, 2.2489, -0.2500, -1.8044",
    "unit, bgr, 0, 0.4, 1"
  })
  void pixelsAreGivenAsThePipelineSays(
      String pixels, String colors, double first, double second, double third) throws Exception {
    for (var packed : List.of(false, true)) {
      save(packed);
      var outputs = Map.of("pixels", pixels, "colors", colors, "top", 3, "names", COLOURS);
      try (var run = start(outputs)) {
        var total = Math.exp(first) + Math.exp(second) + Math.exp(third);
        for (var label : labels(run, orange()))
          assertThat(label.getValue())
              .as(label.getName() + (packed ? " packed" : ""))
              .isCloseTo(
                  switch (label.getName()) {
                        case "red" -> Math.exp(first);
                        case "green" -> Math.exp(second);
                        default -> Math.exp(third);
                      }
                      / total,
                  within(0.02));
      }
    }
  }

  @Test
  void theLikeliestClassesAreNamedAndOfSeveralFramesTheMean() throws Exception {
    save(false);
    var params = Map.of("pixels", "byte", "names", COLOURS, "top", 2, "threshold", 0.3);
    try (var run = start(params)) {
      assertThat(labels(run, orange())).extracting(Label::getName).containsExactly("red");
      assertThat(labels(run, orange(), plain(Color.BLUE)))
          .extracting(Label::getName)
          .containsExactlyInAnyOrder("red", "blue");
      assertThat(labels(run, orange(), orange(), plain(Color.BLUE)).get(0).getValue())
          .isCloseTo(2 / 3.0, within(0.01));
    }
  }

  @Test
  void probabilitiesStayAsTheyAreAndOtherNumbersBecomeSome() {
    var given = new float[] {0.25f, 0.75f};
    assertThat(OnnxClassification.probabilities(given)).isSameAs(given);
    assertThat(OnnxClassification.probabilities(new float[] {1000, 1000}))
        .containsExactly(0.5f, 0.5f);
  }

  @Test
  void aDetectorDoesNotClassify() throws Exception {
    Files.write(
        directory.resolve("colour.onnx"),
        OnnxFiles.picture(OnnxFiles.FLOAT, 1, 3, 32, 32)
            .constant("output0", new long[] {1, 2, 6}, new float[12])
            .bytes());
    assertThatThrownBy(
            () -> {
              try (var run = start(Map.of())) {
                var unused = labels(run, orange());
              }
            })
        .hasMessageContainingAll("does not classify", "output0 [1, 2, 6]");
  }

  private void save(boolean packed) throws IOException {
    var model =
        packed
            ? OnnxFiles.picture(OnnxFiles.FLOAT, -1, 32, 32, 3)
                .whole("axes", new long[] {2}, 1L, 2L)
                .node("ReduceSum", List.of("images", "axes"), "sums", Map.of("keepdims", 0L))
                .weights("pixels", new long[] {1}, 32 * 32f)
                .node("Div", List.of("sums", "pixels"), "means")
            : OnnxFiles.picture(OnnxFiles.FLOAT, 1, 3, -1, -1)
                .node("GlobalAveragePool", List.of("images"), "pooled")
                .node("Flatten", List.of("pooled"), "means", Map.of("axis", 1L));
    Files.write(
        directory.resolve("colour.onnx"), model.output("means", OnnxFiles.FLOAT, -1, 3).bytes());
  }

  private StageTestKit start(Map<String, Object> params) {
    var all = new TreeMap<>(params);
    all.put("model", "colour.onnx");
    return StageTestKit.start(
        new OnnxClassification(), all, new ModelFiles(directory, List.of(), 1 << 20));
  }

  private static List<Label> labels(StageTestKit run, ByteString... pictures) {
    return run.output(element(0, frames(pictures))).getLabels().getLabelList();
  }

  private static ByteString orange() throws IOException {
    return plain(ORANGE);
  }

  private static ByteString plain(Color colour) throws IOException {
    var image = new BufferedImage(64, 48, BufferedImage.TYPE_INT_RGB);
    var graphics = image.createGraphics();
    graphics.setColor(colour);
    graphics.fillRect(0, 0, 64, 48);
    graphics.dispose();
    return Pictures.jpeg(image);
  }
}
