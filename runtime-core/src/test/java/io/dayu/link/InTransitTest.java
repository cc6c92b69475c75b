package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class InTransitTest {
  private static final long MS = 1_000_000;
  private final InTransit inTransit = new InTransit();

  @Test
  void theWayIsTheTimeSinceSendingLessWhatThePeerHeldIt() {
    inTransit.sent(0);
    assertThat(inTransit.consumed(1, 2_000, 5 * MS)).hasValue(3_000);
    assertThat(inTransit.isEmpty()).isTrue();
  }

  @Test
  void ofSeveralThatWereTakenTheLastTellsTheWay() {
    for (int i = 0; i < 4; i++) inTransit.sent(i * MS);
    assertThat(inTransit.consumed(3, 0, 10 * MS)).hasValue(8_000);
    assertThat(inTransit.isEmpty()).isFalse();
  }

  @Test
  void creditForNothingNewTellsNothing() {
    assertThat(inTransit.consumed(0, 0, MS)).isEmpty();
    inTransit.sent(0);
    assertThat(inTransit.consumed(1, 0, MS)).isPresent();
    assertThat(inTransit.consumed(1, 0, 2 * MS)).isEmpty();
  }

  @Test
  void anArrivalTellsTheWayBeforeTheElementIsTakenAndOnlyOnce() {
    for (int i = 0; i < 3; i++) inTransit.sent(i * MS);
    assertThat(inTransit.arrived(2, 1_000, 5 * MS)).hasValue(3_000);
    assertThat(inTransit.arrived(2, 1_000, 6 * MS)).isEmpty();
    assertThat(inTransit.consumed(1, 0, 7 * MS)).hasValue(7_000);
    assertThat(inTransit.arrived(3, 0, 8 * MS)).hasValue(6_000);
  }

  @Test
  void aPeerThatTellsOfMoreThanWasSentIsNotBelieved() {
    inTransit.sent(0);
    assertThat(inTransit.arrived(2, 0, MS)).isEmpty();
    assertThat(inTransit.consumed(7, 0, MS)).hasValue(1_000);
    assertThat(inTransit.isEmpty()).isTrue();
  }

  @Test
  void aWayIsNeverNegativeAndANewConnectionCountsAnew() {
    inTransit.sent(0);
    assertThat(inTransit.consumed(1, 9_000, MS)).hasValue(0);
    inTransit.clear();
    inTransit.sent(MS);
    assertThat(inTransit.consumed(1, 0, 2 * MS)).hasValue(1_000);
  }
}
