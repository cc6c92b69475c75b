package io.dayu.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class GeneratedFootageTest {
  @Test
  void picturesGoOnPastTheEndOfTheLoop() throws IOException {
    try (var footage = new GeneratedFootage(1, 180, 5)) {
      var first = footage.jpeg(3);
      var picture = ImageIO.read(new ByteArrayInputStream(first));
      assertThat(picture.getHeight()).isEqualTo(180);
      assertThat(picture.getWidth()).isEqualTo(320);
      assertThat(footage.jpeg(4)).isNotEqualTo(first);
      assertThat(footage.jpeg(3 + 5 * 1_000_000_000L)).isEqualTo(first);
    }
  }

  @Test
  void camerasWithDifferentSeedsShowDifferentThings() throws IOException {
    try (var one = new GeneratedFootage(1, 180, 5);
        var two = new GeneratedFootage(2, 180, 5)) {
      assertThat(one.jpeg(0)).isNotEqualTo(two.jpeg(0));
    }
  }
}
