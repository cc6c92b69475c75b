package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class SmoothedTest {
  @Test
  void theFirstSampleCountsWholeAndLaterOnesByAFifth() {
    var smoothed = new Smoothed();
    assertThat(smoothed.value()).isZero();
    smoothed.add(10);
    assertThat(smoothed.value()).isEqualTo(10);
    smoothed.add(0);
    assertThat(smoothed.value()).isCloseTo(8, within(1e-9));
    smoothed.add(0);
    assertThat(smoothed.value()).isCloseTo(6.4, within(1e-9));
  }

  @Test
  void aFirstSampleOfNothingIsASample() {
    var smoothed = new Smoothed();
    smoothed.add(0);
    smoothed.add(10);
    assertThat(smoothed.value()).isCloseTo(2, within(1e-9));
  }
}
