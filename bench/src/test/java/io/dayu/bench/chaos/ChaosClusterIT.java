package io.dayu.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.console.Progress;
import io.dayu.local.Home;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.EnumSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Breaks real processes, as a user does; the nodes' modules must have been packaged. */
@Timeout(300)
class ChaosClusterIT {
  private static final Duration DURATION = Duration.ofSeconds(20);
  private static final int FAULTS = 3;

  private static ChaosReport run(long seed, Set<Fault> kinds, NetworkKind network) {
    return run(new ChaosRun.Settings(seed, DURATION, kinds, 1, 2, network, OptionalInt.empty()));
  }

  static ChaosReport run(ChaosRun.Settings settings) {
    var told = new StringWriter();
    var progress = Progress.to(new PrintWriter(told, true), false);
    var report = new ChaosRun(Home.find(), settings, progress).run();
    assertThat(report.kept()).as("%s%n%s", told, report.text()).isTrue();
    return report;
  }

  static void happened(ChaosReport report, int kinds) {
    assertThat(report.faults()).hasSizeGreaterThanOrEqualTo(FAULTS);
    assertThat(report.faults().stream().map(ChaosReport.Done::fault).collect(Collectors.toSet()))
        .hasSizeGreaterThanOrEqualTo(kinds);
    assertThat(report.verdict().given()).isPositive();
    assertThat(report.verdict().stored()).isPositive();
    // With both edges down at once nothing may be cut for a while.
    assertThat(report.faults().stream().filter(f -> f.generated() > 0).count())
        .as(report.text())
        .isGreaterThanOrEqualTo(FAULTS);
  }

  @Test
  void nothingIsLostWhenNodesAreKilledAndFreezeAndProxiesCutThemOff() {
    var kinds =
        EnumSet.of(
            Fault.KILL_EDGE,
            Fault.FREEZE_EDGE,
            Fault.FREEZE_CLOUD,
            Fault.CUT_EDGE,
            Fault.CUT_FROM_CLOUD);
    happened(run(6, kinds, NetworkKind.PROXY), kinds.size());
  }

  @Test
  void nothingIsLostWhenServicesDieAndPipelinesChange() {
    var kinds =
        EnumSet.of(
            Fault.KILL_SERVICE,
            Fault.FREEZE_SERVICE,
            Fault.CHANGE_STAGES,
            Fault.CHANGE_PARAMETERS,
            Fault.PAUSE);
    var report = run(3, kinds, NetworkKind.NONE);
    happened(report, kinds.size());
    assertThat(report.seen()).as(report.text()).isGreaterThan(Schedule.PIPELINES);
  }

  @Test
  void nothingIsLostWhenNetworksAndDisksFail() {
    // Without root there are fewer kinds, and proxies for a network.
    var network = NetworkKind.best();
    var kinds = EnumSet.copyOf(ChaosRun.possible(1, network));
    kinds.removeAll(EnumSet.of(Fault.KILL_CLOUD, Fault.FREEZE_CLOUD, Fault.SLOW_LINK));
    happened(run(4, kinds, network), 3);
  }
}
