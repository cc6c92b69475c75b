package io.dayu.bench.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.bench.run.StreamFigures;
import io.dayu.client.LedgerCounts;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PipelineReportTest {
  private static final LedgerCounts BALANCED = new LedgerCounts(100, 90, 0, 0, 10);
  private static final LedgerCounts UNBALANCED = new LedgerCounts(100, 90, 0, 0, 9);

  private static ClosedLoop loop(double cpuMsPerElement, LedgerCounts ledger) {
    return new ClosedLoop(
        30_000,
        cpuMsPerElement,
        Map.of("edge-1", 0.5, "cloud-1", 1.0),
        0,
        Map.of("edge-1", Map.of("flow-stages", 0.4, "main", 0.001)),
        0,
        ledger);
  }

  private static PipelineReport.Figures figures(
      int payload, LedgerCounts ledger, Optional<RouteChange> routeChange) {
    return new PipelineReport.Figures(
        payload,
        loop(0.05, ledger),
        Optional.empty(),
        new OneInFlight(new StreamFigures.Latency(1, 2, 3), 50, BALANCED),
        routeChange);
  }

  private static RouteChange moved(long missing, long duplicates) {
    return new RouteChange(15_000, 4, 20, 120, missing, duplicates, 0, BALANCED);
  }

  @Test
  void hasTheKeysOthersRelyOn() {
    var json =
        new PipelineReport(List.of(figures(1024, BALANCED, Optional.of(moved(0, 0))))).json();

    assertThat(json.at("/bench").asText()).isEqualTo("pipeline");
    assertThat(json.at("/payload").asInt()).isEqualTo(1024);
    assertThat(json.at("/elementsPerSecond").asDouble()).isEqualTo(30_000);
    assertThat(json.at("/latencyMs/p50").asDouble()).isEqualTo(1);
    assertThat(json.at("/latencyMs/p95").asDouble()).isEqualTo(2);
    assertThat(json.at("/latencyMs/p99").asDouble()).isEqualTo(3);
    assertThat(json.at("/cpuMsPerElement").asDouble()).isEqualTo(0.05);
    assertThat(json.at("/balanced").asBoolean()).isTrue();
    assertThat(json.at("/ledger/generated").asLong()).isEqualTo(100);
    assertThat(json.at("/coresBusy/cloud-1").asDouble()).isEqualTo(1);
    assertThat(json.at("/routeChange/lost").asLong(-1)).isZero();
    assertThat(json.at("/routeChange/longestGapMs").asDouble()).isEqualTo(120);
  }

  @Test
  void tellsWhichThreadsWereBusy() {
    var report = new PipelineReport(List.of(figures(1024, BALANCED, Optional.empty())));

    assertThat(report.json().at("/threads/edge-1/flow-stages").asDouble()).isEqualTo(0.4);
    assertThat(report.json().at("/threads/edge-1/main").asDouble()).isEqualTo(0.001);
    assertThat(report.text()).contains("flow-stages").doesNotContain("main");
  }

  private static PipelineReport.Figures withStages(LedgerCounts ledger) {
    var costs =
        new StageCosts(
            new TreeMap<>(
                Map.of(1, loop(0.03, BALANCED), 3, loop(0.05, BALANCED), 9, loop(0.11, ledger))),
            loop(0.06, BALANCED),
            loop(0.10, BALANCED));
    return new PipelineReport.Figures(
        1024,
        loop(0.05, BALANCED),
        Optional.of(costs),
        new OneInFlight(new StreamFigures.Latency(1, 2, 3), 50, BALANCED),
        Optional.empty());
  }

  @Test
  void aStageAndAHopHaveTheirOwnCost() {
    var report = new PipelineReport(List.of(withStages(BALANCED)));

    var json = report.json().at("/stages");
    assertThat(json.at("/9/cpuMsPerElement").asDouble()).isEqualTo(0.11);
    assertThat(json.at("/cpuMsPerStage").asDouble()).isEqualTo(0.01);
    assertThat(json.at("/cpuMsPerHop").asDouble()).isEqualTo(0.02);
    assertThat(report.text()).contains("0.0100 ms CPU a stage, 0.0200 ms a hop");
  }

  @Test
  void theLedgerOfEveryNumberOfStagesCounts() {
    assertThat(new PipelineReport(List.of(withStages(UNBALANCED))).failure().orElseThrow())
        .contains("balance");
  }

  @Test
  void allPayloadsAreListedAndTheFirstStandsAtTheTop() {
    var report =
        new PipelineReport(
            List.of(
                figures(1024, BALANCED, Optional.empty()),
                figures(65536, BALANCED, Optional.empty())));

    assertThat(report.json().at("/payload").asInt()).isEqualTo(1024);
    assertThat(report.json().at("/payloads").findValuesAsText("payload"))
        .containsExactly("1024", "65536");
    assertThat(report.json().has("routeChange")).isFalse();
    assertThat(report.failure()).isEmpty();
  }

  @Test
  void aLedgerThatDoesNotBalanceIsAFailure() {
    var report = new PipelineReport(List.of(figures(1024, UNBALANCED, Optional.empty())));

    assertThat(report.json().at("/balanced").asBoolean(true)).isFalse();
    assertThat(report.failure()).hasValueSatisfying(why -> assertThat(why).contains("balance"));
    assertThat(report.text()).contains("DOES NOT BALANCE");
  }

  @Test
  void lostAndDoubledResultsAreFailures() {
    var lost = new PipelineReport(List.of(figures(1024, BALANCED, Optional.of(moved(3, 0)))));
    var twice = new PipelineReport(List.of(figures(1024, BALANCED, Optional.of(moved(0, 2)))));

    assertThat(lost.failure().orElseThrow()).contains("lost 3 elements");
    assertThat(twice.failure().orElseThrow()).contains("stored 2 twice");
  }
}
