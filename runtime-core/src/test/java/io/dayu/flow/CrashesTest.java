package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.InstanceName;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport.Latency;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.NodeReport.Traffic;
import io.dayu.facts.NodeReport.Work;
import io.dayu.link.Backoff;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plans;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Time is a number here, and turns over between the crashes. */
final class CrashesTest {
  private static final Duration MIN = Duration.ofMillis(100);
  private static final Duration MAX = Duration.ofMillis(500);
  private static final Duration FORGET = Duration.ofMinutes(5);
  private static final Throwable CAUSE = new IllegalStateException("no model");
  private static final StreamName STREAM = StreamName.parse("crossing/cam-0");
  private static final InstanceName STAGE = InstanceName.parse("crossing@1/detect");

  private long now = Long.MAX_VALUE - MIN.toNanos() / 2;
  private final Crashes crashes = new Crashes(() -> new Backoff(MIN, MAX, () -> 0), () -> now);

  @Example
  void whatNeverCrashedIsNeitherDownNorHeldBackNorReported() {
    assertThat(crashes.isDown(STREAM)).isFalse();
    assertThat(crashes.tooEarly(STREAM)).isFalse();
    var report = report(StreamState.RUNNING, Optional.empty());
    assertThat(crashes.withCrashes(report)).isSameAs(report);
    assertThat(crashes.withCrashes(STAGE, stage(2, Optional.empty())))
        .isEqualTo(stage(2, Optional.empty()));
  }

  @Example
  void theBackOffDoublesUpToTheLongest() {
    assertThat(List.of(crash(STAGE), crash(STAGE), crash(STAGE), crash(STAGE), crash(STAGE)))
        .containsExactly(MIN, MIN.multipliedBy(2), MIN.multipliedBy(4), MAX, MAX);
  }

  @Example
  void aShortestBackOffAboveTheLongestCountsAsThat() {
    var strange = new Crashes(() -> new Backoff(MAX.multipliedBy(2), MAX, () -> 0), () -> now);
    assertThat(strange.add(STAGE, CAUSE)).isEqualTo(MAX);
  }

  @Example
  void twoThingsDoNotShareABackOff() {
    crash(STAGE);
    crash(STAGE);
    assertThat(crash(STREAM)).isEqualTo(MIN);
    assertThat(crash(STAGE)).isEqualTo(MIN.multipliedBy(4));
    assertThat(crashes.isDown(InstanceName.parse("crossing@1/track"))).isFalse();
  }

  @Example
  void itIsTooEarlyUntilTheBackOffIsOver() {
    crash(STAGE);
    assertThat(crashes.isDown(STAGE)).isTrue();
    assertThat(crashes.tooEarly(STAGE)).isTrue();
    pass(MIN.minusNanos(1));
    assertThat(crashes.tooEarly(STAGE)).isTrue();
    pass(Duration.ofNanos(1));
    assertThat(crashes.tooEarly(STAGE)).isFalse();
    assertThat(crashes.isDown(STAGE)).as("until it is started").isTrue();
  }

  @Example
  void whatWasStartedAgainIsNotHeldBack() {
    crash(STAGE);
    crashes.started(STAGE);
    assertThat(crashes.isDown(STAGE)).isFalse();
    assertThat(crashes.tooEarly(STAGE)).isFalse();
  }

  @Example
  void whatRunsForMoreThanFiveMinutesBeginsWithTheShortestBackOffAgain() {
    crash(STREAM);
    crashes.started(STREAM);
    pass(FORGET);
    assertThat(crash(STREAM)).as("not yet").isEqualTo(MIN.multipliedBy(2));
    crashes.started(STREAM);
    pass(FORGET.plusNanos(1));
    assertThat(problem()).isEmpty();
    assertThat(crash(STREAM)).isEqualTo(MIN);
  }

  @Example
  void whatIsDownIsNotForgotten() {
    crash(STREAM);
    pass(FORGET.multipliedBy(3));
    assertThat(problem()).hasValueSatisfying(p -> assertThat(p).contains("crashed once"));
    assertThat(crash(STREAM)).isEqualTo(MIN.multipliedBy(2));
  }

  @Example
  void whatIsForgottenOnPurposeNeverCrashed() {
    crash(STREAM);
    crashes.forget(STREAM);
    assertThat(crashes.isDown(STREAM)).isFalse();
    assertThat(problem()).isEmpty();
    assertThat(crash(STREAM)).isEqualTo(MIN);
  }

  @Example
  void aStreamsReportTellsHowOftenItCrashedOfWhatAndWhetherItRuns() {
    crash(STREAM);
    assertThat(problem()).contains("crashed once, is started again soon: no model");
    crashes.started(STREAM);
    assertThat(problem()).contains("crashed once, runs again: no model");
    crashes.add(STREAM, new NullPointerException("no path"));
    assertThat(problem())
        .contains("crashed 2 times, is started again soon: NullPointerException: no path");
  }

  @Example
  void aStreamsOwnProblemIsToldBesides() {
    crash(STREAM);
    crashes.started(STREAM);
    var report = report(StreamState.SOURCE_DOWN, Optional.of("connection refused"));
    assertThat(crashes.withCrashes(report).problem().orElseThrow())
        .startsWith("crashed once")
        .endsWith("; connection refused");
  }

  @Example
  void theReasonWhyAStreamHasFailedIsNotHiddenByCrashes() {
    crash(STREAM);
    crashes.started(STREAM);
    var report = report(StreamState.FAILED, Optional.of("no such file"));
    assertThat(crashes.withCrashes(report)).isSameAs(report);
  }

  @Example
  void aStreamThatIsDownKeepsItsCountsAndHasNoRates() {
    crash(STREAM);
    var last = report(StreamState.RUNNING, Optional.empty());
    var down = crashes.down(STREAM, Optional.of(last));
    assertThat(down.state()).isEqualTo(StreamState.SOURCE_DOWN);
    assertThat(down.ledger()).isEqualTo(last.ledger());
    assertThat(down.decision()).isEqualTo(last.decision());
    assertThat(down.traffic().resent()).isEqualTo(last.traffic().resent());
    assertThat(down.traffic().longestGapMs()).isEqualTo(last.traffic().longestGapMs());
    assertThat(down.traffic().perSecond()).isZero();
    assertThat(down.problem().orElseThrow()).contains("crashed once", "no model");
  }

  @Example
  void aStreamThatIsDownBeforeItsFirstReportHasCountedNothing() {
    crash(STREAM);
    assertThat(crashes.down(STREAM, Optional.empty()).ledger()).isEqualTo(Ledger.EMPTY);
  }

  @Example
  void aStagesReportCountsItsCrashesWithItsOwnRestarts() {
    crash(STAGE);
    crash(STAGE);
    crashes.started(STAGE);
    var told = crashes.withCrashes(STAGE, stage(3, Optional.empty()));
    assertThat(told.restarts()).isEqualTo(5);
    assertThat(told.problem().orElseThrow()).contains("crashed 2 times, runs again", "no model");
  }

  @Example
  void aStagesOwnProblemComesFirst() {
    crash(STAGE);
    var told = crashes.withCrashes(STAGE, stage(0, Optional.of("cannot see")));
    assertThat(told.problem()).contains("cannot see");
    assertThat(told.restarts()).isEqualTo(1);
  }

  @Example
  void aStageThatIsDownIsReportedAsBackingOff() {
    crash(STAGE);
    var plan = Plans.plan(1, List.of(Plans.READER), "detect:reader");
    var down = crashes.down(plan, plan.order().get(0));
    assertThat(down.pipeline()).isEqualTo("crossing");
    assertThat(down.stage()).isEqualTo("detect");
    assertThat(down.type()).isEqualTo("reader");
    assertThat(down.state()).isEqualTo(StageState.BACKING_OFF);
    assertThat(down.restarts()).isEqualTo(1);
    assertThat(down.problem().orElseThrow()).contains("crashed once, is started again soon");
  }

  @Property(tries = 100)
  void itIsHeldBackForExactlyTheBackOffWhereverTheClockStands(
      @ForAll long start, @ForAll @IntRange(min = 1, max = 70) int times) {
    now = start;
    var last = Duration.ZERO;
    for (int i = 0; i < times; i++) {
      var backoff = crash(STAGE);
      assertThat(backoff).isBetween(last, MAX);
      assertThat(crashes.tooEarly(STAGE)).isTrue();
      pass(backoff.minusNanos(1));
      assertThat(crashes.tooEarly(STAGE)).isTrue();
      pass(Duration.ofNanos(1));
      assertThat(crashes.tooEarly(STAGE)).isFalse();
      last = backoff;
    }
  }

  private Duration crash(Record name) {
    return crashes.add(name, CAUSE);
  }

  private void pass(Duration duration) {
    now += duration.toNanos();
  }

  /** Of a stream that has no other. */
  private Optional<String> problem() {
    return crashes.withCrashes(report(StreamState.RUNNING, Optional.empty())).problem();
  }

  private static StreamReport report(StreamState state, Optional<String> problem) {
    return new StreamReport(
        STREAM,
        state,
        7,
        new Ledger(9, 4, 2, 1, 2),
        new Traffic(8, 50, 5, 12.5),
        new Latency(1, 2, 3),
        problem);
  }

  private static StageReport stage(long restarts, Optional<String> problem) {
    return new StageReport(
        "crossing",
        "detect",
        "reader",
        StageState.RUNNING,
        new Work(1, 2, 3, 4, 0, 5, 6),
        restarts,
        problem);
  }
}
