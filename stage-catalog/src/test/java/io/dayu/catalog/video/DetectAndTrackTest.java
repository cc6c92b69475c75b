package io.dayu.catalog.video;

import static io.dayu.catalog.Samples.element;
import static io.dayu.catalog.Samples.frames;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.element.Box;
import io.dayu.element.Media;
import io.dayu.stage.testkit.StageTestKit;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A photograph of a car that moves to the right by 8 pixels a frame, over 700 pixels. */
class DetectAndTrackTest {
  private static final int STEP = 8;

  private static BufferedImage shifted(BufferedImage photo, int pixels) {
    var image = new BufferedImage(700, 400, BufferedImage.TYPE_INT_RGB);
    var graphics = image.createGraphics();
    graphics.drawImage(photo, pixels - 100, 0, 700, 400, null);
    graphics.dispose();
    return image;
  }

  private static Media frame(int index) throws IOException {
    return frames(Pictures.jpeg(shifted(Pictures.photo("car1.jpg"), index * STEP)));
  }

  private static Map<String, Object> every(int frames) {
    return Map.of("labels", List.of("car"), "every", frames);
  }

  @CanIgnoreReturnValue // that there is one may be all that matters
  private static Box only(StageTestKit run, long seq, Media payload) throws Exception {
    var boxes = run.output(element(seq, payload)).getBoxes().getBoxList();
    assertThat(boxes).as("element %s", seq).hasSize(1);
    return boxes.get(0);
  }

  @Test
  void betweenSearchesObjectsAreFollowedAndKeepTheirTrack() throws Exception {
    try (var run = StageTestKit.start(new DetectAndTrack(), every(8));
        var searching = StageTestKit.start(new ObjectDetection(), Map.of("labels", "car"))) {
      var first = only(run, 0, frame(0));
      assertThat(first.getTrack()).isPositive();
      for (var i = 1; i <= 10; i++) {
        var box = only(run, i, frame(i));
        var truth = searching.output(element(i, frame(i))).getBoxes().getBox(0);
        assertThat(box.getTrack()).isEqualTo(first.getTrack());
        assertThat(Geometry.iou(box, truth)).as("frame %s", i).isGreaterThan(0.8f);
        // A followed box has not been searched for: it is where the picture has moved.
        if (i < 8)
          assertThat(box.getX() + box.getWidth() / 2)
              .isCloseTo(first.getX() + first.getWidth() / 2 + i * STEP / 700f, offset(0.02f));
      }
    }
  }

  @Test
  void theFramesOfAClipAreFollowedAsThoseOfSeveralElements() throws Exception {
    var clip =
        frames(
            frame(0).getFrames().getFrame(0).getJpeg(),
            frame(1).getFrames().getFrame(0).getJpeg(),
            frame(2).getFrames().getFrame(0).getJpeg());
    try (var run = StageTestKit.start(new DetectAndTrack(), every(100))) {
      var boxes = run.output(element(0, clip)).getBoxes().getBoxList();
      assertThat(boxes).extracting(Box::getFrame).containsExactly(0, 1, 2);
      assertThat(boxes).extracting(Box::getTrack).containsOnly(boxes.get(0).getTrack());
      assertThat(boxes.get(2).getX()).isGreaterThan(boxes.get(0).getX());
    }
  }

  @Test
  void afterAGapAndInAnotherSizeItIsSearchedAnew() throws Exception {
    try (var run = StageTestKit.start(new DetectAndTrack(), every(1_000))) {
      var empty = frames(Pictures.jpeg(new BufferedImage(700, 400, BufferedImage.TYPE_INT_RGB)));
      assertThat(run.output(element(0, empty)).getBoxes().getBoxList()).isEmpty();
      // Nothing is followed, and nothing is searched for.
      assertThat(run.output(element(1, frame(0))).getBoxes().getBoxList()).isEmpty();
      only(run, 3, frame(0));
      assertThat(run.output(element(4, empty)).getBoxes().getBoxList()).isEmpty();
      var small = new BufferedImage(350, 200, BufferedImage.TYPE_INT_RGB);
      var graphics = small.createGraphics();
      graphics.drawImage(shifted(Pictures.photo("car1.jpg"), 0), 0, 0, 350, 200, null);
      graphics.dispose();
      only(run, 5, frames(Pictures.jpeg(small)));
    }
  }

  @Test
  void anElementThatComesAgainGetsItsTracksAndChangesNothing() throws Exception {
    try (var run = StageTestKit.start(new DetectAndTrack(), every(100))) {
      var first = only(run, 5, frame(0));
      only(run, 6, frame(1));
      assertThat(only(run, 5, frame(0)).getTrack()).isEqualTo(first.getTrack());
      assertThat(only(run, 7, frame(2)).getTrack()).isEqualTo(first.getTrack());
    }
  }
}
