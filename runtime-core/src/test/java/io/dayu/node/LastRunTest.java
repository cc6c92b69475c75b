package io.dayu.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LastRunTest {
  @TempDir private Path dir;

  @Test
  void runsThatDieEarlyAreCountedUntilOneIsWell() {
    for (int i = 0; i < LastRun.TOO_OFTEN; i++)
      assertThat(begin().tooManyDeaths()).as("start %s", i).isEmpty();
    var late = begin();
    assertThat(late.tooManyDeaths().orElseThrow()).contains("3 times", "not stopped");
    late.well();
    assertThat(begin().tooManyDeaths()).isEmpty();
    assertThat(begin().tooManyDeaths()).isEmpty();
  }

  @Test
  void aRunThatIsStoppedHasNotDied() {
    for (int i = 0; i < LastRun.TOO_OFTEN; i++) begin();
    begin().stopped();
    assertThat(begin().tooManyDeaths()).isEmpty();
  }

  @Test
  void theReasonOfTheLastDeathIsToldAlsoWhereTheNodeIsStoppedBehindIt() {
    for (int i = 0; i < LastRun.TOO_OFTEN; i++) {
      var run = begin();
      run.died("its streams have ended = by \u00e4 fatal error\n");
      run.stopped();
    }
    assertThat(begin().tooManyDeaths().orElseThrow())
        .contains("have ended = by \u00e4 fatal error");
  }

  @Test
  void noContentOfTheFileKeepsANodeFromStarting() throws IOException {
    for (var content : new String[] {"", "early-deaths=x\nstate=DIED", "\\u12", "state=9"}) {
      Files.writeString(dir.resolve("run.properties"), content);
      assertThat(begin().tooManyDeaths()).isEmpty();
    }
  }

  @Test
  void howTheLastRunDiedIsToldUntilThisOneIsOld() {
    assertThat(begin().problem()).isEmpty();
    var second = begin();
    assertThat(second.problem().orElseThrow())
        .contains("began at 2026-03-01T10:00:00Z", "number 1 in a row within 60 s", "not stopped");
    assertThat(second.diedEarly()).isTrue();
    second.well();
    second.heardCloud();
    assertThat(second.problem()).isPresent();
    second.old();
    assertThat(second.problem()).isEmpty();
  }

  @Test
  void aDeathThatWasNotEarlyIsToldToo() {
    var run = begin();
    run.well();
    run.died("its streams have ended");
    var next = begin();
    assertThat(next.diedEarly()).isFalse();
    assertThat(next.problem().orElseThrow())
        .contains("died at 2026-03-01T10:00:00Z: its streams have ended")
        .doesNotContain("in a row");
    next.stopped();
    assertThat(begin().problem()).isEmpty();
  }

  @Test
  void thatANodeRunsWithoutWhatItKeptIsToldAlsoByLaterRunsUntilTheCloudIsHeard() {
    for (int i = 0; i < LastRun.TOO_OFTEN; i++) begin();
    var without = begin();
    without.old();
    assertThat(without.problem().orElseThrow()).contains("without the pipelines", "3 times");
    without.stopped();
    var later = begin();
    later.old();
    assertThat(later.tooManyDeaths()).isEmpty();
    assertThat(later.problem().orElseThrow()).contains("without the pipelines", "3 times");
    later.heardCloud();
    assertThat(later.problem()).isEmpty();
    later.stopped();
    assertThat(begin().problem()).isEmpty();
  }

  private LastRun begin() {
    return LastRun.begin(dir, Clock.fixed(Instant.parse("2026-03-01T10:00:00Z"), ZoneOffset.UTC));
  }
}
