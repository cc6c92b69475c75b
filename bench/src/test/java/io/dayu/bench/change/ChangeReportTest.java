package io.dayu.bench.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.bench.pipeline.Settled;
import io.dayu.client.LedgerCounts;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChangeReportTest {
  private static Settled settled(long lost, long duplicates, double gap) {
    return new Settled(
        1000, lost, duplicates, gap, new LedgerCounts(1000, 1000 - lost, lost, 0, 0));
  }

  private static ChangeReport report(long restarted, Settled changed, Settled killed) {
    return new ChangeReport(
        5000,
        new ChangeReport.Changed(4, restarted, 40, changed),
        new ChangeReport.Paused(List.of(300.0, 500.0), List.of(700.0, 600.0), settled(0, 0, 2000)),
        new ChangeReport.Killed(500, killed));
  }

  private static final Settled WELL = settled(0, 0, 120);

  @Test
  void hasTheKeysOthersRelyOn() {
    var json = report(0, WELL, settled(0, 0, 900)).json();

    assertThat(json.at("/bench").asText()).isEqualTo("change");
    assertThat(json.at("/elementsPerSecond").asDouble()).isEqualTo(5000);
    assertThat(json.at("/change/longestGapMs").asDouble()).isEqualTo(120);
    assertThat(json.at("/change/steadyGapMs").asDouble()).isEqualTo(40);
    assertThat(json.at("/change/lost").asLong(-1)).isZero();
    assertThat(json.at("/change/duplicates").asLong(-1)).isZero();
    assertThat(json.at("/change/restarted").asLong(-1)).isZero();
    assertThat(json.at("/pause/pausedMs").asDouble()).isEqualTo(500);
    assertThat(json.at("/pause/resumedMs").asDouble()).isEqualTo(700);
    assertThat(json.at("/killedService/throughAgainMs").asDouble()).isEqualTo(900);
    assertThat(json.at("/killedService/balanced").asBoolean()).isTrue();
  }

  @Test
  void whatIsLostOrComesTwiceOrRestartsIsAFailure() {
    assertThat(report(0, WELL, WELL).failure()).isEmpty();
    assertThat(report(0, settled(1, 0, 120), WELL).failure())
        .hasValueSatisfying(why -> assertThat(why).contains("a change cost"));
    assertThat(report(0, WELL, settled(0, 2, 120)).failure())
        .hasValueSatisfying(why -> assertThat(why).contains("loss of a service cost"));
    assertThat(report(1, WELL, WELL).failure())
        .hasValueSatisfying(why -> assertThat(why).contains("no change touches"));
  }

  @Test
  void peopleSeeTheLongestGap() {
    assertThat(report(0, WELL, settled(0, 0, 900)).text())
        .contains("longest gap 120 ms (steady 40 ms)", "paused after 500 ms", "after 900 ms");
  }
}
