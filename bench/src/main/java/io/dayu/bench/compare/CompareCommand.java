package io.dayu.bench.compare;

import io.dayu.bench.run.PayloadOptions;
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

/** The same work by Dayu and by general engines. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    description = {
      "Three identity stages by Dayu, by Hazelcast Jet and by Flink (with hops, and chained),"
          + " taking turns.",
      "Maven fetches the engines the first time (some 110 MB). On a quiet machine a payload"
          + " takes some 4 minutes a round and 2 for the latencies. What is fair about the"
          + " comparison and what is not stands below the table."
    })
public final class CompareCommand implements Callable<Integer> {
  private static final Duration SHORTEST = Duration.ofSeconds(2);

  @Spec private CommandSpec spec;
  @Mixin private PayloadOptions payloads;
  @Mixin private ReportOptions report;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "How often each takes its turn (default ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "10s",
      description = "How long each turn is measured, after warming up (default 10s).")
  private Duration duration;

  @Override
  public Integer call() {
    if (rounds < 1) throw new ParameterException(spec.commandLine(), "--rounds must be at least 1");
    if (duration.compareTo(SHORTEST) < 0)
      throw new ParameterException(spec.commandLine(), "--duration must be at least 2s");
    var sizes = payloads.payloads();
    var out = spec.commandLine().getOut();
    var home = Home.find();
    var progress = Progress.to(out, Progress.onTerminal());
    var bench =
        new CompareBench(
            () -> LocalCluster.Settings.temporary(home),
            Engines.resolve(home, progress),
            progress,
            rounds,
            duration);
    var result = bench.run(sizes);
    out.println();
    out.print(result.text());
    report.write(result.json(), out);
    out.flush();
    return 0;
  }
}
