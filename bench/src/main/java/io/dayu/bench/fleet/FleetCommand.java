package io.dayu.bench.fleet;

import io.dayu.bench.run.ReportOptions;
import io.dayu.console.Progress;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Many edges with little to do each. */
@Command(
    name = "fleet",
    mixinStandardHelpOptions = true,
    description = {
      "Many edge nodes and one cloud node, as ./dayu up starts them (without keys).",
      "Measures how long they take to form a cluster, what they cost at rest, then the CPU time of"
          + " an element and its latency with one stream an edge: an identity stage there, another"
          + " in the cloud.",
      "Ten thousand sensors at one edge: --edges 1 --rate 10000 --payload 100."
    })
public final class FleetCommand implements Callable<Integer> {
  private static final Duration SHORTEST = Duration.ofSeconds(2);
  private static final int LARGEST_PAYLOAD = 16 << 20;

  @Spec private CommandSpec spec;
  @Mixin private ReportOptions report;

  @Option(
      names = "--edges",
      paramLabel = "N",
      defaultValue = "16",
      description = "Edge nodes, each a site of its own (default ${DEFAULT-VALUE}).")
  private int edges;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "100",
      description = "Elements a second of each edge's stream (default ${DEFAULT-VALUE}).")
  private int rate;

  @Option(
      names = "--payload",
      paramLabel = "BYTES",
      defaultValue = "1024",
      description = "Payload of an element (default ${DEFAULT-VALUE}).")
  private int payload;

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "30s",
      description =
          "How long the nodes are watched at rest and under load, each after the same time to"
              + " settle (default 30s).")
  private Duration duration;

  @Override
  public Integer call() {
    if (edges < 1) throw usage("--edges must be at least 1");
    if (rate < 1) throw usage("--rate must be at least 1");
    if (payload < 1 || payload > LARGEST_PAYLOAD)
      throw usage("--payload must be 1 to %s bytes, not %s".formatted(LARGEST_PAYLOAD, payload));
    if (duration.compareTo(SHORTEST) < 0) throw usage("--duration must be at least 2s");
    var out = spec.commandLine().getOut();
    var bench =
        new FleetBench(
            LocalCluster.Settings.temporary(Home.find()),
            new FleetBench.Fleet(edges, rate, payload),
            Progress.to(out, Progress.onTerminal()));
    var result = bench.run(duration);
    return report.end(result.text(), result.json(), result.failure(), out);
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
