package io.dayu.bench.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LinkReportTest {
  private static final int PAYLOAD = 1000;

  /** One second per turn; Dayu's elements cost 2 µs of CPU, all others' 1 µs. */
  private static LinkReport.Figures figures() {
    var turns =
        new EnumMap<Mechanism, List<LinkReport.Turn>>(
            Map.of(
                Mechanism.DAYU, turns(2, 900, 90, 1000),
                Mechanism.DAYU_KEYS, turns(1, 900, 90, 1000),
                Mechanism.STOCK_STREAMS, turns(1, 1000, 100, 2000),
                Mechanism.RAW_STREAMS, turns(1, 1800, 180, 1000),
                Mechanism.BLOCKING_SOCKETS, turns(1, 9000, 900, 1000)));
    return new LinkReport.Figures(PAYLOAD, turns);
  }

  private static List<LinkReport.Turn> turns(long cpuMicros, long... elements) {
    return java.util.Arrays.stream(elements)
        .mapToObj(
            n ->
                new LinkReport.Turn(
                    n, n * PAYLOAD, Duration.ofSeconds(1), Duration.ofNanos(n * cpuMicros * 1000)))
        .toList();
  }

  @Test
  void ratiosAreMediansOverRounds() {
    var json = new LinkReport(List.of(figures())).json();

    assertThat(json.at("/ratios/stockFramedStreams").asDouble()).isEqualTo(0.9);
    assertThat(json.at("/ratios/rawStreams").asDouble()).isEqualTo(0.5);
    assertThat(json.at("/ratios/blockingSockets").asDouble()).isEqualTo(0.1);
    assertThat(json.at("/roundRatios/stockFramedStreams").size()).isEqualTo(3);
    assertThat(json.at("/cpuRatios/stockFramedStreams").asDouble()).isEqualTo(2.0);
  }

  @Test
  void everyMechanismHasItsFigures() {
    var json = new LinkReport(List.of(figures())).json();

    assertThat(json.at("/bench").asText()).isEqualTo("link");
    assertThat(json.at("/payload").asInt()).isEqualTo(PAYLOAD);
    for (var mechanism : Mechanism.values()) {
      var one = json.at("/mechanisms/" + mechanism.key());
      assertThat(one.path("elementsPerSecond").asDouble()).isPositive();
      assertThat(one.path("mbPerSecond").asDouble())
          .isCloseTo(one.path("elementsPerSecond").asDouble() / 1000, within(1e-9));
      assertThat(one.path("cpuSecondsPerElement").asDouble())
          .isEqualTo(mechanism == Mechanism.DAYU ? 2e-6 : 1e-6);
    }
  }

  @Test
  void allPayloadsAreListedAndTheFirstStandsAtTheTop() {
    var other = new LinkReport.Figures(7, figures().turns());
    var json = new LinkReport(List.of(figures(), other)).json();

    assertThat(json.at("/payload").asInt()).isEqualTo(PAYLOAD);
    assertThat(json.at("/payloads").findValuesAsText("payload")).containsExactly("1000", "7");
  }

  @Test
  void theTableNamesEveryMechanism() {
    var text = new LinkReport(List.of(figures())).text();

    for (var mechanism : Mechanism.values()) assertThat(text).contains(mechanism.title());
    assertThat(text).contains("0.90 ×");
  }

  @Test
  void aDurationIsDividedIntoRoundsOfEqualTurns() {
    assertThat(LinkBench.Plan.of(Duration.ofSeconds(40)))
        .isEqualTo(new LinkBench.Plan(4, Duration.ofSeconds(2)));
    // Never fewer than three rounds: a median of two is a mean.
    assertThat(LinkBench.Plan.of(Duration.ofSeconds(6)))
        .isEqualTo(new LinkBench.Plan(3, Duration.ofMillis(400)));
  }
}
