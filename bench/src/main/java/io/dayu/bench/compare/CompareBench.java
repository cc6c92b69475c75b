package io.dayu.bench.compare;

import io.dayu.bench.run.ClusterRun;
import io.dayu.console.Progress;
import io.dayu.local.LocalCluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** Lets all of them do the same work, one after the other, round by round. */
final class CompareBench {
  private final Supplier<LocalCluster.Settings> clusters;
  private final Engines engines;
  private final Progress progress;
  private final int rounds;
  private final Duration duration;

  /**
   * @param clusters new settings for the processes of each measurement
   * @param duration of each measurement
   */
  CompareBench(
      Supplier<LocalCluster.Settings> clusters,
      Engines engines,
      Progress progress,
      int rounds,
      Duration duration) {
    this.clusters = clusters;
    this.engines = engines;
    this.progress = progress;
    this.rounds = rounds;
    this.duration = duration;
  }

  /**
   * Measures one payload after the other.
   *
   * @throws io.dayu.console.UserException if one of them does not start, stops or dies
   */
  CompareReport run(List<Integer> payloads) {
    var figures = new ArrayList<CompareReport.Figures>();
    for (int payload : payloads) {
      progress.line("Three identity stages, %s bytes".formatted(payload));
      var stored = new Rounds();
      var unstored = new Rounds();
      for (int round = 1; round <= rounds; round++) {
        round(payload, round, true, stored);
        round(payload, round, false, unstored);
      }
      figures.add(new CompareReport.Figures(payload, stored, unstored, latencies(payload)));
    }
    return new CompareReport(rounds, figures);
  }

  private void round(int payload, int round, boolean stored, Rounds into) {
    for (var contestant : Contestant.values()) {
      var measured =
          measure(
              cluster ->
                  contestant == Contestant.DAYU
                      ? new DayuRun(cluster, progress, payload, duration).throughput(stored)
                      : engine(cluster, contestant, payload).throughput(stored));
      into.add(contestant, measured);
      progress.line(
          String.format(
              Locale.ROOT,
              "  round %s of %s, %s, %s: %,.0f/s, %.4f ms CPU",
              round,
              rounds,
              stored ? "stored" : "not stored",
              contestant.title(),
              measured.elementsPerSecond(),
              measured.cpuMsPerElement()));
    }
  }

  private Map<Contestant, Latency> latencies(int payload) {
    var latencies = new EnumMap<Contestant, Latency>(Contestant.class);
    for (var contestant : Contestant.values()) {
      var measured =
          measure(
              cluster ->
                  contestant == Contestant.DAYU
                      ? new DayuRun(cluster, progress, payload, duration).latency()
                      : engine(cluster, contestant, payload).latency());
      latencies.put(contestant, measured);
      progress.line(
          String.format(
              Locale.ROOT, "  latency, %s: p50 %.2f ms", contestant.title(), measured.p50()));
    }
    return latencies;
  }

  private EngineRun engine(LocalCluster cluster, Contestant contestant, int payload) {
    return new EngineRun(engines, cluster, progress, contestant, payload, duration);
  }

  private <T> T measure(Function<LocalCluster, T> measurement) {
    return ClusterRun.run(clusters.get(), progress, measurement);
  }
}
