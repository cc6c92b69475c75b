package io.dayu.bench.compare;

import io.dayu.bench.pipeline.ClosedLoop;
import io.dayu.bench.pipeline.OneInFlight;
import io.dayu.bench.pipeline.Setup;
import io.dayu.bench.run.Waiting;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.LocalCluster;
import java.time.Duration;

/** Dayu at the work, in fresh nodes: as {@code dayu bench pipeline} measures it. */
final class DayuRun {
  private static final String EDGE = "edge-1";

  private final LocalCluster cluster;
  private final Progress progress;
  private final int payload;
  private final Duration duration;

  /**
   * @param cluster the nodes end with it
   * @param duration that counts
   */
  DayuRun(LocalCluster cluster, Progress progress, int payload, Duration duration) {
    this.cluster = cluster;
    this.progress = progress;
    this.payload = payload;
    this.duration = duration;
  }

  Throughput throughput(boolean stored) {
    var setup = setup(stored);
    setup.start(setup.edge(EDGE));
    var loop = ClosedLoop.run(setup, EDGE);
    if (!loop.ledger().balances())
      throw new UserException("the ledger does not balance: " + loop.ledger());
    return new Throughput(loop.elementsPerSecond(), loop.cpuMsPerElement());
  }

  Latency latency() {
    var one = OneInFlight.run(setup(true), EDGE);
    return new Latency(one.latency().p50(), one.latency().p99());
  }

  private Setup setup(boolean stored) {
    cluster.start(Setup.cloud(payload, stored));
    return new Setup(cluster, cluster.client(), new Waiting(cluster, progress), payload, duration);
  }
}
