package io.dayu.bench.service;

import io.dayu.bench.pipeline.ClosedLoop;
import io.dayu.bench.pipeline.Setup;
import io.dayu.bench.run.BenchPipeline;
import io.dayu.bench.run.ClusterRun;
import io.dayu.bench.run.StreamFigures;
import io.dayu.bench.run.Waiting;
import io.dayu.console.Progress;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import io.dayu.local.NodeOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Measures pipelines of one stage, all on one node: the stage is within the node, or a service that
 * the node has started. Results are acknowledged and not stored, so that the stage is most of the
 * work.
 */
final class ServiceBench {
  private static final String LATENCY = "latency";

  /**
   * Elements a second where the latency is measured: the last one is long settled when the next one
   * comes.
   */
  private static final long ONE_IN_FLIGHT = 50;

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** What is measured, in this order. */
  record Row(Way way, int payload, boolean latency) {
    static final int SMALL = 1 << 10;
    static final int LARGE = 64 << 10;

    static final List<Row> ALL =
        List.of(
            new Row(Way.IDENTITY, SMALL, false),
            new Row(Way.HTTP_BATCHED, SMALL, false),
            new Row(Way.GRPC, SMALL, false),
            new Row(Way.IDENTITY, LARGE, true),
            new Row(Way.HTTP, LARGE, true),
            new Row(Way.GRPC, LARGE, true));
  }

  private final Home home;
  private final Program program;
  private final Duration duration;
  private final Progress progress;

  /**
   * @param duration that counts, of each part
   */
  ServiceBench(Home home, Program program, Duration duration, Progress progress) {
    this.home = home;
    this.program = program;
    this.duration = duration;
    this.progress = progress;
  }

  /**
   * Measures one row after the other on one node.
   *
   * @throws io.dayu.console.UserException if the node or a service does not start, or the node dies
   */
  ServiceReport run(List<Row> rows) {
    progress.line(
        "One stage on one node, " + program.name().toLowerCase(Locale.ROOT) + " services");
    var settings = LocalCluster.Settings.temporary(home);
    return ClusterRun.run(settings, progress, cluster -> measure(cluster, rows));
  }

  private ServiceReport measure(LocalCluster cluster, List<Row> rows) {
    cluster.start(node(cluster.directory().resolve("service"), rows));
    var waiting = new Waiting(cluster, progress);
    for (var row : rows)
      waiting.until("waiting for " + row.way().type(), PATIENCE, () -> has(cluster, row.way()));
    var figures = new ArrayList<ServiceReport.Figures>();
    for (var row : rows) {
      var setup = new Setup(cluster, cluster.client(), waiting, row.payload(), duration);
      var pipeline = new BenchPipeline(List.of(Setup.CLOUD), row.way().type());
      var loop = ClosedLoop.run(setup, row.way().type(), Setup.CLOUD, pipeline);
      progress.line(
          String.format(
              Locale.ROOT,
              "  %-12s %6d bytes  %,.0f elements/s",
              row.way().word(),
              row.payload(),
              loop.elementsPerSecond()));
      Optional<StreamFigures> latency =
          row.latency() ? Optional.of(latency(setup, pipeline)) : Optional.empty();
      figures.add(new ServiceReport.Figures(row.way(), row.payload(), loop, latency));
    }
    return new ServiceReport(program, figures);
  }

  private NodeOptions node(Path directory, List<Row> rows) {
    // With the compiler of nodes that are not measured: the second one needs longer than a row
    // lasts.
    var node = Setup.cloud(Row.LARGE, false).jvm(Program.FIRST_COMPILER);
    for (var way : rows.stream().map(Row::way).distinct().toList()) {
      if (way.batch().isEmpty()) continue;
      var command = program.command(home, directory, way);
      node = node.with("dayu.services.%s.transport".formatted(way.type()), way.transport());
      for (int i = 0; i < command.size(); i++)
        node = node.with("dayu.services.%s.command.%s".formatted(way.type(), i), command.get(i));
    }
    return node;
  }

  private static boolean has(LocalCluster cluster, Way way) {
    for (var type : cluster.client().get("stages").path("items"))
      if (type.path("type").asText().equals(way.type())) return true;
    return false;
  }

  private StreamFigures latency(Setup setup, BenchPipeline pipeline) {
    setup.submit(
        LATENCY, pipeline, new BenchPipeline.Load(Setup.CLOUD, setup.payload(), ONE_IN_FLIGHT, 0));
    setup.waiting().pass(setup.title("one in flight"), duration);
    var figures = setup.figures(LATENCY);
    setup.delete(LATENCY);
    return figures;
  }
}
