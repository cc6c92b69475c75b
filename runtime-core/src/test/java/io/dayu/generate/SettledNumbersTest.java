package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.deliver.Ranges;
import org.junit.jupiter.api.Test;

final class SettledNumbersTest {
  private final SettledNumbers settled = new SettledNumbers();

  @Test
  void whatWasSettledBeforeASaveBeganMayBeRemovedWhenItIsDurable() {
    settled.add(1);
    settled.saveBegins();
    settled.add(2);
    assertThat(settled.saved()).isEqualTo(Ranges.of(1));
    settled.saveBegins();
    assertThat(settled.saved()).isEqualTo(Ranges.of(2));
  }

  @Test
  void aSaveThatFailsLeavesItToTheNextOne() {
    settled.add(1);
    settled.saveBegins();
    settled.add(2);
    settled.saveBegins();
    assertThat(settled.saved()).isEqualTo(Ranges.of(1, 2));
  }

  @Test
  void nothingMayBeRemovedTwice() {
    settled.add(1);
    settled.saveBegins();
    settled.saved();
    assertThat(settled.saved().isEmpty()).isTrue();
    assertThat(settled.all().isEmpty()).isTrue();
  }

  @Test
  void whereTheCountsAreDurableAllMayBeRemovedAtOnce() {
    settled.add(1);
    settled.saveBegins();
    settled.add(2);
    assertThat(settled.all()).isEqualTo(Ranges.of(1, 2));
    assertThat(settled.all().isEmpty()).isTrue();
  }
}
