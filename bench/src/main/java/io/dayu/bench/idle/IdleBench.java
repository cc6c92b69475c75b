package io.dayu.bench.idle;

import io.dayu.bench.run.ClusterRun;
import io.dayu.bench.run.CpuTime;
import io.dayu.bench.run.Waiting;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.Endpoints;
import io.dayu.local.LocalCluster;
import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Watches an edge node without pipelines, with the flags of a small node, while it is a member of a
 * cluster with one cloud node.
 */
final class IdleBench {
  /** The heap of a small edge. */
  static final int HEAP_MB = 64;

  /** Until the compiler has seen what an idle node does. */
  static final int SETTLE_SECONDS = 60;

  private final LocalCluster.Settings settings;
  private final Progress progress;

  IdleBench(LocalCluster.Settings settings, Progress progress) {
    this.settings = settings;
    this.progress = progress;
  }

  /** Starts the nodes, lets them settle and watches the edge for {@code duration}. */
  IdleReport run(Duration duration) {
    progress.line("An edge node with nothing to do");
    return ClusterRun.run(settings, progress, cluster -> run(cluster, duration));
  }

  private IdleReport run(LocalCluster cluster, Duration duration) {
    cluster.start(NodeOptions.cloud("cloud-1"));
    var edge = cluster.start(NodeOptions.edge("edge-1", "site-1").heapMb(HEAP_MB)).get(0);
    var waiting = new Waiting(cluster, progress);
    waiting.pass("settling", Duration.ofSeconds(SETTLE_SECONDS));
    var processes = List.of(edge.process());
    var cpu = CpuTime.of(processes);
    long begin = System.nanoTime();
    var rss = new ArrayList<Double>();
    waiting.pass("watching", duration, passed -> rss.add(rss(edge)));
    double seconds = (System.nanoTime() - begin) / 1e9;
    double busy = CpuTime.of(processes).minus(cpu).toNanos() / 1e9;
    return new IdleReport(
        rss.stream().mapToDouble(r -> r).max().orElseThrow(),
        100 * busy / seconds,
        edge.endpoints().readySeconds(),
        wallClock(edge));
  }

  private static double rss(LocalCluster.Node node) {
    return node.process()
            .rssBytes()
            .orElseThrow(() -> new UserException("this platform does not tell resident memory"))
        / 1e6;
  }

  /** From the start of the process to the file that says it is ready, in seconds. */
  private static double wallClock(LocalCluster.Node node) {
    try {
      var ready = Files.getLastModifiedTime(node.dataDir().resolve(Endpoints.FILE)).toInstant();
      var started =
          ProcessHandle.of(node.process().pid())
              .flatMap(handle -> handle.info().startInstant())
              .orElse(Instant.MAX);
      if (started.isAfter(ready))
        throw new UserException("the start time of " + node.options().name() + " cannot be read");
      return Duration.between(started, ready).toMillis() / 1e3;
    } catch (IOException e) {
      throw new UserException("the node is no longer ready: " + e.getMessage(), e);
    }
  }
}
