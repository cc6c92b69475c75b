package io.dayu.bench.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.bench.pipeline.ClosedLoop;
import io.dayu.bench.run.StreamFigures;
import io.dayu.client.LedgerCounts;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ServiceReportTest {
  private static final LedgerCounts BALANCED = new LedgerCounts(100, 90, 0, 0, 10);

  private static ServiceReport.Figures figures(
      Way way, int payload, double cpuMs, Optional<Double> p50, LedgerCounts ledger) {
    var loop =
        new ClosedLoop(
            5_000,
            cpuMs,
            Map.of("cloud-1", 0.75),
            way == Way.IDENTITY ? 0 : 0.5,
            Map.of("cloud-1", Map.of("service-calls", 0.25)),
            0,
            ledger);
    return new ServiceReport.Figures(
        way,
        payload,
        loop,
        p50.map(
            ms ->
                new StreamFigures(
                    "reading", BALANCED, 50, new StreamFigures.Latency(ms, 2, 3), 1, 0, 0)));
  }

  private static ServiceReport report(LedgerCounts ofService) {
    return new ServiceReport(
        Program.JAVA,
        List.of(
            figures(Way.IDENTITY, 65536, 0.1, Optional.of(1.0), BALANCED),
            figures(Way.HTTP, 65536, 0.25, Optional.of(1.5), ofService),
            figures(Way.HTTP_BATCHED, 1024, 0.05, Optional.empty(), BALANCED)));
  }

  @Test
  void hasTheKeysOthersRelyOn() {
    var json = report(BALANCED).json();

    assertThat(json.at("/bench").asText()).isEqualTo("service");
    assertThat(json.at("/service").asText()).isEqualTo("java");
    assertThat(json.at("/balanced").asBoolean()).isTrue();
    assertThat(json.at("/identity/65536/perCoreSecond").asDouble()).isEqualTo(10_000);
    assertThat(json.at("/identity/65536/latencyMs/p50").asDouble()).isEqualTo(1);
    assertThat(json.at("/identity/65536").has("overheadMs")).isFalse();
    assertThat(json.at("/http/65536/perCoreSecond").asDouble()).isEqualTo(4_000);
    assertThat(json.at("/http/65536/overheadMs/p50").asDouble()).isEqualTo(0.5);
    assertThat(json.at("/http/65536/coresBusy/node").asDouble()).isEqualTo(0.75);
    assertThat(json.at("/http/65536/coresBusy/service").asDouble()).isEqualTo(0.5);
    assertThat(json.at("/http/65536/threads/service-calls").asDouble()).isEqualTo(0.25);
    assertThat(json.at("/http/65536/ledger/delivered").asLong()).isEqualTo(90);
    assertThat(json.at("/httpBatched/1024/elementsPerSecond").asDouble()).isEqualTo(5_000);
  }

  @Test
  void aStageThatDoesNothingAndFailsElementsIsAFailure() {
    assertThat(report(BALANCED).failure()).isEmpty();
    assertThat(report(new LedgerCounts(100, 80, 10, 0, 10)).failure())
        .hasValueSatisfying(why -> assertThat(why).contains("http, 65536 bytes", "failed"));
    assertThat(report(new LedgerCounts(100, 90, 0, 0, 9)).failure())
        .hasValueSatisfying(why -> assertThat(why).contains("does not balance"));
  }

  @Test
  void peopleSeeWhatAServiceCosts() {
    assertThat(report(BALANCED).text()).contains("PER CORE-SECOND", "4,000", "0.50 ms", "balances");
  }
}
