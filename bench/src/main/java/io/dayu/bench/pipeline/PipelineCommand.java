package io.dayu.bench.pipeline;

import io.dayu.bench.run.PayloadOptions;
import io.dayu.bench.run.ReportOptions;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
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

/** A whole pipeline, from its source to stored results. */
@Command(
    name = "pipeline",
    mixinStandardHelpOptions = true,
    description = {
      "Three identity stages on two nodes, from the source to stored results.",
      "An edge node runs the first two stages, a cloud node the third and the store. Measures the"
          + " highest rate, then the latency with one element in flight."
    })
public final class PipelineCommand implements Callable<Integer> {
  private static final Duration SHORTEST = Duration.ofSeconds(2);

  @Spec private CommandSpec spec;
  @Mixin private PayloadOptions payloads;
  @Mixin private ReportOptions report;

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "15s",
      description = "How long each part is measured, after warming up (default 15s).")
  private Duration duration;

  @Option(
      names = "--route-change",
      description =
          "Also move stages between two edges at half of the highest rate, and count what is lost"
              + " and what comes twice.")
  private boolean routeChange;

  @Override
  public Integer call() {
    if (duration.compareTo(SHORTEST) < 0)
      throw new ParameterException(spec.commandLine(), "--duration must be at least 2s");
    var sizes = payloads.payloads();
    var out = spec.commandLine().getOut();
    var home = Home.find();
    var bench =
        new PipelineBench(
            () -> LocalCluster.Settings.temporary(home),
            new PipelineBench.Settings(duration, routeChange),
            Progress.to(out, Progress.onTerminal()));
    var result = bench.run(sizes);
    out.println();
    out.print(result.text());
    report.write(result.json(), out);
    out.flush();
    result
        .failure()
        .ifPresent(
            why -> {
              throw new UserException("The bench failed: " + why);
            });
    return 0;
  }
}
