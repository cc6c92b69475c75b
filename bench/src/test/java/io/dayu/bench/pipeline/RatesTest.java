package io.dayu.bench.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.bench.run.StreamFigures;
import io.dayu.client.LedgerCounts;
import io.dayu.console.UserException;
import org.junit.jupiter.api.Test;

class RatesTest {
  private final ClosedLoop.Rates rates = new ClosedLoop.Rates();

  private void report(long delivered, double perSecond) {
    rates.report(
        new StreamFigures(
            "running",
            new LedgerCounts(delivered, delivered, 0, 0, 0),
            perSecond,
            new StreamFigures.Latency(0, 0, 0),
            1,
            0,
            0));
  }

  @Test
  void everyReportCountsOnceAndTheOneFromBeforeNever() {
    report(100, 5);
    report(100, 5);
    report(300, 200);
    report(300, 200);
    report(700, 400);

    assertThat(rates.mean()).isEqualTo(300);
  }

  @Test
  void aPipelineThatStandsStillHasNoRate() {
    report(100, 5);
    report(100, 0);

    assertThatThrownBy(rates::mean).isInstanceOf(UserException.class);
  }
}
