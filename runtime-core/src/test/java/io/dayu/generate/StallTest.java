package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class StallTest {
  private static final long MS = GenerateKit.MS;

  private final Stall stall = new Stall();
  private long now = GenerateKit.NOW;

  @BeforeEach
  void begin() {
    stall.begins(now);
  }

  @Test
  void beforeAnythingHasLeftNobodyKnowsWhatIsUsual() {
    assertThat(stall.excuses(now + 60_000 * MS)).isFalse();
  }

  @Test
  void fourTimesAsLongAsUsualIsAStall() {
    moves(10, 100);
    assertThat(stall.excuses(now + 400 * MS)).isFalse();
    assertThat(stall.excuses(now + 401 * MS)).isTrue();
  }

  @Test
  void aMomentIsNone() {
    moves(10, 1);
    assertThat(stall.excuses(now + 50 * MS)).isFalse();
    assertThat(stall.excuses(now + 51 * MS)).isTrue();
  }

  @Test
  void whatHasComeUntilItsEndHasAsLongAgain() {
    moves(10, 100);
    moves(1, 3_000);
    assertThat(stall.excuses(now + 350 * MS)).isTrue();
    moves(20, 100);
    assertThat(stall.excuses(now)).isTrue();
    moves(11, 100);
    assertThat(stall.excuses(now)).isFalse();
  }

  @Test
  void stagesThatHaveBecomeSlowAreNoStall() {
    moves(20, 10);
    moves(20, 1_000);
    moves(1, 1_000);
    assertThat(stall.excuses(now + 900 * MS)).isFalse();
  }

  @Test
  void theTimeInWhichNothingWasThereDoesNotCount() {
    moves(10, 100);
    now += 60_000 * MS;
    stall.begins(now);
    assertThat(stall.excuses(now + 400 * MS)).isFalse();
    assertThat(stall.excuses(now + 401 * MS)).isTrue();
  }

  private void moves(int times, long everyMs) {
    for (int i = 0; i < times; i++) {
      now += everyMs * MS;
      stall.moved(now);
    }
  }
}
