package io.dayu.bench.revision;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.bench.pipeline.Settled;
import io.dayu.client.LedgerCounts;
import java.util.List;
import org.junit.jupiter.api.Test;

class RevisionReportTest {
  private static RevisionReport report(Revisions revision, boolean tookOver, long lost) {
    return new RevisionReport(
        200,
        List.of(
            new RevisionReport.Part(
                revision,
                tookOver,
                "because",
                900,
                30,
                7_000,
                new Settled(
                    1_000, lost, 0, 120, new LedgerCounts(1_000, 1_000 - lost, lost, 0, 0)))));
  }

  @Test
  void hasTheKeysOthersRelyOn() {
    var json = report(Revisions.NEVER_READY, false, 0).json();
    assertThat(json.at("/bench").asText()).isEqualTo("revision");
    var part = json.at("/revisions/never_ready");
    assertThat(part.path("tookOver").asBoolean(true)).isFalse();
    assertThat(part.path("lost").asInt(-1)).isZero();
    assertThat(part.path("longestGapMs").asDouble()).isEqualTo(120);
    assertThat(part.path("firstMs").asDouble()).isEqualTo(900);
    assertThat(part.path("balanced").asBoolean()).isTrue();
  }

  @Test
  void whatIsLostOrGoesTheWrongWayIsAFailure() {
    assertThat(report(Revisions.GOOD, true, 0).failure()).isEmpty();
    assertThat(report(Revisions.GARBAGE, false, 0).failure()).isEmpty();
    assertThat(report(Revisions.GARBAGE, true, 0).failure())
        .hasValueSatisfying(why -> assertThat(why).contains("was not taken back: because"));
    assertThat(report(Revisions.GOOD, false, 0).failure())
        .hasValueSatisfying(why -> assertThat(why).contains("was taken back"));
    assertThat(report(Revisions.ERRORS, false, 1).failure())
        .hasValueSatisfying(why -> assertThat(why).contains("cost elements"));
  }
}
