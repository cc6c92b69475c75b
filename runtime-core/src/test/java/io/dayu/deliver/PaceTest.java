package io.dayu.deliver;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class PaceTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long STEP = SECOND / 100;

  @Test
  void noMoreElementsThanAllowedGoInASecond() {
    var pace = new Pace(OutboxStoreTest.settings("replay-per-second = 50"), 0);
    assertThat(sent(pace, 0, 10 * SECOND, 1)).isBetween(495, 500);
  }

  @Test
  void noMoreBytesThanAllowedGoInASecond() {
    var pace =
        new Pace(
            OutboxStoreTest.settings("replay-per-second = 1000, replay-bytes-per-second = 10000"),
            0);
    assertThat(sent(pace, 0, 10 * SECOND, 100)).isBetween(990, 1_010);
  }

  @Test
  void aPauseIsNotMadeUpFor() {
    var pace = new Pace(OutboxStoreTest.settings("replay-per-second = 50"), 0);
    assertThat(pace.elements(3_600 * SECOND)).isEqualTo(10);
    assertThat(sent(pace, 3_600 * SECOND, 3_601 * SECOND, 1)).isBetween(55, 60);
  }

  @Test
  void anElementThatIsLargerThanTheBurstGoesAndIsPaidForAfterwards() {
    var pace = new Pace(OutboxStoreTest.settings("replay-bytes-per-second = 1000"), 0);
    assertThat(pace.elements(SECOND)).isPositive();
    pace.spend(1, 5_000);
    assertThat(pace.elements(5 * SECOND)).isZero();
    assertThat(pace.elements(6 * SECOND)).isPositive();
  }

  @Test
  void aPaceOfOneASecondIsKeptToo() {
    var pace = new Pace(OutboxStoreTest.settings("replay-per-second = 1"), 0);
    assertThat(sent(pace, 0, 10 * SECOND, 1)).isBetween(9, 10);
  }

  /** How many go while all that may go does. */
  private static int sent(Pace pace, long from, long to, int size) {
    int sent = 0;
    for (long now = from; now <= to; now += STEP) {
      int count = (int) Math.min(pace.elements(now), 1 + pace.bytes() / size);
      if (count == 0) continue;
      pace.spend(count, (long) count * size);
      sent += count;
    }
    return sent;
  }
}
