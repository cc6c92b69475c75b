package io.dayu.bench.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dayu.client.LedgerCounts;
import org.junit.jupiter.api.Test;

class StreamFiguresTest {
  @Test
  void readsTheOnlyStreamOfAPipeline() throws Exception {
    var answer =
        """
        {"name": "moves", "status": {"streams": [{
          "state": "completed", "perSecond": 12.5, "decisionInUse": 3, "resent": 1,
          "ledger": {"generated": 9, "delivered": 7, "failed": 1, "shed": 0, "inFlight": 1},
          "latencyMs": {"p50": 1.5, "p95": 2.5, "p99": 3.5}, "longestGapMs": 40.25}]}}
        """;

    assertThat(StreamFigures.of(new ObjectMapper().readTree(answer)))
        .isEqualTo(
            new StreamFigures(
                "completed",
                new LedgerCounts(9, 7, 1, 0, 1),
                12.5,
                new StreamFigures.Latency(1.5, 2.5, 3.5),
                3,
                1,
                40.25));
  }
}
