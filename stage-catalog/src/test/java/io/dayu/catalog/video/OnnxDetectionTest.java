package io.dayu.catalog.video;

import static io.dayu.catalog.Samples.element;
import static io.dayu.catalog.Samples.frames;
import static io.dayu.catalog.Samples.jpeg;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import io.dayu.catalog.Samples;
import io.dayu.catalog.model.OnnxModel;
import io.dayu.element.Box;
import io.dayu.stage.ModelFiles;
import io.dayu.stage.Outcome;
import io.dayu.stage.testkit.StageTestKit;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OnnxDetectionTest {
  private static final String NAMES = "{0: 'person', 1: \"driver's cab\"}";

  /**
   * Of a square input of 64 pixels, when a frame is twice as wide as high: its bars are 16 high.
   */
  private static final int SIDE = 64;

  @TempDir private Path directory;
  private ModelFiles models;

  @BeforeEach
  void directoryOfModels() {
    models = new ModelFiles(directory, List.of(directory), 64 << 20);
  }

  /** Each finds a person in the right half of the frame, and a cab below the threshold. */
  static Stream<Arguments> heads() {
    return Stream.of(
        Arguments.of(
            "yolov5",
            input()
                .constant(
                    "output0",
                    new long[] {1, 8, 7},
                    rows(
                        8,
                        new float[] {48, 32, 32, 32, 0.9f, 0.9f, 0.1f},
                        new float[] {16, 32, 32, 32, 0.5f, 0.2f, 0.7f}))),
        Arguments.of(
            "yolov8",
            input()
                .constant(
                    "output0",
                    new long[] {1, 6, 8},
                    columns(
                        8,
                        new float[] {48, 32, 32, 32, 0.81f, 0.1f},
                        // The same person once more, and one that is suppressed for no reason.
                        new float[] {47, 32, 32, 32, 0.7f, 0.1f},
                        new float[] {16, 32, 32, 32, 0.1f, 0.35f}))),
        Arguments.of(
            "yolov8 with masks",
            input()
                .constant(
                    "output0",
                    new long[] {1, 8, 9},
                    columns(9, new float[] {48, 32, 32, 32, 0.81f, 0.1f, -7, 9}))
                .constant("output1", new long[] {1, 2, 1, 1}, 3, 4)),
        Arguments.of(
            "end-to-end",
            input()
                .constant(
                    "output0",
                    new long[] {1, 2, 6},
                    new float[] {32, 16, 64, 48, 0.81f, 0, 0, 16, 32, 48, 0.3f, 1})),
        Arguments.of(
            "ssd with a score for each class, in fractions",
            input()
                .constant("boxes", new long[] {1, 2, 4}, 0.5f, 0.25f, 1, 0.75f, 0, 0, 1, 1)
                .constant("scores", new long[] {1, 2, 3}, 0.1f, 0.81f, 0.09f, 0.9f, 0.05f, 0.05f)),
        Arguments.of(
            "ssd as TensorFlow has it",
            input()
                .constant(
                    "detection_boxes", new long[] {1, 2, 4}, 0.25f, 0.5f, 0.75f, 1, 0, 0, 1, 1)
                .constant("detection_classes", new long[] {1, 2}, 0f, 1f)
                .constant("detection_scores", new long[] {1, 2}, 0.81f, 0.2f)
                .constant("num_detections", new long[] {1}, 2f)),
        Arguments.of(
            "ssd as PyTorch has it",
            input()
                .constant("boxes", new long[] {2, 4}, 32, 16, 64, 48, 0, 0, 64, 64)
                .wholeConstant("labels", new long[] {2}, 0, 1)
                .constant("scores", new long[] {2}, 0.81f, 0.2f)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("heads")
  void boxesOfEveryHeadAreWhereTheyAreInTheFrame(String head, OnnxFiles model) throws Exception {
    save("street.onnx", model.metadata("names", NAMES).bytes());
    try (var run = start(Map.of())) {
      assertThat(boxes(run, 128, 64))
          .singleElement()
          .satisfies(
              box -> {
                assertThat(box.getLabel()).isEqualTo("person");
                assertThat(box.getScore()).isCloseTo(0.81f, within(1e-4f));
                assertThat(box.getX()).isCloseTo(0.5f, within(1e-4f));
                assertThat(box.getY()).isCloseTo(0, within(1e-4f));
                assertThat(box.getWidth()).isCloseTo(0.5f, within(1e-4f));
                assertThat(box.getHeight()).isCloseTo(1, within(1e-4f));
              });
    }
  }

  @Test
  void aPersonInTheBarsOfTheInputIsNoneInTheFrame() throws Exception {
    save(
        "street.onnx",
        input().constant("output0", new long[] {1, 1, 6}, 0f, 0f, 64f, 15f, 0.9f, 0f).bytes());
    try (var run = start(Map.of())) {
      assertThat(boxes(run, 128, 64)).isEmpty();
    }
  }

  @Test
  void namesComeFromThePipelineOrAFileAndOthersAreNumbers() throws Exception {
    save("street.onnx", twoBoxes().bytes());
    Files.writeString(directory.resolve("street.txt"), "cat\ndog\n\n");
    assertThat(labels(Map.of("names", List.of("bus", "tram")))).containsExactly("bus", "tram");
    assertThat(labels(Map.of("namesFile", "street.txt"))).containsExactly("cat", "dog");
    assertThat(labels(Map.of())).containsExactly("class-0", "class-1");
    assertThat(labels(Map.of("namesFile", "street.txt", "labels", "Dog"))).containsExactly("dog");
  }

  @Test
  void aLabelThatTheModelDoesNotKnowIsToldWithThoseItKnows() throws Exception {
    save("street.onnx", twoBoxes().metadata("names", NAMES).bytes());
    assertProblem(Map.of("labels", "ufo"), "does not know ufo", "driver's cab, person");
  }

  @Test
  void instancesShareAModelUntilTheLastOfThemStops() throws Exception {
    save("street.onnx", twoBoxes().bytes());
    var before = OnnxModel.loaded();
    try (var one = start(Map.of())) {
      assertThat(boxes(one, 64, 64)).hasSize(2);
      try (var two = start(Map.of())) {
        assertThat(boxes(two, 64, 64)).hasSize(2);
        assertThat(OnnxModel.loaded()).isEqualTo(before + 1);
      }
      assertThat(boxes(one, 64, 64)).hasSize(2);
    }
    assertThat(OnnxModel.loaded()).isEqualTo(before);
  }

  @Test
  void aModelIsLoadedOnlyIfItHasTheDigestThatThePipelineSays() throws Exception {
    var bytes = twoBoxes().bytes();
    save("street.onnx", bytes);
    var digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    try (var run = start(Map.of("sha256", digest.toUpperCase(java.util.Locale.ROOT)))) {
      assertThat(boxes(run, 64, 64)).hasSize(2);
    }
    var before = OnnxModel.loaded();
    assertProblem(
        Map.of("sha256", "0".repeat(64)), "has the SHA-256 " + digest, "copy the right file");
    assertThat(OnnxModel.loaded()).isEqualTo(before);
  }

  @Test
  void parametersThatMakeNoSenseFailElementsWithWhatMayBeSaid() throws Exception {
    for (var wrong :
        new TreeMap<>(
                Map.of(
                    "head",
                    "yolov99",
                    "provider",
                    "tpu",
                    "fit",
                    "squeeze",
                    "pixels",
                    "grey",
                    "sha256",
                    "abc"))
            .entrySet())
      try (var run = start(Map.of(wrong.getKey(), wrong.getValue()))) {
        assertThat(run.process(element(0, frames(picture(64, 64)))))
            .isInstanceOfSatisfying(
                Outcome.Failed.class,
                f -> assertThat(f.reason()).startsWith("parameters: " + wrong.getKey()));
      }
  }

  static Stream<Arguments> badModels() {
    var whole = twoBoxes().bytes();
    var noise = new byte[4096];
    Arrays.fill(noise, (byte) 0xab);
    return Stream.of(
        Arguments.of("truncated", Arrays.copyOf(whole, whole.length - 10), "not a whole ONNX file"),
        Arguments.of("noise", noise, "ONNX file"),
        Arguments.of("empty", new byte[0], "is empty"),
        Arguments.of(
            "another format",
            "GIF89a".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
            "ONNX file"),
        Arguments.of(
            "a newer opset", twoBoxes().opset(99).bytes(), "opset 99 and this node runs 7 to 23"),
        Arguments.of("an older opset", twoBoxes().opset(3).bytes(), "opset 3"),
        Arguments.of(
            "an operator that is not known",
            input()
                .node("Frobnicate", List.of("images"), "x")
                .output("x", OnnxFiles.FLOAT, 1)
                .bytes(),
            "Frobnicate"),
        Arguments.of(
            "weights elsewhere",
            twoBoxes().external("w", "../../../../etc/passwd").bytes(),
            "keeps weights in another file"),
        Arguments.of(
            "a tensor that is not there",
            twoBoxes()
                .tensor("w", OnnxFiles.FLOAT, new long[] {1 << 20, 1 << 20}, new byte[4])
                .bytes(),
            "claims a tensor"),
        Arguments.of(
            "a tensor from nothing",
            input()
                .whole("shape", new long[] {2}, 1L << 20, 1L << 20)
                .node("ConstantOfShape", List.of("shape"), "x")
                .output("x", OnnxFiles.FLOAT, 1 << 20, 1 << 20)
                .bytes(),
            "makes a tensor of"),
        Arguments.of(
            "no detection",
            input().constant("probabilities", new long[] {1, 3}, 0.1f, 0.2f, 0.7f).bytes(),
            "is no detector that is known"),
        Arguments.of(
            "sound as input",
            OnnxFiles.picture(OnnxFiles.FLOAT, 1, 16_000)
                .constant("output0", new long[] {1, 1, 6}, 0f, 0f, 1f, 1f, 1f, 0f)
                .bytes(),
            "no picture in colours"),
        Arguments.of(
            "two inputs",
            twoBoxes().input("sizes", OnnxFiles.INT64, 1, 2).bytes(),
            "takes 2 inputs"),
        Arguments.of(
            "a huge picture",
            OnnxFiles.picture(OnnxFiles.FLOAT, 1, 3, 1 << 20, 1 << 20)
                .constant("output0", new long[] {1, 1, 6}, 0f, 0f, 1f, 1f, 1f, 0f)
                .bytes(),
            "pixels a side"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badModels")
  void aModelThatCannotBeUsedIsAProblemThatSaysWhy(String kind, byte[] content, String why)
      throws Exception {
    save("street.onnx", content);
    var before = OnnxModel.loaded();
    assertProblem(Map.of(), "street.onnx", why);
    assertThat(OnnxModel.loaded()).isEqualTo(before);
  }

  @Test
  void aModelThatIsTooLargeForTheNodeIsAProblem() throws Exception {
    save("street.onnx", twoBoxes().bytes());
    models = new ModelFiles(directory, List.of(directory), 100);
    assertProblem(Map.of(), "loads 100 at most", "dayu.models.max-size");
  }

  @Test
  void otherClassesThanThereAreNamesForAreAProblem() throws Exception {
    save("street.onnx", input().constant("output0", new long[] {1, 6, 8}, columns(8)).bytes());
    assertProblem(Map.of("names", List.of("a", "b", "c", "d")), "[1, 6, 8]", "4 names");
  }

  @Test
  void cudaWhereThereIsNoneIsAProblemThatSaysWhatToDo() throws Exception {
    save("street.onnx", twoBoxes().bytes());
    assertProblem(Map.of("provider", "cuda"), "CUDA, which this node has not", "provider: cpu");
  }

  @Test
  void noFileOutsideOfTheDirectoryOfModelsIsRead() throws Exception {
    save("street.onnx", twoBoxes().bytes());
    for (var model : List.of("file:/etc/passwd", "../street.onnx", "/etc/passwd"))
      assertThatThrownBy(() -> answer(new TreeMap<>(Map.of("model", model))))
          .hasMessageContaining("does not let pipelines load");
    assertThatThrownBy(() -> answer(new TreeMap<>(Map.of("model", "tram.onnx"))))
        .hasMessageContaining("no model tram.onnx");
  }

  /** What survives the checks may find nonsense, or nothing. */
  @Test
  void damagedFilesNeverEndTheProcess() throws Exception {
    var random = new Random(7);
    damage(twoBoxes().bytes(), 40, random);
    // The operators are at its beginning, before the weights.
    damage(Files.readAllBytes(Samples.media("centernet.onnx")), 6, random);
  }

  private void damage(byte[] whole, int rounds, Random random) throws IOException {
    for (var round = 0; round < rounds; round++) {
      var damaged = whole.clone();
      for (var i = 0; i < 1 + round % 8; i++)
        damaged[random.nextInt(Math.min(damaged.length, 40_000))] = (byte) random.nextInt();
      save("street.onnx", damaged);
      try {
        answer(Map.of());
      } catch (AssertionError e) {
        assertThat(e).hasMessageContaining("street.onnx");
      }
    }
  }

  @Test
  void aRealDetectorFindsWhatPicturesShowAndCallsItByTheNamesInIt() throws Exception {
    models = new ModelFiles(Samples.media(""), List.of(), 64 << 20);
    var params =
        new TreeMap<String, Object>(
            Map.of("model", "centernet.onnx", "pixels", "byte", "fit", "stretch"));
    var truth =
        Map.of(
            "car1.jpg", box(0.046f, 0.29f, 0.89f, 0.40f),
            "car2.jpg", box(0.097f, 0.363f, 0.826f, 0.415f));
    try (var run = start(params)) {
      for (var name : truth.keySet())
        assertThat(run.output(element(0, frames(jpeg(name)))).getBoxes().getBoxList())
            .as(name)
            .singleElement()
            .satisfies(b -> assertThat(b.getLabel()).isEqualTo("car"))
            .satisfies(b -> assertThat(Geometry.iou(b, truth.get(name))).isGreaterThan(0.85f));
    }
    params.put("labels", "person");
    params.put("threshold", 0.3);
    try (var run = start(params)) {
      assertThat(run.output(element(0, frames(jpeg("sample5.jpg")))).getBoxes().getBoxList())
          .hasSizeBetween(3, 5)
          .allMatch(b -> b.getLabel().equals("person"));
      assertThat(run.output(element(1, frames(jpeg("car1.jpg")))).getBoxes().getBoxList())
          .isEmpty();
    }
  }

  private static Box box(float x, float y, float width, float height) {
    return Box.newBuilder().setX(x).setY(y).setWidth(width).setHeight(height).build();
  }

  private void assertProblem(Map<String, Object> params, String... words) {
    assertThatThrownBy(() -> answer(params)).hasMessageContainingAll(words);
  }

  private void answer(Map<String, Object> params) throws IOException {
    try (var run = start(params)) {
      var unused = run.process(element(0, frames(picture(64, 64))));
    }
  }

  private List<String> labels(Map<String, Object> params) throws IOException {
    try (var run = start(params)) {
      return boxes(run, 64, 64).stream().map(Box::getLabel).toList();
    }
  }

  private StageTestKit start(Map<String, Object> params) {
    var all = new TreeMap<>(params);
    all.putIfAbsent("model", "street.onnx");
    return StageTestKit.start(new OnnxDetection(), all, models);
  }

  private static List<Box> boxes(StageTestKit run, int width, int height) throws IOException {
    return run.output(element(0, frames(picture(width, height)))).getBoxes().getBoxList();
  }

  private void save(String name, byte[] content) throws IOException {
    Files.write(directory.resolve(name), content);
  }

  private static ByteString picture(int width, int height) throws IOException {
    return Pictures.jpeg(new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB));
  }

  private static OnnxFiles input() {
    return OnnxFiles.picture(OnnxFiles.FLOAT, 1, 3, SIDE, SIDE);
  }

  private static OnnxFiles twoBoxes() {
    return input()
        .constant(
            "output0",
            new long[] {1, 2, 6},
            new float[] {0, 0, 20, 20, 0.9f, 0, 40, 40, 60, 60, 0.8f, 1});
  }

  private static float[] rows(int count, float[]... rows) {
    var all = new float[count * rows[0].length];
    for (var i = 0; i < rows.length; i++)
      System.arraycopy(rows[i], 0, all, i * rows[0].length, rows[0].length);
    return all;
  }

  private static float[] columns(int count, float[]... columns) {
    var numbers = columns.length == 0 ? 6 : columns[0].length;
    var all = new float[count * numbers];
    for (var i = 0; i < columns.length; i++)
      for (var j = 0; j < numbers; j++) all[j * count + i] = columns[i][j];
    return all;
  }
}
