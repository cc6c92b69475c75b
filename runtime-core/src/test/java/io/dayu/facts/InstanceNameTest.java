package io.dayu.facts;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class InstanceNameTest {
  @ParameterizedTest
  @ValueSource(strings = {"crossing@3/detect", "@outbox", "@distributor", "", "a/", "a/b/c"})
  void itsTextIsReadAgain(String text) {
    assertThat(InstanceName.parse(text)).hasToString(text);
  }

  @Test
  void thoseAtTheEndOfEveryPipelineAreKnownByTheirText() {
    assertThat(InstanceName.parse("@outbox")).isEqualTo(InstanceName.OUTBOX);
    assertThat(InstanceName.parse("@distributor")).isEqualTo(InstanceName.DISTRIBUTOR);
  }

  @Test
  void anInstanceIsOfItsPlanAndNoOther() {
    var instance = InstanceName.parse("crossing@3/detect");
    assertThat(instance).isEqualTo(new InstanceName("crossing@3", "detect"));
    assertThat(instance.isOf("crossing@3")).isTrue();
    assertThat(instance.isOf("crossing")).isFalse();
    assertThat(InstanceName.OUTBOX.isOf("crossing@3")).isFalse();
  }
}
