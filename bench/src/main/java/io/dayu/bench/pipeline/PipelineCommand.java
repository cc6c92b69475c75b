package io.dayu.bench.pipeline;

import io.dayu.bench.run.BenchPipeline;
import io.dayu.bench.run.PayloadOptions;
import io.dayu.bench.run.ReportOptions;
import io.dayu.console.Progress;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import java.time.Duration;
import java.util.List;
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

  enum Store {
    EMBEDDED,
    NONE
  }

  @Option(
      names = "--store",
      paramLabel = "STORE",
      defaultValue = "embedded",
      description =
          "embedded (default), or none: results are acknowledged and not kept"
              + " (dayu.store.keep-results = off).")
  private Store store;

  @Option(
      names = "--stages",
      paramLabel = "N",
      split = ",",
      description =
          "Also measure the highest rate with so many stages, such as 1,3,9: tells the CPU time of"
              + " a stage, and that of a hop between nodes.")
  private List<Integer> stages = List.of();

  @Override
  public Integer call() {
    if (duration.compareTo(SHORTEST) < 0)
      throw new ParameterException(spec.commandLine(), "--duration must be at least 2s");
    if (store == Store.NONE && routeChange)
      throw new ParameterException(
          spec.commandLine(),
          "--route-change counts what is stored; it cannot do so with --store none");
    for (int n : stages)
      if (n < 1 || n > BenchPipeline.MOST_STAGES)
        throw new ParameterException(
            spec.commandLine(),
            "--stages must be 1 to %s, not %s".formatted(BenchPipeline.MOST_STAGES, n));
    if (!stages.isEmpty() && stages.stream().allMatch(n -> n == StageCosts.USUAL))
      throw new ParameterException(
          spec.commandLine(), "--stages needs another number than 3, to compare with");
    var sizes = payloads.payloads();
    var out = spec.commandLine().getOut();
    var home = Home.find();
    var bench =
        new PipelineBench(
            () -> LocalCluster.Settings.temporary(home),
            new PipelineBench.Settings(duration, routeChange, store == Store.EMBEDDED, stages),
            Progress.to(out, Progress.onTerminal()));
    var result = bench.run(sizes);
    return report.end(result.text(), result.json(), result.failure(), out);
  }
}
