package io.dayu.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.bench.run.CommandLines;
import io.dayu.bench.truth.Verdict;
import io.dayu.client.LedgerCounts;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChaosReportTest {
  private static ChaosReport.Done done(Fault fault, int at, int files, int live) {
    return new ChaosReport.Done(
        fault,
        "edge-1",
        Duration.ofSeconds(at),
        Duration.ofSeconds(2),
        Map.of("files-1", Duration.ofMillis(files), "live-1", Duration.ofMillis(live)),
        7);
  }

  private static ChaosReport report(boolean balanced, List<String> problems) {
    var verdict =
        new Verdict(new LedgerCounts(12, 9, 1, 2, 0), 12, 10, 0, 0, 0, balanced, List.of("a note"));
    var faults =
        List.of(
            done(Fault.KILL_EDGE, 2, 300, 40),
            done(Fault.FREEZE_EDGE, 5, 200, 250),
            done(Fault.KILL_EDGE, 9, 900, 30),
            new ChaosReport.Done(
                Fault.CUT_EDGE, "edge-1", Duration.ofSeconds(12), Duration.ZERO, Map.of(), 0));
    return new ChaosReport(7, Duration.ofSeconds(20), faults, verdict, 5, 4, problems);
  }

  @Test
  void theReportCountsFaultsByKindWithTheLongestGapOfEachStream() {
    var json = report(true, List.of()).json();
    assertThat(json.at("/seed").asLong()).isEqualTo(7);
    assertThat(json.at("/durationSeconds").asDouble()).isEqualTo(20);
    assertThat(json.at("/faults/kill-edge").asInt()).isEqualTo(2);
    assertThat(json.at("/longestGapMs/kill-edge/files-1").asInt()).isEqualTo(900);
    assertThat(json.at("/longestGapMs/kill-edge/live-1").asInt()).isEqualTo(40);
    assertThat(json.at("/longestGapMs/freeze-edge/files-1").asInt()).isEqualTo(200);
    assertThat(json.at("/longestGapMs/freeze-edge/live-1").asInt()).isEqualTo(250);
    assertThat(json.at("/schedule/2/longestGapMs/files-1").asInt()).isEqualTo(900);
    assertThat(report(true, List.of()).text())
        .containsPattern("LONGEST GAP +files-1 +live-1")
        .containsPattern("kill-edge +900 ms +40 ms")
        .containsPattern("cut-edge +- +-");
    for (var figure : List.of("lost", "duplicates", "corrupted"))
      assertThat(json.path(figure).asLong(-1)).as(figure).isZero();
    assertThat(json.path("ledgerBalanced").asBoolean()).isTrue();
    assertThat(json.path("generated").asLong()).isEqualTo(12);
    assertThat(json.path("schedule")).hasSize(4);
    assertThat(json.path("variants").asInt()).isEqualTo(5);
    assertThat(json.path("variantsSeen").asInt()).isEqualTo(4);
  }

  @Test
  void anUnbalancedLedgerOrANodeThatDiedBreaksThePromise() {
    assertThat(report(true, List.of()).kept()).isTrue();
    assertThat(report(false, List.of()).kept()).isFalse();
    assertThat(report(true, List.of("edge-1 died")).kept()).isFalse();
    assertThat(report(false, List.of()).text()).contains("DOES NOT BALANCE", "a note");
  }

  @ParameterizedTest
  @CsvSource({
    "--duration,9s,--duration must be at least 10s",
    "--edges,1,--edges must be 2 to 20",
    "--faults,flood,is none of kill-edge"
  })
  void whatMakesNoSenseIsRefused(String option, String value, String why) {
    var err = new StringWriter();
    int code =
        CommandLines.of(
                new ChaosCommand(), new PrintWriter(new StringWriter()), new PrintWriter(err, true))
            .execute(option, value);
    assertThat(code).isEqualTo(2);
    assertThat(err.toString()).contains(why);
  }
}
