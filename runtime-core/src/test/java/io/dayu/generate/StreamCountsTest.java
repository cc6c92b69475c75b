package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.dayu.deliver.Ranges;
import io.dayu.facts.Ledger;
import java.time.Duration;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

final class StreamCountsTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final Percentage CLOSE = Percentage.withPercentage(0.2);

  private final StreamCounts counts = new StreamCounts(GenerateKit.NOW);
  private long now = GenerateKit.NOW;

  @Test
  void whatBecameOfElementsIsCounted() {
    for (int i = 0; i < 6; i++) counts.generated();
    counts.done(true);
    counts.done(true, 1_000);
    counts.done(false);
    counts.shed();
    assertThat(counts.ledger(2)).isEqualTo(new Ledger(6, 2, 1, 1, 2));
  }

  @Test
  void itGoesOnWithTheCountsOfAnEarlierRun() {
    counts.restore(new Progress("fake:cam", 40, 0, 30, 30, 7, 2, 1, 0, Ranges.of(10, 11)));
    counts.generated();
    assertThat(counts.ledger(3)).isEqualTo(new Ledger(13, 7, 2, 1, 3));
  }

  @Test
  void whatIsNumberedAnewCountsOnce() {
    for (int i = 0; i < 3; i++) counts.generated();
    counts.renumbered(2);
    for (int i = 0; i < 2; i++) counts.generated();
    assertThat(counts.ledger(3)).isEqualTo(new Ledger(3, 0, 0, 0, 3));
  }

  @Test
  void theRateIsThatSinceTheLastReport() {
    assertThat(counts.perSecond()).isZero();
    for (int i = 0; i < 10; i++) counts.done(i % 2 == 0);
    report(2 * SECOND);
    assertThat(counts.perSecond()).isEqualTo(5, within(1e-9));
    counts.done(true);
    report(SECOND);
    assertThat(counts.perSecond()).isEqualTo(1, within(1e-9));
    report(SECOND);
    assertThat(counts.perSecond()).isZero();
  }

  @Test
  void latenciesAreThoseOfElementsInTheWindow() {
    assertThat(counts.latencyMs(50, 99)).containsExactly(0, 0);
    for (int i = 1; i <= 100; i++) counts.done(i % 2 == 0, i * 1_000L);
    counts.done(true); // outside of it
    var latency = counts.latencyMs(50, 99);
    assertThat(latency[0]).isCloseTo(50, CLOSE);
    assertThat(latency[1]).isCloseTo(99, CLOSE);
  }

  @Test
  void aLatencyBeyondWhatIsMeasuredCountsAsTheLongestAndOneBelowZeroAsNone() {
    counts.done(true, Long.MAX_VALUE);
    counts.done(true, -1);
    assertThat(counts.latencyMs(50)[0]).isZero();
    assertThat(counts.latencyMs(100)[0]).isCloseTo(3_600_000, CLOSE);
  }

  @Test
  void latenciesFadeAfter15To30Reports() {
    counts.done(true, 50_000);
    for (int i = 0; i < 29; i++) report(SECOND);
    assertThat(counts.latencyMs(50)[0]).isCloseTo(50, CLOSE);
    report(SECOND);
    assertThat(counts.latencyMs(50)[0]).isZero();
    counts.done(true, 20_000);
    for (int i = 0; i < 15; i++) report(SECOND);
    assertThat(counts.latencyMs(50)[0]).isCloseTo(20, CLOSE);
  }

  @Test
  void aStreamThatIsCutOffKeepsTheLatencyThatItHad() {
    assertThat(counts.slowMs()).isEmpty();
    counts.done(true, 50_000);
    assertThat(counts.slowMs()).as("as of the last report").isEmpty();
    for (int i = 0; i < 60; i++) report(SECOND);
    assertThat(counts.slowMs().orElseThrow()).isCloseTo(50, CLOSE);
  }

  @Test
  void theLongestGapIsThatBetweenAcknowledgementsWhileElementsAreInFlight() {
    now += SECOND;
    counts.idleAt(now);
    now += 3 * SECOND; // over the end of the clock
    counts.acknowledgedAt(now);
    now += 2 * SECOND;
    counts.acknowledgedAt(now);
    assertThat(counts.longestGapMs()).isEqualTo(3_000);
    now += 10 * SECOND;
    counts.idleAt(now);
    now += SECOND;
    counts.acknowledgedAt(now);
    assertThat(counts.longestGapMs()).as("nothing was in flight").isEqualTo(3_000);
  }

  private void report(long afterNanos) {
    now += afterNanos;
    counts.tick(now);
  }
}
