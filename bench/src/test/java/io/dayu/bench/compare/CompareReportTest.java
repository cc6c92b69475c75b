package io.dayu.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CompareReportTest {
  private static CompareReport report() {
    var stored =
        RoundsTest.rounds(new double[] {40, 60}, new double[] {80, 80}, new double[] {10, 10});
    var unstored =
        RoundsTest.rounds(new double[] {300, 300}, new double[] {100, 200}, new double[] {20, 20});
    var latencies =
        Map.of(
            Contestant.DAYU, new Latency(1.5, 9),
            Contestant.JET, new Latency(3.5, 10),
            Contestant.FLINK, new Latency(0.8, 4),
            Contestant.FLINK_CHAINED, new Latency(0.5, 2));
    return new CompareReport(
        2,
        List.of(
            new CompareReport.Figures(1024, stored, unstored, latencies),
            new CompareReport.Figures(65536, stored, unstored, Map.of())));
  }

  @Test
  void hasTheKeysOthersRelyOn() {
    var json = report().json();

    for (var engine : new String[] {"dayu", "jet", "flink"})
      for (var part : new String[] {"stored", "unstored"}) {
        var figures = json.at("/payloads/1024").path(part).path(engine);
        assertThat(figures.path("elementsPerSecond").asDouble()).isPositive();
        assertThat(figures.path("cpuMsPerElement").asDouble()).isPositive();
      }
    assertThat(json.at("/payloads/1024/stored/ratioToBest").asDouble()).isEqualTo(0.625);
    assertThat(json.at("/payloads/1024/stored/ratioToBestRange").toString())
        .isEqualTo("[0.5,0.75]");
    assertThat(json.at("/payloads/65536/unstored/ratioToBest").asDouble()).isEqualTo(2.25);
    assertThat(json.at("/latencyMs/dayu/p50").asDouble()).isEqualTo(1.5);
    assertThat(json.at("/latencyMs/jet/p99").asDouble()).isEqualTo(10);
    assertThat(json.at("/latencyMs/flink/p99").asDouble()).isEqualTo(4);
  }

  @Test
  void saysWhatIsFairAndWhatIsNot() {
    assertThat(report().text())
        .contains("Dayu ÷ the better engine with hops: 0.63 (0.50–0.75)")
        .contains("Against Dayu:", "Against the engines:", "synchronous=FULL", "one process");
  }
}
