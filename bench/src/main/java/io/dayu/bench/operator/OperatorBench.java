package io.dayu.bench.operator;

import io.dayu.bench.run.CpuTime;
import io.dayu.bench.run.Waiting;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.ChildProcess;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Measures the operator by itself, with nothing and with a large cluster, and a cloud node with and
 * without it.
 */
final class OperatorBench {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Simulation.Size EMPTY = new Simulation.Size(0, 0, 0);

  private final Home home;
  private final Simulation.Size size;
  private final Duration duration;
  private final Progress progress;

  /**
   * @param duration that each process is left alone before its memory is read
   */
  OperatorBench(Home home, Simulation.Size size, Duration duration, Progress progress) {
    this.home = home;
    this.size = size;
    this.duration = duration;
    this.progress = progress;
  }

  /** Everything that a run measures is in a temporary directory, which stays if it fails. */
  OperatorReport run() {
    try {
      var directory = Files.createTempDirectory("dayu-operator-");
      var done = false;
      try {
        var report = run(directory);
        done = true;
        return report;
      } finally {
        progress.now("");
        if (done) remove(directory);
        else progress.line("Logs are kept in " + directory);
      }
    } catch (IOException e) {
      throw new UserException("cannot use the temporary directory: " + e.getMessage(), e);
    }
  }

  private OperatorReport run(Path directory) {
    double without;
    double with;
    double empty;
    try (var nothing = simulation(EMPTY, directory.resolve("empty"))) {
      progress.line("A cloud node, without the operator and with it");
      without = cloud(NodeOptions.cloud("cloud-1"));
      with =
          cloud(
              NodeOptions.cloud("cloud-1")
                  .with("dayu.operator.enabled", "true")
                  .with("dayu.operator.namespace", Simulation.NAMESPACE)
                  .jvm("-Dkubeconfig=" + nothing.kubeconfig()));
      progress.line("The operator by itself, with an empty cluster");
      try (var operator = OperatorRun.start(home, nothing, directory.resolve("empty"))) {
        until("leading", operator.process(), () -> isAtRest(operator));
        pass(operator.process());
        empty = operator.rssMb();
      }
    }
    progress.line("The operator by itself, with a large cluster");
    try (var cluster = simulation(size, directory.resolve("full"))) {
      long begun = System.nanoTime();
      double built;
      long writes;
      double full;
      try (var operator = OperatorRun.start(home, cluster, directory.resolve("full"))) {
        until("building up", operator.process(), () -> isBuilt(cluster) && isAtRest(operator));
        built = seconds(begun);
        // Their states follow what they have brought about.
        pass(operator.process());
        long before = cluster.figures().path("writes").asLong();
        pass(operator.process());
        writes = cluster.figures().path("writes").asLong() - before;
        full = operator.rssMb();
      }
      long changes = cluster.figures().path("changes").asLong();
      begun = System.nanoTime();
      try (var operator = OperatorRun.start(home, cluster, directory.resolve("full"))) {
        until(
            "looking at everything",
            operator.process(),
            () -> operator.figures().filter(f -> f.hasLookedAt(size)).isPresent());
        var again = seconds(begun);
        var cpu = CpuTime.of(List.of(operator.process())).toMillis() / 1e3;
        pass(operator.process());
        return new OperatorReport(
            size,
            built,
            writes * 60 / (double) duration.toSeconds(),
            again,
            cpu,
            cluster.figures().path("changes").asLong() - changes,
            without,
            with,
            empty,
            full,
            operator.rssMb());
      }
    }
  }

  private Simulation simulation(Simulation.Size of, Path directory) {
    var simulation = Simulation.start(home, of, directory);
    until("making the cluster", simulation.process(), simulation::isFilled);
    return simulation;
  }

  private double cloud(NodeOptions options) {
    try (var cluster = LocalCluster.open(LocalCluster.Settings.temporary(home), progress)) {
      var node = cluster.start(options).get(0);
      pass(node.process());
      return node.process().rssBytes().orElseThrow() / 1e6;
    }
  }

  private boolean isBuilt(Simulation cluster) {
    var figures = cluster.figures();
    return figures.path("endpoints").asInt() == size.nodes()
        && figures.path("pipelines").asInt() == size.pipelines()
        && figures.path("ready").asInt() == size.services()
        && figures.path("declared").asInt() == size.services();
  }

  private static boolean isAtRest(OperatorRun operator) {
    return operator.figures().filter(Figures::isAtRest).isPresent();
  }

  private void until(String what, ChildProcess process, BooleanSupplier condition) {
    new Waiting(process, progress).until(what, PATIENCE, condition);
  }

  private void pass(ChildProcess process) {
    new Waiting(process, progress).pass("watching", duration);
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  private static void remove(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      for (var each : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(each);
    }
  }
}
