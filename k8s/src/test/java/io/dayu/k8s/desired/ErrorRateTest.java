package io.dayu.k8s.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.k8s.desired.ErrorRate.Figures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorRateTest {
  private static final ErrorRate USUAL = new ErrorRate(10, 20);

  /** Bad and all calls of the new one, then of the old one. */
  @ParameterizedTest
  @CsvSource({
    "19, 19, 0, 1000, false", // few say little
    "20, 20, 0, 1000, true",
    "10, 20, 0, 1000, true",
    "2, 20, 0, 1000, false", // not more than 10 %
    "3, 20, 80, 1000, false", // chance may explain it
    "150, 1000, 80, 1000, true",
    "150, 1000, 150, 1000, false", // the elements' fault
    "500, 1000, 480, 1000, false",
    "500, 1000, 100, 1000, true",
    "3, 20, 0, 0, true", // the old one was never called
    "20, 20, 20, 20, false",
    "0, 1000, 1000, 1000, false",
  })
  void aRevisionIsWorseIfItFailsMoreThanItMayAndMoreThanTheOneBefore(
      long bad, long all, long badBefore, long allBefore, boolean worse) {
    assertThat(USUAL.worse(failed(bad, all), failed(badBefore, allBefore)).isPresent())
        .isEqualTo(worse);
  }

  @Test
  void everyKindOfFailureCounts() {
    var was = failed(0, 1_000);
    for (var is :
        new Figures[] {
          new Figures(80, 20, 0, 0, 0),
          new Figures(80, 0, 20, 0, 0),
          new Figures(80, 0, 0, 20, 0),
          new Figures(80, 0, 0, 0, 20)
        }) assertThat(USUAL.worse(is, was)).as(is.toString()).isPresent();
  }

  private static Figures failed(long bad, long all) {
    return new Figures(all - bad, bad, 0, 0, 0);
  }
}
