package io.dayu.catalog.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ResamplerTest {
  @Test
  void aToneKeepsItsSizeAndPlaceAtEveryOtherRate() {
    for (var from : new int[] {8_000, 16_000, 22_050, 44_100, 44_056, 48_000, 96_000})
      for (var to : new int[] {8_000, 11_025, 16_000, 44_100, 48_000}) {
        var hertz = 1_000.0;
        var resampler = new Resampler(from, to);
        var in = tone(hertz, from);
        for (var i = to / 10; i < to * 9 / 10; i += 7)
          assertThat(resampler.sample(i, in, 0, 1, in.length, 0))
              .as("%s to %s at %s", from, to, i)
              .isCloseTo((float) (0.8 * Math.sin(2 * Math.PI * hertz * i / to)), within(2e-3f));
      }
  }

  @Test
  void whatTheNewRateCannotHoldIsSilent() {
    var resampler = new Resampler(48_000, 16_000);
    var in = tone(9_500, 48_000);
    for (var i = 2_000; i < 14_000; i++)
      assertThat(resampler.sample(i, in, 0, 1, in.length, 0)).isCloseTo(0, within(1e-3f));
  }

  @Test
  void theSameRateChangesNothing() {
    var random = new Random(3);
    var in = new float[100];
    for (var i = 0; i < in.length; i++) in[i] = random.nextFloat();
    var resampler = new Resampler(44_100, 44_100);
    for (var i = 0; i < in.length; i++)
      assertThat(resampler.sample(i, in, 0, 1, in.length, 0)).isEqualTo(in[i]);
    assertThat(resampler.behind(7)).isEqualTo(8);
  }

  @Test
  void whatItSaysThatItNeedsIsAllThatItNeeds() {
    var resampler = new Resampler(44_100, 16_000);
    var in = tone(700, 44_100);
    for (var i = 5_000L; i < 5_100; i++) {
      var first = (int) resampler.first(i);
      var count = (int) resampler.behind(i) - first;
      var part = Arrays.copyOfRange(in, first, first + count);
      assertThat(resampler.sample(i, part, 0, 1, count, first))
          .isEqualTo(resampler.sample(i, in, 0, 1, in.length, 0));
    }
  }

  private static float[] tone(double hertz, int rate) {
    var samples = new float[rate];
    for (var i = 0; i < samples.length; i++)
      samples[i] = (float) (0.8 * Math.sin(2 * Math.PI * hertz * i / rate));
    return samples;
  }
}
