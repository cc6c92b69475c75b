package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LivenessTest {
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final long SECOND = 1_000_000_000;

  /** Wherever the clock stands: it may be negative, and pass the end of its range. */
  @ParameterizedTest
  @ValueSource(longs = {0, -SECOND, Long.MAX_VALUE - SECOND})
  void aPeerIsLateOnlyWhileSomethingWaitsForIt(long start) {
    var liveness = new Liveness(start);
    assertThat(liveness.isLate(start + 2 * SECOND, PATIENCE)).isFalse();
    assertThat(liveness.isLate(start + 2 * SECOND + 1, PATIENCE)).isTrue();

    liveness.expectNothing();
    assertThat(liveness.isLate(start + 9 * SECOND, PATIENCE)).isFalse();

    liveness.expect(start + 9 * SECOND);
    liveness.expect(start + 10 * SECOND); // it waits since the first
    assertThat(liveness.isLate(start + 11 * SECOND, PATIENCE)).isFalse();
    assertThat(liveness.isLate(start + 11 * SECOND + 1, PATIENCE)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -SECOND, Long.MAX_VALUE - SECOND})
  void aSignOfLifeGivesThePeerItsTimeAgain(long start) {
    var liveness = new Liveness(start);
    liveness.sign(start + 2 * SECOND, true);
    assertThat(liveness.isLate(start + 4 * SECOND, PATIENCE)).isFalse();
    assertThat(liveness.isLate(start + 5 * SECOND, PATIENCE)).isTrue();
    liveness.sign(start + 5 * SECOND, false);
    assertThat(liveness.isLate(start + 9 * SECOND, PATIENCE)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -SECOND, Long.MAX_VALUE - SECOND})
  void aNewConnectionGetsItsTimeToBringASign(long start) {
    var liveness = new Liveness(start);
    liveness.connect(start + 3 * SECOND);
    assertThat(liveness.isSilent(start + 5 * SECOND, PATIENCE)).isFalse();
    assertThat(liveness.isSilent(start + 6 * SECOND, PATIENCE)).isTrue();
    assertThat(liveness.isOlder(start + 4 * SECOND, Duration.ofSeconds(1))).isFalse();
    assertThat(liveness.isOlder(start + 5 * SECOND, Duration.ofSeconds(1))).isTrue();
  }
}
