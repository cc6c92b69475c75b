package io.dayu.bench.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.dayu.bench.run.StreamFigures;
import io.dayu.client.LedgerCounts;
import java.util.List;
import org.junit.jupiter.api.Test;

class FleetReportTest {
  private static final FleetReport.Cost IDLE = new FleetReport.Cost(10, 0.1, 0.3, 300, 600);
  private static final FleetReport.Cost LOAD = new FleetReport.Cost(10, 0.4, 0.4, 330, 630);

  private static StreamFigures stream(long delivered, long inFlight, double p95) {
    return new StreamFigures(
        "running",
        new LedgerCounts(delivered + inFlight, delivered, 0, 0, inFlight),
        100,
        new StreamFigures.Latency(1, p95, 2 * p95),
        1,
        0,
        0);
  }

  private static FleetReport report(StreamFigures... after) {
    return new FleetReport(
        new FleetBench.Fleet(3, 100, 1024),
        12.5,
        IDLE,
        LOAD,
        List.of(stream(100, 1, 1), stream(200, 1, 1), stream(300, 1, 1)),
        List.of(after));
  }

  @Test
  void hasTheKeysOthersRelyOn() {
    var json = report(stream(1100, 2, 4), stream(1200, 2, 9), stream(1300, 2, 5)).json();

    assertThat(json.at("/bench").asText()).isEqualTo("fleet");
    assertThat(json.at("/formSeconds").asDouble()).isEqualTo(12.5);
    assertThat(json.at("/idle/coresPerNode").asDouble()).isEqualTo(0.1);
    assertThat(json.at("/idle/rssMbPerNode").asDouble()).isEqualTo(225);
    assertThat(json.at("/idle/coresPerEdge").asDouble()).isEqualTo(0.1);
    assertThat(json.at("/load/cores").asDouble()).isEqualTo(0.8);
    assertThat(json.at("/load/elementsPerSecond").asDouble()).isEqualTo(300);
    assertThat(json.at("/balanced").asBoolean()).isTrue();
  }

  @Test
  void anElementCostsWhatTheNodesUseBeyondRest() {
    var json = report(stream(1100, 2, 4), stream(1200, 2, 9), stream(1300, 2, 5)).json();

    // 0.4 cores more for 10 s, 3,000 elements.
    assertThat(json.at("/load/cpuMsPerElement").asDouble()).isCloseTo(1.333, within(1e-3));
    assertThat(json.at("/load/cpuMsPerElementWithRest").asDouble()).isCloseTo(2.667, within(1e-3));
  }

  @Test
  void theLatencyIsThatOfTheMiddleStreamAndTheWorstStandsBesideIt() {
    var json = report(stream(1100, 2, 4), stream(1200, 2, 9), stream(1300, 2, 5)).json();

    assertThat(json.at("/load/latencyMs/p95").asDouble()).isEqualTo(5);
    assertThat(json.at("/load/latencyMs/worstP95").asDouble()).isEqualTo(9);
  }

  @Test
  void aFleetThatFallsBehindSaysSo() {
    var behind = report(stream(600, 2, 4), stream(700, 2, 9), stream(800, 2, 5));

    assertThat(behind.json().at("/load/keptUp").asBoolean(true)).isFalse();
    assertThat(behind.text()).contains("DID NOT KEEP UP");
    assertThat(behind.failure()).isEmpty();
  }

  @Test
  void aLedgerThatDoesNotBalanceIsAFailure() {
    var wrong =
        new StreamFigures(
            "running",
            new LedgerCounts(9, 1, 0, 0, 0),
            1,
            new StreamFigures.Latency(1, 1, 1),
            1,
            0,
            0);
    var report = report(stream(1100, 2, 4), stream(1200, 2, 9), wrong);

    assertThat(report.failure().orElseThrow()).contains("balance");
    assertThat(report.json().at("/balanced").asBoolean(true)).isFalse();
  }

  @Test
  void nothingDeliveredIsAFailure() {
    assertThat(report(stream(100, 1, 1), stream(200, 1, 1), stream(300, 1, 1)).failure())
        .contains("nothing was delivered");
  }
}
