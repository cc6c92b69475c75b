package io.dayu.bench.change;

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

/** New keys of all nodes while elements flow. */
@Command(
    name = "keys",
    mixinStandardHelpOptions = true,
    description = {
      "All nodes get new keys, and a new authority, while elements flow.",
      "Three stages from an edge node to the store of a cloud node, at half of the highest rate. Counts"
          + " what is lost, what comes twice and which links are dropped."
    })
public final class KeysCommand implements Callable<Integer> {
  private static final Duration SHORTEST = Duration.ofSeconds(2);

  @Spec private CommandSpec spec;
  @Mixin private ReportOptions report;

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "10s",
      description =
          "How long it is measured, before keys are replaced and meanwhile (default 10s).")
  private Duration duration;

  @Override
  public Integer call() {
    if (duration.compareTo(SHORTEST) < 0)
      throw new ParameterException(spec.commandLine(), "--duration must be at least 2s");
    var out = spec.commandLine().getOut();
    var result =
        new KeysBench(Home.find(), duration, Progress.to(out, Progress.onTerminal())).run();
    return report.end(result.text(), result.json(), result.failure(), out);
  }
}
