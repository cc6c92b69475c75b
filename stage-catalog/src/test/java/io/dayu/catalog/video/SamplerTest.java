package io.dayu.catalog.video;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SamplerTest {
  @Test
  void aJitteringCameraYieldsTheRateAskedFor() {
    for (var camera : new double[] {10, 12.5, 15, 25, 30, 60}) {
      for (var fps : new double[] {1, 3, 5, 7, 10}) {
        var random = new Random(7);
        var sampler = new Sampler();
        var taken = 0;
        var seconds = 100;
        for (var i = 0; i < camera * seconds; i++) {
          var jitter = (random.nextDouble() - 0.5) * 0.2 * 1e6 / camera;
          if (sampler.take((long) (i * 1e6 / camera + jitter), fps)) taken++;
        }
        assertThat(taken / (double) seconds)
            .as("%s of %s fps", fps, camera)
            .isBetween(fps * 0.97, fps * 1.03);
      }
    }
  }

  @Test
  void aSlowerCameraLosesNothing() {
    var sampler = new Sampler();
    for (var i = 0; i < 100; i++) assertThat(sampler.take(i * 200_000L, 15)).isTrue();
    assertThat(sampler.take(60_000_000, 15)).as("after a pause").isTrue();
    assertThat(sampler.take(60_001_000, 15)).as("right after it").isFalse();
    assertThat(sampler.take(60_001_500, 0)).as("without a rate").isTrue();
  }
}
