package io.dayu.bench.operator;

import io.dayu.bench.run.ReportOptions;
import io.dayu.console.Progress;
import io.dayu.local.Home;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The operator with a large cluster, which is simulated. */
@Command(
    name = "operator",
    mixinStandardHelpOptions = true,
    description = {
      "The Kubernetes operator with a large cluster.",
      "The API server is the mock of the client library, with nodes, Pipelines and StageServices in it; Deployments"
          + " become ready soon, and Dayu's API is a stand-in that takes everything. Measures how long the"
          + " first build-up and a restart take, what is written while nothing changes, and what memory the"
          + " operator adds to its process."
    })
public final class OperatorCommand implements Callable<Integer> {
  private static final Duration SHORTEST = Duration.ofSeconds(1);

  @Spec private CommandSpec spec;
  @Mixin private ReportOptions report;

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "60s",
      description =
          "How long each process is left alone, watched, and its memory read (default 60s).")
  private Duration duration;

  @Option(
      names = "--nodes",
      paramLabel = "N",
      defaultValue = "500",
      description = "Nodes of the cluster, three in the cloud (default 500).")
  private int nodes;

  @Option(
      names = "--pipelines",
      paramLabel = "N",
      defaultValue = "200",
      description = "Pipelines (default 200).")
  private int pipelines;

  @Option(
      names = "--services",
      paramLabel = "N",
      defaultValue = "1000",
      description = "StageServices, each on one node (default 1000).")
  private int services;

  @Override
  public Integer call() {
    if (duration.compareTo(SHORTEST) < 0)
      throw new ParameterException(spec.commandLine(), "--duration must be at least 1s");
    if (nodes < 4 || pipelines < 1 || services < 1)
      throw new ParameterException(
          spec.commandLine(), "there must be at least 4 nodes, a pipeline and a service");
    var out = spec.commandLine().getOut();
    var size = new Simulation.Size(nodes, pipelines, services);
    var result =
        new OperatorBench(Home.find(), size, duration, Progress.to(out, Progress.onTerminal()))
            .run();
    return report.end(result.text(), result.json(), result.failure(), out);
  }
}
