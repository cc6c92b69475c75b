package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Time is a number here: a round of acknowledgements follows the other. */
final class InFlightLimitTest {
  private static final Duration OBJECTIVE = Duration.ofSeconds(1);

  private long now = GenerateKit.NOW;

  @Example
  void itGrowsWhileTheLatencyStaysFlat() {
    var limit = new InFlightLimit(1, 4_096, OBJECTIVE, now);
    run(limit, 30, Double.MAX_VALUE);
    assertThat(limit.current(now)).isGreaterThan(1_000);
  }

  @Example
  void itSettlesNearThroughputTimesBaseLatencyAndShrinksWhenThatDoes() {
    var limit = new InFlightLimit(1, 4_096, OBJECTIVE, now);
    run(limit, 60, 20_000);
    int fast = limit.current(now);
    assertThat(fast).isBetween(100, 800); // 200 by Little's law
    run(limit, 60, 1_000);
    assertThat(limit.current(now)).isLessThan(fast / 2).isLessThan(80);
  }

  @Example
  void aWindowThatIsNotUsedDoesNotGrow() {
    var limit = new InFlightLimit(1, 4_096, OBJECTIVE, now);
    for (int i = 0; i < 100; i++) {
      now += 10_000_000;
      limit.observe(now, 10_000, 1, 1);
    }
    assertThat(limit.current(now)).isEqualTo(8);
  }

  @Example
  void aLatencyThatIsTooShortToBeMeasuredDoesNotShrinkIt() {
    var limit = new InFlightLimit(1, 4_096, OBJECTIVE, now);
    for (int i = 0; i < 1_000; i++) {
      now += 10_000_000;
      limit.observe(now, 0, limit.current(now), limit.current(now));
    }
    assertThat(limit.current(now)).isGreaterThan(1_000);
  }

  @Example
  void aSlowStreamHoldsNoMoreThanHalfOfItsObjective() {
    var limit = new InFlightLimit(1, 4_096, OBJECTIVE, now);
    // 20 elements a second: half of the objective is 10 of them.
    for (int i = 0; i < 200; i++) {
      now += 50_000_000;
      limit.observe(now, 300_000, 1, limit.current(now));
    }
    assertThat(limit.current(now)).isBetween(5, 11);
  }

  @Property(tries = 200)
  void itStaysWithinItsBounds(
      @ForAll @IntRange(min = 1, max = 50) int min,
      @ForAll @IntRange(min = 50, max = 5_000) int max,
      @ForAll long seed) {
    var random = new Random(seed);
    var limit = new InFlightLimit(min, max, OBJECTIVE, now);
    for (int i = 0; i < 300; i++) {
      now += (long) (random.nextDouble() * 1e9);
      double latency = Math.exp(random.nextDouble() * 20);
      limit.observe(now, latency, 1 + random.nextInt(100), random.nextInt(2 * max));
      assertThat(limit.current(now)).isBetween(min, max);
    }
  }

  /** Full windows through a server that takes 10 ms and so many elements a second. */
  private void run(InFlightLimit limit, int seconds, double perSecond) {
    long end = now + seconds * 1_000_000_000L;
    while (now - end < 0) {
      int window = limit.current(now);
      double latencyUs = Math.max(10_000, window / perSecond * 1e6);
      now += (long) (latencyUs * 1_000);
      limit.observe(now, latencyUs, window, window);
    }
  }
}
