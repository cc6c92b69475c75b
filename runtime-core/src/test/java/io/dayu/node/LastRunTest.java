package io.dayu.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LastRunTest {
  @TempDir private Path dir;

  @Test
  void runsThatDieEarlyAreCountedUntilOneIsWell() {
    for (int i = 0; i < LastRun.TOO_OFTEN; i++)
      assertThat(LastRun.begin(dir).tooManyDeaths()).as("start %s", i).isEmpty();
    var late = LastRun.begin(dir);
    assertThat(late.tooManyDeaths().orElseThrow()).contains("3 times", "not stopped");
    late.well();
    assertThat(LastRun.begin(dir).tooManyDeaths()).isEmpty();
    assertThat(LastRun.begin(dir).tooManyDeaths()).isEmpty();
  }

  @Test
  void aRunThatIsStoppedHasNotDied() {
    for (int i = 0; i < LastRun.TOO_OFTEN; i++) LastRun.begin(dir);
    LastRun.begin(dir).stopped();
    assertThat(LastRun.begin(dir).tooManyDeaths()).isEmpty();
  }

  @Test
  void theReasonOfTheLastDeathIsToldAlsoWhereTheNodeIsStoppedBehindIt() {
    for (int i = 0; i < LastRun.TOO_OFTEN; i++) {
      var run = LastRun.begin(dir);
      run.died("its streams have ended = by \u00e4 fatal error\n");
      run.stopped();
    }
    assertThat(LastRun.begin(dir).tooManyDeaths().orElseThrow())
        .contains("have ended = by \u00e4 fatal error");
  }

  @Test
  void noContentOfTheFileKeepsANodeFromStarting() throws IOException {
    for (var content : new String[] {"", "early-deaths=x\nstate=DIED", "\\u12", "state=9"}) {
      Files.writeString(dir.resolve("run.properties"), content);
      assertThat(LastRun.begin(dir).tooManyDeaths()).isEmpty();
    }
  }
}
