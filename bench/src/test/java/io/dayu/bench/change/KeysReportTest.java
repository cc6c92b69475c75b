package io.dayu.bench.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.bench.pipeline.Settled;
import io.dayu.client.LedgerCounts;
import org.junit.jupiter.api.Test;

class KeysReportTest {
  private static KeysReport report(long dropped, long lost, long lostLater) {
    return new KeysReport(
        5000, 5, new KeysReport.Links(6, dropped), 40, settled(lost), settled(lostLater));
  }

  private static Settled settled(long lost) {
    return new Settled(1000, lost, 0, 120, new LedgerCounts(1000, 1000 - lost, lost, 0, 0));
  }

  @Test
  void hasTheKeysOthersRelyOn() {
    var json = report(0, 0, 0).json();

    assertThat(json.at("/bench").asText()).isEqualTo("keys");
    assertThat(json.at("/renewals").asInt()).isEqualTo(5);
    assertThat(json.at("/links").asInt()).isEqualTo(6);
    assertThat(json.at("/linksDropped").asInt(-1)).isZero();
    assertThat(json.at("/lost").asInt(-1)).isZero();
    assertThat(json.at("/longestGapMs").asDouble()).isEqualTo(120);
    assertThat(json.at("/balanced").asBoolean()).isTrue();
  }

  @Test
  void whatIsLostOrDroppedIsAFailure() {
    assertThat(report(0, 0, 0).failure()).isEmpty();
    assertThat(report(1, 0, 0).failure())
        .hasValueSatisfying(why -> assertThat(why).contains("1 of 6 connections"));
    assertThat(report(0, 1, 0).failure())
        .hasValueSatisfying(why -> assertThat(why).contains("new keys cost"));
    assertThat(report(0, 0, 1).failure())
        .hasValueSatisfying(why -> assertThat(why).contains("last keys"));
  }
}
