package io.dayu.catalog.video;

import static io.dayu.catalog.Samples.element;
import static io.dayu.catalog.Samples.frames;
import static io.dayu.catalog.Samples.jpeg;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.dayu.catalog.Natives;
import io.dayu.catalog.model.OnnxModel;
import io.dayu.catalog.model.TfliteModel;
import io.dayu.pipeline.Catalog;
import io.dayu.stage.ModelFiles;
import io.dayu.stage.testkit.StageTestKit;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class NativesTest {
  /** What a process of its own does: prints how many natives it has after each step. */
  static final class Steps {
    public static void main(String[] args) throws Exception {
      var catalog = Catalog.load(List.of());
      System.out.println(catalog.stages().size() + catalog.sources().size());
      System.out.println(natives());
      Natives.openCv();
      System.out.println(natives());
    }

    private static long natives() throws Exception {
      try (var maps = Files.lines(Path.of("/proc/self/maps"))) {
        return maps.filter(l -> l.contains("/libjni") && l.contains("r-xp")).count();
      }
    }
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "/proc tells which libraries a process has")
  void describingEverythingLoadsNoNatives() throws Exception {
    var lines =
        fork(List.of("-Xmx64m"), System.getProperty("java.class.path"), Steps.class.getName());
    assertThat(Integer.parseInt(lines.get(0))).isGreaterThanOrEqualTo(11);
    assertThat(lines.get(1)).isEqualTo("0");
    assertThat(Integer.parseInt(lines.get(2))).isPositive();
  }

  /** Opens what needs natives where there are none. */
  static final class Without {
    public static void main(String[] args) {
      try {
        Natives.openCv();
      } catch (IllegalStateException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void missingNativesAreAnExceptionThatNamesTheLibrary() throws Exception {
    var classPath =
        String.join(
            File.pathSeparator,
            List.of(System.getProperty("java.class.path").split(File.pathSeparator)).stream()
                .filter(entry -> !entry.matches(".*opencv-.*-(linux|macosx|windows)-.*"))
                .toList());
    assertThat(fork(List.of(), classPath, Without.class.getName()).get(0))
        .contains("opencv_core")
        .contains("add its jar for this platform");
  }

  @Test
  void hundredsOfFramesLeaveNoNativesBehind() throws Exception {
    var photo = jpeg("car1.jpg");
    try (var detect = StageTestKit.start(new ObjectDetection(), Map.of());
        var faces = StageTestKit.start(new FaceDetection(), Map.of());
        var motion = StageTestKit.start(new MotionDetection(), Map.of());
        var exposure = StageTestKit.start(new ExposureIdentification(), Map.of())) {
      var stages = List.of(detect, faces, motion, exposure);
      work(stages, photo, 0, 20);
      var objects = Pointer.totalCount();
      // One image of each frame left behind would be 240 MB.
      var grown = growth(120_000_000, round -> work(stages, photo, 20 + 120 * round, 120));
      assertThat(grown).as("bytes").isLessThan(120_000_000);
      assertThat(Pointer.totalCount() - objects).as("native objects").isLessThanOrEqualTo(0);
    }
  }

  @Test
  void closedModelsReleaseTheirMemory() {
    new TfliteModel("face_detection_full_range.tflite").close();
    var objects = Pointer.totalCount();
    openAndClose(3);
    // Models left behind would be 840 MB.
    assertThat(growth(150_000_000, round -> openAndClose(20))).isLessThan(150_000_000);
    assertThat(Pointer.totalCount()).isLessThanOrEqualTo(objects);
  }

  @Test
  void closedOnnxModelsReleaseTheirMemory() {
    var models = new ModelFiles(Path.of("target", "test-media"), List.of(), 64 << 20);
    openAndCloseOnnx(models, 3);
    var objects = Pointer.totalCount();
    // Models left behind would be 320 MB.
    assertThat(growth(100_000_000, round -> openAndCloseOnnx(models, 20))).isLessThan(100_000_000);
    assertThat(Pointer.totalCount()).isLessThanOrEqualTo(objects);
  }

  /**
   * How much memory the process takes more after a round. The heap may grow in some of them, what
   * is left behind takes more in each.
   */
  private static long growth(long limit, IntConsumer work) {
    long grown = limit;
    for (var round = 0; round < 4 && grown >= limit; round++) {
      var before = Pointer.physicalBytes();
      work.accept(round);
      grown = Pointer.physicalBytes() - before;
    }
    return grown;
  }

  private static void openAndClose(int times) {
    for (var i = 0; i < times; i++)
      new TfliteModel("object_detection_ssd_mobilenetv2_oidv4_fp16.tflite").close();
  }

  private static void openAndCloseOnnx(ModelFiles models, int times) {
    for (var i = 0; i < times; i++)
      OnnxModel.lease(
              models, "centernet.onnx", Optional.empty(), OnnxModel.Provider.CPU, /* threads= */ 1)
          .close();
  }

  private static void work(List<StageTestKit> stages, ByteString photo, int from, int count) {
    for (var i = from; i < from + count; i++)
      for (var stage : stages) stage.output(element(i, frames(photo)));
  }

  private static List<String> fork(List<String> flags, String classPath, String main)
      throws Exception {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(List.of("-cp", classPath, main));
    var process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try {
      var lines = new String(process.getInputStream().readAllBytes()).lines().toList();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      return lines;
    } finally {
      process.destroyForcibly();
    }
  }
}
