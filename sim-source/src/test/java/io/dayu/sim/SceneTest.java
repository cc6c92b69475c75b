package io.dayu.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SceneTest {
  private static final int LOOP = 100;
  private static final int HEIGHT = 360;
  private static Scene scene;

  @BeforeAll
  static void build() throws IOException {
    scene = Scene.of(7, HEIGHT, LOOP);
  }

  @Test
  void boxesLieInsideTheFrameAndNameWhatIsShown() {
    var labels = new HashSet<String>();
    for (int n = 0; n < LOOP; n++) {
      for (var box : scene.truth(n)) {
        labels.add(box.label());
        assertThat(box.x()).isBetween(0.0, 1.0);
        assertThat(box.y()).isBetween(0.0, 1.0);
        assertThat(box.width()).isGreaterThan(0);
        assertThat(box.height()).isGreaterThan(0);
        assertThat(box.x() + box.width()).isLessThanOrEqualTo(1 + 1e-9);
        assertThat(box.y() + box.height()).isLessThanOrEqualTo(1 + 1e-9);
        assertThat(box.visible()).isBetween(0.0, 1.0);
      }
    }
    assertThat(labels).containsExactlyInAnyOrder("car", "person");
  }

  /**
   * The picture differs from the empty street inside the boxes, close to each of their edges, and
   * nowhere else.
   */
  @Test
  void boxesFitThePixelsExactly() {
    for (int n = 0; n < LOOP; n += 9) {
      var picture = draw(n);
      var boxes = scene.truth(n);
      assertThat(changedOutside(picture, boxes))
          .as("changed pixels outside all boxes, frame %d", n)
          .isZero();
      for (var box : boxes) {
        if (box.visible() > 0.98) {
          assertThat(slack(picture, box))
              .as("empty rows or columns at the edges of %s", box)
              .isLessThanOrEqualTo(2);
        }
      }
    }
  }

  @Test
  void theLoopHasNoSeamAndNobodyIsTakenForSomeoneElse() {
    assertThat(pixels(draw(LOOP))).isEqualTo(pixels(draw(0)));
    for (int i = 0; i < scene.movers().size(); i++) {
      var mover = scene.movers().get(i);
      for (long n = 0; n < 2L * LOOP; n++) {
        int width = Scene.width(HEIGHT);
        int jump = Math.abs(mover.x(n + 1, LOOP, width) - mover.x(n, LOOP, width));
        boolean entered = mover.pass(n + 1, LOOP) > mover.pass(n, LOOP);
        // A jump across the picture is a new appearance, so it must carry a new identity, and the
        // other way round.
        assertThat(jump > width / 4).isEqualTo(entered);
      }
    }
    var tracks = scene.truth(3).stream().map(TruthBox::track).toList();
    assertThat(scene.truth(3 + LOOP))
        .extracting(TruthBox::track)
        .doesNotContainAnyElementsOf(tracks);
  }

  @Test
  void theSameSeedGivesTheSamePicture() throws IOException {
    var again = Scene.of(7, HEIGHT, LOOP);
    var other = Scene.of(8, HEIGHT, LOOP);
    assertThat(again.truth(11)).isEqualTo(scene.truth(11));
    assertThat(other.truth(11)).isNotEqualTo(scene.truth(11));
  }

  private static BufferedImage draw(long n) {
    var frame = new BufferedImage(Scene.width(HEIGHT), HEIGHT, BufferedImage.TYPE_INT_RGB);
    scene.draw(n, frame);
    return frame;
  }

  private static int[] pixels(BufferedImage image) {
    return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
  }

  private static boolean changed(BufferedImage picture, int x, int y) {
    int a = picture.getRGB(x, y);
    int b = scene.backdrop().getRGB(x, y);
    int difference = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
      difference += Math.abs((a >> shift & 255) - (b >> shift & 255));
    }
    return difference > 24;
  }

  /** One pixel around a box may be tinted by the soft edge of a cut-out. */
  private static long changedOutside(BufferedImage picture, List<TruthBox> boxes) {
    long changed = 0;
    for (int y = 0; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        int px = x;
        int py = y;
        boolean inside =
            boxes.stream()
                .anyMatch(
                    b ->
                        px >= left(b) - 1
                            && px <= right(b) + 1
                            && py >= top(b) - 1
                            && py <= bottom(b) + 1);
        changed += !inside && changed(picture, x, y) ? 1 : 0;
      }
    }
    return changed;
  }

  private static int slack(BufferedImage picture, TruthBox box) {
    int left = picture.getWidth();
    int right = -1;
    int top = picture.getHeight();
    int bottom = -1;
    for (int y = top(box); y <= bottom(box); y++) {
      for (int x = left(box); x <= right(box); x++) {
        if (changed(picture, x, y)) {
          left = Math.min(left, x);
          right = Math.max(right, x);
          top = Math.min(top, y);
          bottom = Math.max(bottom, y);
        }
      }
    }
    return Math.max(
        Math.max(left - left(box), right(box) - right),
        Math.max(top - top(box), bottom(box) - bottom));
  }

  private static int left(TruthBox box) {
    return (int) Math.round(box.x() * Scene.width(HEIGHT));
  }

  private static int right(TruthBox box) {
    return (int) Math.round((box.x() + box.width()) * Scene.width(HEIGHT)) - 1;
  }

  private static int top(TruthBox box) {
    return (int) Math.round(box.y() * HEIGHT);
  }

  private static int bottom(TruthBox box) {
    return (int) Math.round((box.y() + box.height()) * HEIGHT) - 1;
  }
}
