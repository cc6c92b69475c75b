package io.dayu.catalog.video;

import static io.dayu.catalog.Samples.element;
import static io.dayu.catalog.Samples.frames;
import static io.dayu.catalog.Samples.jpeg;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.dayu.element.Media;
import io.dayu.stage.Outcome;
import io.dayu.stage.StageProvider;
import io.dayu.stage.testkit.StageTestKit;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BadFramesTest {
  private static final List<StageProvider> STAGES =
      List.of(
          new ObjectDetection(),
          new DetectAndTrack(),
          new PoseEstimation(),
          new TextRecognition(),
          new FaceDetection(),
          new MotionDetection(),
          new ExposureIdentification());

  @Test
  void badFramesFailForGoodWithAReasonAndTheStageGoesOn() throws Exception {
    var good = jpeg("car1.jpg");
    var huge = good.toByteArray();
    var size = sizeOffset(huge);
    for (var i = 0; i < 4; i++) huge[size + i] = (byte) 0xff;
    for (var stage : STAGES) {
      try (var run = StageTestKit.start(stage, Map.of())) {
        assertFailed(run, frames(ByteString.EMPTY), "frame 0: the frame is empty");
        assertFailed(run, frames(ByteString.copyFromUtf8("no image")), "not a JPEG image");
        assertFailed(run, frames(good, good.substring(0, 100_000)), "frame 1: truncated JPEG");
        assertFailed(run, frames(good.substring(0, 3)), "not a JPEG");
        assertFailed(run, frames(good.substring(0, 30)), "JPEG");
        assertFailed(run, frames(ByteString.copyFrom(huge)), "is not accepted");
        assertThat(run.process(element(9, frames(good)))).isInstanceOf(Outcome.Output.class);
        assertThat(run.process(element(10, frames()))).isInstanceOf(Outcome.Output.class);
      }
    }
  }

  @Test
  void damagedBytesNeverEndTheProcess() throws Exception {
    var random = new Random(1);
    var good = jpeg("car1.jpg").toByteArray();
    try (var run = StageTestKit.start(new ExposureIdentification(), Map.of())) {
      for (var i = 0; i < 300; i++) {
        var damaged = good.clone();
        for (var hits = 1 + random.nextInt(20); hits > 0; hits--)
          damaged[random.nextInt(i % 2 == 0 ? 700 : good.length)] = (byte) random.nextInt();
        var outcome = run.process(element(i, frames(ByteString.copyFrom(damaged))));
        if (outcome instanceof Outcome.Failed failed) assertThat(failed.reason()).contains("JPEG");
      }
      assertThat(run.process(element(300, frames(jpeg("car1.jpg")))))
          .isInstanceOf(Outcome.Output.class);
    }
  }

  private static void assertFailed(StageTestKit run, Media payload, String reason) {
    assertThat(run.process(element(1, payload)))
        .isInstanceOfSatisfying(
            Outcome.Failed.class,
            f -> {
              assertThat(f.reason()).contains(reason);
              assertThat(f.retryable()).isFalse();
            });
  }

  /** Where a baseline JPEG says its height and width. */
  private static int sizeOffset(byte[] jpeg) {
    for (var i = 2; ; i += 2 + ((jpeg[i + 2] & 0xff) << 8 | jpeg[i + 3] & 0xff))
      if ((jpeg[i + 1] & 0xff) == 0xc0) return i + 5;
  }
}
