package io.dayu.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultsTest {
  @Test
  void faultsHoldForAllCamerasOrForOne() {
    var plan =
        Faults.parse("disconnect-every=3s, cam-1:silent-after=500ms,cam-1:corrupt-every=20", 3);
    assertThat(plan.of(0).disconnectEvery()).contains(Duration.ofSeconds(3));
    assertThat(plan.of(0).silentAfter()).isEmpty();
    assertThat(plan.of(1).disconnectEvery()).contains(Duration.ofSeconds(3));
    assertThat(plan.of(1).silentAfter()).contains(Duration.ofMillis(500));
    assertThat(plan.of(1).corruptEvery()).hasValue(20);
    assertThat(plan.of(2)).isEqualTo(plan.of(0));
  }

  @Test
  void nothingIsAFaultOfNobody() {
    assertThat(Faults.parse("", 1).of(0)).isEqualTo(Faults.NONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "disconnect-every",
        "burn=3s",
        "silent-after=soon",
        "corrupt-every=0",
        "corrupt-every=x",
        "cam-3:corrupt-every=2"
      })
  void whatIsNotAFaultIsRefusedWithTheWordThatIsWrong(String word) {
    assertThatThrownBy(() -> Faults.parse("disconnect-every=3s," + word, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(word.replaceAll(".*=|:.*", ""));
  }

  @Test
  void onlyEveryNthPictureIsDamagedAndKeepsItsLength() {
    var faults = Faults.parse("corrupt-every=5", 1).of(0);
    var jpeg = new byte[1000];
    Arrays.fill(jpeg, (byte) 77);
    assertThat(faults.applyTo(4, jpeg)).isSameAs(jpeg);
    assertThat(faults.applyTo(10, jpeg)).hasSize(1000).isNotEqualTo(jpeg);
    assertThat(jpeg).as("the kept picture stays as it was").containsOnly(77);
  }
}
