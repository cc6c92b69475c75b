package io.dayu.bench.fleet;

import io.dayu.bench.run.BenchPipeline;
import io.dayu.bench.run.ClusterRun;
import io.dayu.bench.run.CpuTime;
import io.dayu.bench.run.StreamFigures;
import io.dayu.bench.run.Waiting;
import io.dayu.client.ApiClient;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.ChildProcess;
import io.dayu.local.LocalCluster;
import io.dayu.local.NodeOptions;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Forms a cluster of one cloud node and many edges, watches it at rest, then with one stream an
 * edge.
 */
final class FleetBench {
  private static final String CLOUD = "cloud-1";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /**
   * @param rate elements a second of each edge's stream
   * @param payload bytes of an element
   */
  record Fleet(int edges, int rate, int payload) {
    static String edge(int number) {
      return "edge-" + number;
    }

    List<String> names() {
      return IntStream.rangeClosed(1, edges).mapToObj(Fleet::edge).toList();
    }
  }

  private final LocalCluster.Settings settings;
  private final Fleet fleet;
  private final Progress progress;

  FleetBench(LocalCluster.Settings settings, Fleet fleet, Progress progress) {
    this.settings = settings;
    this.fleet = fleet;
    this.progress = progress;
  }

  /**
   * Watches at rest and under load for {@code duration} each, after as long to settle.
   *
   * @throws UserException if a node does not start or dies
   */
  FleetReport run(Duration duration) {
    progress.line("One cloud node and %s edges".formatted(fleet.edges()));
    return ClusterRun.run(settings, progress, cluster -> run(cluster, duration));
  }

  private FleetReport run(LocalCluster cluster, Duration duration) {
    var waiting = new Waiting(cluster, progress);
    long began = System.nanoTime();
    cluster.start(options(NodeOptions.cloud(CLOUD)));
    cluster.start(
        IntStream.rangeClosed(1, fleet.edges())
            .mapToObj(i -> options(NodeOptions.edge(Fleet.edge(i), "site-" + i)))
            .toArray(NodeOptions[]::new));
    var api = cluster.client();
    waiting.until(
        "waiting until all are members", PATIENCE, () -> members(api) == fleet.edges() + 1);
    double formed = (System.nanoTime() - began) / 1e9;
    progress.line(String.format(Locale.ROOT, "  formed in %.1f s", formed));

    waiting.pass("settling at rest", duration);
    var idle = watch(cluster, waiting, "at rest", duration);
    for (var edge : fleet.names())
      api.send(
          "POST",
          "pipelines",
          BenchPipeline.over(edge, CLOUD)
              .document(edge, new BenchPipeline.Load(edge, fleet.payload(), fleet.rate(), 0)));
    // One by one, since one question for each of many pipelines takes a while.
    for (var edge : fleet.names())
      waiting.until(
          "waiting for the first results of " + edge,
          PATIENCE,
          () -> StreamFigures.of(api, edge).ledger().delivered() > 0);
    waiting.pass("settling under load", duration);
    var before = figures(api);
    var load = watch(cluster, waiting, "under load", duration);
    var after = figures(api);
    for (var edge : fleet.names()) api.delete("pipelines/" + edge);
    return new FleetReport(fleet, formed, idle, load, before, after);
  }

  /** Several nodes share this machine: each counts what it uses itself, as with {@code up}. */
  private static NodeOptions options(NodeOptions options) {
    return options.with("dayu.monitor.cpu", "process");
  }

  private static long members(ApiClient api) {
    long up = 0;
    for (var node : api.get("nodes").path("items"))
      if (node.path("status").asText().equals("up")) up++;
    return up;
  }

  private List<StreamFigures> figures(ApiClient api) {
    return fleet.names().stream().map(edge -> StreamFigures.of(api, edge)).toList();
  }

  private FleetReport.Cost watch(
      LocalCluster cluster, Waiting waiting, String title, Duration duration) {
    var cloud = List.of(cluster.node(CLOUD).process());
    var edges =
        cluster.nodes().stream()
            .map(LocalCluster.Node::process)
            .filter(process -> !process.name().equals(CLOUD))
            .toList();
    var cloudBefore = CpuTime.of(cloud);
    var edgesBefore = CpuTime.of(edges);
    long begin = System.nanoTime();
    waiting.pass(title, duration);
    double seconds = (System.nanoTime() - begin) / 1e9;
    var cost =
        new FleetReport.Cost(
            seconds,
            CpuTime.of(cloud).minus(cloudBefore).toNanos() / 1e9 / seconds,
            CpuTime.of(edges).minus(edgesBefore).toNanos() / 1e9 / seconds,
            rssMb(cloud),
            rssMb(edges));
    progress.line(String.format(Locale.ROOT, "  %s, %.2f cores", title, cost.cores()));
    return cost;
  }

  /** Of all of them together. */
  private static double rssMb(List<ChildProcess> processes) {
    return processes.stream()
        .mapToDouble(
            process ->
                process
                        .rssBytes()
                        .orElseThrow(
                            () -> new UserException("this platform does not tell resident memory"))
                    / 1e6)
        .sum();
  }
}
