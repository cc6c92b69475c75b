package io.dayu.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * How much is shed while faults happen. That depends on what else runs, so nothing else does: the
 * build starts this class alone.
 */
@Timeout(300)
class ShedClusterIT {
  @Test
  void littleIsShedWhenTheSharedStoreOrOneOfThreeCloudNodesIsAway() {
    assertThat(ChaosRun.possible(Fault.Need.STORE, NetworkKind.PROXY)).as("PostgreSQL").isTrue();
    var kinds =
        EnumSet.of(
            Fault.STORE_OUTAGE,
            Fault.KILL_CLOUD,
            Fault.FREEZE_CLOUD,
            Fault.KILL_EDGE,
            Fault.CUT_FROM_CLOUD);
    var report =
        ChaosClusterIT.run(
            new ChaosRun.Settings(
                11, Duration.ofSeconds(40), kinds, 3, 2, NetworkKind.best(), OptionalInt.empty()));
    ChaosClusterIT.happened(report, kinds.size());
    // Without the outbox it is a seventh. On a quiet machine it is less than a hundredth.
    var ledger = report.verdict().ledger();
    assertThat(ledger.shed()).as(report.text()).isLessThan(ledger.generated() / 20);
  }
}
