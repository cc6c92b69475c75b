package io.dayu.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ArrivalsTest {
  private static Duration gap(long from, long until, long... times) {
    return Arrivals.longestGap(
        LongStream.of(times).mapToObj(Instant::ofEpochMilli).toList(),
        Instant.ofEpochMilli(from),
        Instant.ofEpochMilli(until));
  }

  @Test
  void aGapCountsIfItReachesIntoTheTime() {
    assertThat(gap(300, 400, 0, 100, 350, 360, 900, 2_000)).hasMillis(540);
    assertThat(gap(300, 340, 0, 100, 350, 360, 900, 2_000)).hasMillis(250);
  }

  @Test
  void withoutTwoResultsThereIsNoGap() {
    assertThat(gap(0, 100)).isZero();
    assertThat(gap(0, 100, 50)).isZero();
  }
}
