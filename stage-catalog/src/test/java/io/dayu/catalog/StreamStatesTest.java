package io.dayu.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.Element;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StreamStatesTest {
  private final List<String> disposed = new ArrayList<>();
  private int made;

  @Test
  void theLongestUnusedStreamGivesWay() {
    try (var states = new StreamStates<>(2, () -> "state-" + made++, disposed::add)) {
      states.turn(element("a", 0, 1));
      states.turn(element("b", 0, 1));
      states.turn(element("a", 1, 1));
      states.turn(element("c", 0, 1));
      assertThat(disposed).containsExactly("state-1");
      assertThat(states.size()).isEqualTo(2);
      assertThat(states.turn(element("a", 2, 1)).state()).isEqualTo("state-0");
    }
    assertThat(disposed).containsExactlyInAnyOrder("state-0", "state-1", "state-2");
  }

  @Test
  void lateAndRepeatedElementsAreNotFresh() {
    try (var states = new StreamStates<>(2, () -> "state", disposed::add)) {
      assertThat(states.turn(element("a", 5, 1)).step()).isEqualTo(1);
      assertThat(states.turn(element("a", 8, 1)).step()).isEqualTo(3);
      for (var seq : new long[] {8, 6})
        assertThat(states.turn(element("a", seq, 2)).fresh()).as("%s", seq).isFalse();
      assertThat(states.turn(element("a", 9, 2)).fresh()).isTrue();
    }
  }

  @Test
  void aStreamThatBeginsAgainIsForgotten() {
    try (var states = new StreamStates<>(2, () -> "state-" + made++, disposed::add)) {
      states.turn(element("a", 0, 1));
      states.turn(element("a", 1, 1));
      assertThat(states.turn(element("a", 0, 2)).state()).as("sent again").isEqualTo("state-0");
      assertThat(states.turn(element("a", 0, 1)).state()).isEqualTo("state-1");
      assertThat(disposed).containsExactly("state-0");
    }
  }

  private static Element element(String stream, long seq, int attempt) {
    return Element.newBuilder().setStream(stream).setSeq(seq).setAttempt(attempt).build();
  }
}
