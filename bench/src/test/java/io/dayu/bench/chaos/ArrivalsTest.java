package io.dayu.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ArrivalsTest {
  private static Optional<Duration> gap(long from, long until, long... times) {
    return Arrivals.longestGap(
        LongStream.of(times).mapToObj(Instant::ofEpochMilli).toList(),
        Instant.ofEpochMilli(from),
        Instant.ofEpochMilli(until));
  }

  @Test
  void aGapCountsIfItReachesIntoTheTime() {
    assertThat(gap(300, 400, 0, 100, 350, 360, 900, 2_000)).contains(Duration.ofMillis(540));
    assertThat(gap(300, 340, 0, 100, 350, 360, 900, 2_000)).contains(Duration.ofMillis(250));
  }

  @Test
  void whereNothingComesAfterwardsTheGapIsNotKnown() {
    assertThat(gap(0, 100)).isEmpty();
    assertThat(gap(0, 100, 50)).isEmpty();
    assertThat(gap(200, 300, 50, 100)).isEmpty();
  }
}
