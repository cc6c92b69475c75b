package io.dayu.bench.change;

import io.dayu.bench.pipeline.ClosedLoop;
import io.dayu.bench.pipeline.Setup;
import io.dayu.bench.run.BenchPipeline;
import io.dayu.bench.run.ClusterRun;
import io.dayu.bench.run.Waiting;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import io.dayu.local.TcpConnection;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Measures what new keys of all nodes cost elements that flow at half of the highest rate, from an
 * edge to the result store in the cloud.
 */
final class KeysBench {
  private static final String EDGE = "edge-1";
  private static final int PAYLOAD = 1 << 10;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** A link that nothing uses is closed after 30 s, and would look as if it had been dropped. */
  private static final Duration UNUSED_LINKS_CLOSE = Duration.ofSeconds(35);

  /** Elements a second of the pipeline that shows that links can be made with the last keys. */
  private static final int LATER = 100;

  private final Home home;
  private final Duration duration;
  private final Progress progress;

  /**
   * @param duration of the steady part, and of that in which keys are replaced
   */
  KeysBench(Home home, Duration duration, Progress progress) {
    this.home = home;
    this.duration = duration;
    this.progress = progress;
  }

  /**
   * @throws UserException if a node does not start, dies or does not take new keys
   */
  KeysReport run() {
    progress.line("Three stages from an edge to the store, 1024 bytes, nodes with keys");
    return ClusterRun.run(LocalCluster.Settings.temporary(home), progress, this::measure);
  }

  private KeysReport measure(LocalCluster cluster) {
    var keys = new KeyFiles(cluster.directory().resolve("keys"));
    cluster.start(keys.give(Setup.cloud(PAYLOAD, true)));
    var setup =
        new Setup(cluster, cluster.client(), new Waiting(cluster, progress), PAYLOAD, duration);
    setup.start(keys.give(setup.edge(EDGE)));
    double half = ClosedLoop.run(setup, EDGE).elementsPerSecond() / 2;
    setup.waiting().pass("waiting until unused links close", UNUSED_LINKS_CLOSE);
    var flow = new Flow(setup, "keys", EDGE, BenchPipeline.IDENTITY, Math.max(1, Math.round(half)));
    flow.start();
    setup.waiting().pass("steady", duration);
    var links = TcpConnection.between(cluster);
    double steady = flow.figures().longestGapMs();
    var renewals = renewals(keys);
    int done = 0;
    for (var renewal : renewals.entrySet()) {
      renewal.getValue().run();
      int times = ++done;
      setup
          .waiting()
          .until(
              renewal.getKey(),
              PATIENCE,
              () -> cluster.nodes().stream().allMatch(n -> taken(n) >= times));
      setup.waiting().pass(renewal.getKey(), duration.dividedBy(renewals.size()));
    }
    var now = TcpConnection.between(cluster);
    long dropped = links.stream().filter(link -> !now.contains(link)).count();
    var later = new Flow(setup, "later", EDGE, BenchPipeline.IDENTITY, LATER);
    later.start();
    return new KeysReport(
        half,
        renewals.size(),
        new KeysReport.Links(links.size(), dropped),
        steady,
        flow.settle(),
        later.settle());
  }

  private static Map<String, Runnable> renewals(KeyFiles keys) {
    var renewals = new LinkedHashMap<String, Runnable>();
    renewals.put("renewing all keys", keys::renew);
    renewals.put("trusting a second authority", keys::trustNext);
    renewals.put("renewing all keys by the second authority", keys::renew);
    renewals.put("trusting the second authority alone", keys::trustOnlyNext);
    renewals.put("copying new keys over the former ones", keys::copy);
    return renewals;
  }

  private static long taken(LocalCluster.Node node) {
    return node.process().tail(Integer.MAX_VALUE).stream()
        .filter(line -> line.contains("new key of "))
        .count();
  }
}
