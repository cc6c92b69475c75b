package io.dayu.bench.idle;

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

/** An edge node that has nothing to do. */
@Command(
    name = "idle",
    mixinStandardHelpOptions = true,
    description = {
      "An edge node without pipelines.",
      "Measures its resident memory, its CPU time and how long it takes to get ready."
    })
public final class IdleCommand implements Callable<Integer> {
  private static final Duration SHORTEST = Duration.ofSeconds(1);

  @Spec private CommandSpec spec;
  @Mixin private ReportOptions report;

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "30s",
      description =
          "How long it is watched, after "
              + IdleBench.SETTLE_SECONDS
              + " s to settle (default 30s).")
  private Duration duration;

  @Override
  public Integer call() {
    if (duration.compareTo(SHORTEST) < 0)
      throw new ParameterException(spec.commandLine(), "--duration must be at least 1s");
    var out = spec.commandLine().getOut();
    var bench =
        new IdleBench(
            LocalCluster.Settings.temporary(Home.find()), Progress.to(out, Progress.onTerminal()));
    var result = bench.run(duration);
    out.println();
    out.print(result.text());
    report.write(result.json(), out);
    out.flush();
    return 0;
  }
}
