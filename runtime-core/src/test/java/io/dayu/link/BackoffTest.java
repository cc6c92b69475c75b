package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

class BackoffTest {
  private static final DoubleSupplier NO_CHANCE = () -> 0;

  @Property
  void everyWaitIsBetweenHalfAndAllOfTwiceTheOneBefore(
      @ForAll @LongRange(min = 1, max = 86_400_000) long minMillis,
      @ForAll @LongRange(min = 1, max = 86_400_000) long more,
      @ForAll @Size(min = 1, max = 70)
          List<@DoubleRange(max = 1, maxIncluded = false) Double> drawn) {
    var chances = drawn.iterator();
    var max = Duration.ofMillis(minMillis + more);
    var backoff = new Backoff(Duration.ofMillis(minMillis), max, chances::next);
    var whole = new Backoff(Duration.ofMillis(minMillis), max, NO_CHANCE);
    long longest = minMillis;
    while (chances.hasNext()) {
      assertThat(whole.next()).isEqualTo(Duration.ofMillis(longest));
      assertThat(backoff.next())
          .isBetween(Duration.ofMillis(longest).dividedBy(2), Duration.ofMillis(longest));
      longest = Math.min(max.toMillis(), longest * 2);
    }
  }

  @Property
  void afterASuccessItBeginsAnewAndExhaustedItWaitsLongest(
      @ForAll @LongRange(min = 1, max = 1_000) long minMillis,
      @ForAll @LongRange(min = 0, max = 40) long failures) {
    var max = Duration.ofSeconds(10);
    var backoff = new Backoff(Duration.ofMillis(minMillis), max, NO_CHANCE);
    for (long i = 0; i < failures; i++) backoff.next();
    backoff.reset();
    assertThat(backoff.next()).isEqualTo(Duration.ofMillis(minMillis));
    backoff.exhaust();
    assertThat(backoff.next()).isEqualTo(max);
    assertThat(backoff.next()).isEqualTo(max);
  }

  @Example
  void aShortestWaitAboveTheLongestCountsAsThat() {
    var max = Duration.ofSeconds(1);
    assertThat(new Backoff(Duration.ofSeconds(9), max, NO_CHANCE).next()).isEqualTo(max);
  }

  @Example
  void thoseThatFailTogetherDoNotComeBackTogether() {
    var random = new Random(1);
    var first =
        Stream.generate(
                () ->
                    new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5), random::nextDouble)
                        .next())
            .limit(50)
            .toList();
    assertThat(first).doesNotHaveDuplicates();
    assertThat(new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5)).next())
        .isBetween(Duration.ofMillis(100), Duration.ofMillis(200));
  }
}
