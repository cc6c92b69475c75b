package io.dayu.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SampleTest {
  private static Description description(String reads) {
    return Description.read(
            "{\"apiVersion\": \"dayu.io/v1alpha1\", \"output\": \"labels\", %s}"
                .formatted(reads)
                .getBytes(StandardCharsets.UTF_8))
        .description()
        .orElseThrow();
  }

  @Test
  void namedInputsComeUnderTheirNamesWithEveryTypeAndWithoutWhatIsOptional() {
    var samples =
        Sample.of(
            description(
                "\"inputs\": {\"vehicles\": [\"boxes\", \"text\"], \"sky\": {\"types\": [\"labels\"], \"required\": false}}"));
    assertThat(samples)
        .extracting(Sample::words)
        .containsExactlyInAnyOrder(
            "labels as sky and boxes as vehicles",
            "labels as sky and text as vehicles",
            "boxes as vehicles");
    assertThat(samples.get(0).json().path("inputs").path("vehicles").path("type").asText())
        .isEqualTo("boxes");
    assertThat(samples.get(0).json().has("outputs")).isFalse();
  }

  @Test
  void aPayloadMayComeWithoutInputsThatAreOptional() {
    assertThat(
            Sample.of(
                description(
                    "\"payload\": [\"readings\"], \"inputs\": {\"sky\": {\"types\": [\"labels\"], \"required\": false}}")))
        .extracting(Sample::words)
        .containsExactlyInAnyOrder("readings and labels as sky", "readings");
  }

  @Test
  void otherOutputsComeUnderTheNameOfSomeStage() {
    var samples = Sample.of(description("\"payload\": [\"readings\"], \"inputs\": [\"boxes\"]"));
    assertThat(samples)
        .extracting(Sample::words)
        .containsExactly("readings and boxes of an earlier stage");
    assertThat(samples.get(0).json().path("outputs").has(Sample.STAGE)).isTrue();
  }
}
