package io.dayu.k8s.desired;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class WorkloadsTest {
  private static final String FORTY = "counts-the-people-who-wait-for-the-train";

  @Test
  void servicesThatBeginAlikeHaveObjectsOfTheirOwn() {
    assertThat(Stream.of(FORTY, FORTY + "-1", FORTY + "-2").flatMap(s -> names(s).stream()))
        .doesNotHaveDuplicates()
        .allMatch(name -> name.length() <= 63)
        .allMatch(name -> name.startsWith(FORTY));
  }

  @Test
  void aNameThatNeedsNotBeCutStaysAsItIs() {
    assertThat(FORTY).hasSize(40);
    assertThat(names(FORTY).get(0)).matches(FORTY + "-[0-9a-f]{6}-0123abcd");
    assertThat(names(FORTY).subList(1, 3)).containsExactly(FORTY + "-0123abcd", FORTY + "-dynamic");
  }

  private static List<String> names(String service) {
    return List.of(
        Workloads.name(service, "edge-1", "0123abcd"),
        Workloads.parametersName(service, "0123abcd"),
        DynamicParameters.name(service));
  }
}
