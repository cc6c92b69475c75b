package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.client.LedgerCounts;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class DemoReportTest {
  private static DemoReport report(LedgerCounts ledger) {
    return new DemoReport(
        ledger,
        ResultTail.Latencies.of(new double[] {5, 1, 3, 2, 4.126}),
        7,
        List.of(),
        Instant.EPOCH,
        Duration.ofSeconds(20),
        List.of(new DemoReport.Node("edge-1", "edge", 123_456_789)));
  }

  @Test
  void theFormOtherProgramsRelyOn() {
    assertThat(report(new LedgerCounts(10, 7, 1, 1, 1)).json().toString())
        .isEqualTo(
            "{\"ledger\":{\"generated\":10,\"delivered\":7,\"failed\":1,\"shed\":1,\"inFlight\":1},"
                + "\"latencyMs\":{\"p50\":3.0,\"p95\":5.0,\"p99\":5.0},"
                + "\"routeChanges\":0,\"elementsPerSecond\":0.35,"
                + "\"nodes\":[{\"name\":\"edge-1\",\"role\":\"edge\",\"rssMb\":123}]}");
  }

  @Test
  void anImbalanceAndSilenceAreFailures() {
    assertThat(report(new LedgerCounts(10, 7, 1, 1, 1)).failure()).isEmpty();
    assertThat(report(new LedgerCounts(10, 7, 1, 1, 0)).failure().orElseThrow())
        .contains("does not balance");
    assertThat(report(new LedgerCounts(10, 0, 9, 1, 0)).failure())
        .contains("nothing was delivered");
  }
}
