package io.dayu.bench.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class StatisticsTest {
  @Test
  void theMedianIsTheMiddleWhateverTheOrder() {
    assertThat(Statistics.median(List.of(9.0, 1.0, 5.0))).isEqualTo(5.0);
    assertThat(Statistics.median(List.of(4.0, 1.0, 2.0, 100.0))).isEqualTo(3.0);
  }

  @Test
  void nothingHasNoMedian() {
    assertThatThrownBy(() -> Statistics.median(List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void ratiosCompareWhatWasMeasuredSideBySide() {
    // A machine that was ten times slower in the second round changes no ratio.
    assertThat(Statistics.ratios(List.of(90.0, 9.0), List.of(100.0, 10.0)))
        .containsExactly(0.9, 0.9);
  }

  @Test
  void listsOfDifferentLengthAreNotCompared() {
    assertThatThrownBy(() -> Statistics.ratios(List.of(1.0), List.of(1.0, 2.0)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void smallAndLargeFiguresKeepTheirDigits() {
    assertThat(Statistics.significant(0.000001234567, 4)).isEqualTo(0.000001235);
    assertThat(Statistics.significant(1_234_567, 4)).isEqualTo(1_235_000);
    assertThat(Statistics.significant(0, 4)).isZero();
  }
}
