package io.dayu.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** Time is a number here, and starts anywhere. */
final class StageMeterTest {
  private static final long SECOND = 1_000_000_000;

  private final StageMeter meter = new StageMeter(0);

  @Example
  void nothingIsMeasuredBeforeTheFirstElement() {
    meter.tick(SECOND);
    assertThat(meter.work(0).queueMs()).isZero();
    assertThat(meter.work(0).serviceMs()).isZero();
    assertThat(meter.work(0).errorRate()).isZero();
    assertThat(meter.work(0).perSecond()).isZero();
  }

  @Example
  void theFirstElementsTimesAreTakenAsTheyAreAndOfAnotherOneAFifthCounts() {
    meter.worked(2_000, 10_000);
    assertThat(meter.work(0).queueMs()).isEqualTo(2);
    assertThat(meter.work(0).serviceMs()).isEqualTo(10);
    meter.worked(7_000, 5_000);
    assertThat(meter.work(0).queueMs()).isCloseTo(3, within(1e-9));
    assertThat(meter.work(0).serviceMs()).isCloseTo(9, within(1e-9));
  }

  @Example
  void theErrorRateRisesWithFailuresAndFallsWithSuccess() {
    meter.failed();
    assertThat(meter.work(0).errorRate()).isCloseTo(0.2, within(1e-9));
    meter.failed();
    assertThat(meter.work(0).errorRate()).isCloseTo(0.36, within(1e-9));
    meter.worked(0, 0);
    assertThat(meter.work(0).errorRate()).isCloseTo(0.288, within(1e-9));
  }

  @Example
  void failuresAreCountedApartAndChangeNoTimes() {
    meter.worked(2_000, 10_000);
    meter.failed();
    assertThat(meter.work(0).processed()).isEqualTo(1);
    assertThat(meter.work(0).failed()).isEqualTo(1);
    assertThat(meter.work(0).serviceMs()).isEqualTo(10);
  }

  @Example
  void theRateIsOfWhatWasWorkedOnSinceTheLastReport() {
    for (int i = 0; i < 10; i++) meter.worked(0, 0);
    meter.failed();
    meter.tick(2 * SECOND);
    assertThat(meter.work(0).perSecond()).isEqualTo(5);
    meter.worked(0, 0);
    assertThat(meter.work(0).perSecond()).as("until the next report").isEqualTo(5);
    meter.tick(4 * SECOND);
    assertThat(meter.work(0).perSecond()).isEqualTo(0.5);
    meter.tick(5 * SECOND);
    assertThat(meter.work(0).perSecond()).isZero();
  }

  @Example
  void twoReportsAtTheSameMomentGiveARateThatIsANumber() {
    meter.tick(SECOND);
    meter.tick(SECOND);
    assertThat(meter.work(0).perSecond()).isZero();
    meter.worked(0, 0);
    meter.tick(SECOND);
    assertThat(meter.work(0).perSecond()).isFinite();
  }

  @Property(tries = 500)
  void theRateDoesNotDependOnWhereTheClockStands(
      @ForAll long start,
      @ForAll @IntRange(max = 1_000) int worked,
      @ForAll @LongRange(min = 1, max = 60 * SECOND) long nanos) {
    var metering = new StageMeter(start);
    for (int i = 0; i < worked; i++) metering.worked(0, 0);
    metering.tick(start + nanos);
    assertThat(metering.work(0).perSecond()).isCloseTo(worked * 1e9 / nanos, within(1e-6));
  }

  @Property(tries = 100)
  void smoothedTimesStayBetweenTheShortestAndTheLongestAndTheErrorRateBetween0And1(
      @ForAll @Size(min = 1, max = 50) List<@IntRange(min = -1, max = 1_000_000) Integer> works) {
    var metering = new StageMeter(0);
    for (int us : works)
      if (us < 0) metering.failed();
      else metering.worked(us, us);
    assertThat(metering.work(0).errorRate()).isBetween(0.0, 1.0);
    var times =
        works.stream().filter(us -> us >= 0).mapToDouble(us -> us / 1e3).summaryStatistics();
    if (times.getCount() > 0)
      assertThat(metering.work(0).serviceMs())
          .isBetween(times.getMin() - 1e-6, times.getMax() + 1e-6)
          .isEqualTo(metering.work(0).queueMs());
  }
}
