package io.dayu.bench.pipeline;

import io.dayu.bench.run.ClusterRun;
import io.dayu.bench.run.Waiting;
import io.dayu.console.Progress;
import io.dayu.local.LocalCluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Measures three identity stages (edge, edge, cloud) into the stored distributor, with fresh nodes
 * for each payload: first the highest rate, then other numbers of stages and route changes at half
 * of it if they were asked for, then the latency of one element in flight.
 */
final class PipelineBench {
  private static final String EDGE = "edge-1";
  private static final String SECOND_EDGE = "edge-2";
  private static final String LATENCY_EDGE = "edge-3";

  /**
   * @param duration that counts, of each part
   * @param routeChange whether stages are moved as well
   * @param stored whether results are stored
   * @param stages numbers of stages to be compared; empty for no comparison
   */
  record Settings(Duration duration, boolean routeChange, boolean stored, List<Integer> stages) {
    Settings {
      Objects.requireNonNull(duration, "duration");
      stages = List.copyOf(stages);
    }
  }

  private final Supplier<LocalCluster.Settings> clusters;
  private final Settings settings;
  private final Progress progress;

  /**
   * @param clusters new settings for each payload's nodes
   */
  PipelineBench(Supplier<LocalCluster.Settings> clusters, Settings settings, Progress progress) {
    this.clusters = clusters;
    this.settings = settings;
    this.progress = progress;
  }

  /**
   * Measures one payload after the other.
   *
   * @throws io.dayu.console.UserException if a node does not start or dies
   */
  PipelineReport run(List<Integer> payloads) {
    var figures = new ArrayList<PipelineReport.Figures>();
    for (int payload : payloads) {
      progress.line("Three identity stages, %s bytes".formatted(payload));
      figures.add(ClusterRun.run(clusters.get(), progress, cluster -> measure(cluster, payload)));
    }
    return new PipelineReport(figures);
  }

  private PipelineReport.Figures measure(LocalCluster cluster, int payload) {
    cluster.start(Setup.cloud(payload, settings.stored()));
    var setup =
        new Setup(
            cluster,
            cluster.client(),
            new Waiting(cluster, progress),
            payload,
            settings.duration());
    setup.start(setup.edge(EDGE));
    var closedLoop = ClosedLoop.run(setup, EDGE);
    progress.line(
        String.format(
            Locale.ROOT, "  throughput %,.0f elements/s", closedLoop.elementsPerSecond()));
    Optional<StageCosts> stageCosts = Optional.empty();
    if (!settings.stages().isEmpty()) {
      stageCosts = Optional.of(StageCosts.run(setup, EDGE, closedLoop, settings.stages()));
      progress.line(
          String.format(Locale.ROOT, "  %.4f ms CPU a stage", stageCosts.get().cpuMsPerStage()));
    }
    Optional<RouteChange> routeChange = Optional.empty();
    if (settings.routeChange()) {
      var half = closedLoop.elementsPerSecond() / 2;
      routeChange = Optional.of(RouteChange.run(setup, EDGE, SECOND_EDGE, half));
      progress.line(
          String.format(Locale.ROOT, "  longest gap %.0f ms", routeChange.get().longestGapMs()));
      cluster.stop(SECOND_EDGE);
    }
    // It is no longer needed; an edge with a window of one replaces it.
    cluster.stop(EDGE);
    var oneInFlight = OneInFlight.run(setup, LATENCY_EDGE);
    progress.line(
        String.format(Locale.ROOT, "  one in flight, p50 %.2f ms", oneInFlight.latency().p50()));
    return new PipelineReport.Figures(payload, closedLoop, stageCosts, oneInFlight, routeChange);
  }
}
