package io.dayu.bench.run;

import io.dayu.console.Progress;
import io.dayu.local.LocalCluster;
import java.util.function.Function;

/** The life of the processes of a measurement. */
public final class ClusterRun {
  private ClusterRun() {}

  /** Ends all processes afterwards. Logs and data stay only if the measurement fails. */
  public static <T> T run(
      LocalCluster.Settings settings, Progress progress, Function<LocalCluster, T> measurement) {
    try (var cluster = LocalCluster.open(settings, progress)) {
      try {
        return measurement.apply(cluster);
      } catch (RuntimeException e) {
        cluster.keepDirectory();
        progress.line("Logs and data are kept in " + cluster.directory());
        throw e;
      } finally {
        progress.now("stopping …");
      }
    } finally {
      progress.now("");
    }
  }
}
