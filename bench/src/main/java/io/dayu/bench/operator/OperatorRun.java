package io.dayu.bench.operator;

import io.dayu.console.UserException;
import io.dayu.local.ChildProcess;
import io.dayu.local.Home;
import io.dayu.local.NodeJava;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** {@code ./dayu operator run} where a pod may have 2 GiB. */
final class OperatorRun implements AutoCloseable {
  private static final String PROGRAM = "io.dayu.k8s.reconcile.OperatorCommand";

  /** Bounds as in the manifests, and what {@code ./dayu operator run} has of its own. */
  private static final List<String> JVM =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:MaxRAM=2g",
          "-XX:MaxRAMPercentage=40",
          "-XX:MaxDirectMemorySize=512m",
          "-XX:MinHeapFreeRatio=5",
          "-XX:MaxHeapFreeRatio=10",
          "-XX:-ShrinkHeapInSteps",
          "-XX:-UsePerfData");

  /** From this version on images have it. */
  private static final int COMPACT_HEADERS = 25;

  private static final Pattern ADDRESS = Pattern.compile("/metrics at (http://[0-9.:]+)");

  private final ChildProcess process;
  private Optional<URI> address = Optional.empty();

  private OperatorRun(ChildProcess process) {
    this.process = process;
  }

  static OperatorRun start(Home home, Simulation cluster, Path directory) {
    var java = NodeJava.find();
    var command = new ArrayList<String>();
    command.add(java.home().resolve("bin").resolve("java").toString());
    command.addAll(JVM);
    if (java.feature() >= COMPACT_HEADERS) command.add("-XX:+UseCompactObjectHeaders");
    command.addAll(
        List.of(
            "-cp",
            home.program("k8s", PROGRAM).classPath(),
            PROGRAM,
            "run",
            "--namespace",
            Simulation.NAMESPACE,
            "--api",
            cluster.api().toString(),
            "--management",
            "127.0.0.1:0"));
    return new OperatorRun(
        ChildProcess.start(
            "the operator",
            command,
            Map.of("KUBECONFIG", cluster.kubeconfig().toString()),
            directory,
            directory.resolve("operator.log")));
  }

  ChildProcess process() {
    return process;
  }

  double rssMb() {
    return process
            .rssBytes()
            .orElseThrow(() -> new UserException("this platform does not tell resident memory"))
        / 1e6;
  }

  /** What it tells of itself; empty while it does not answer. */
  Optional<Figures> figures() {
    if (address.isEmpty())
      address =
          process.tail(Integer.MAX_VALUE).stream()
              .map(ADDRESS::matcher)
              .filter(m -> m.find())
              .map(m -> URI.create(m.group(1)))
              .findFirst();
    try {
      return address.isEmpty()
          ? Optional.empty()
          : Optional.of(Figures.of(Http.get(address.get().resolve("/metrics"))));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    process.close();
  }
}
