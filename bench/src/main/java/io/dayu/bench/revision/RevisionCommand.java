package io.dayu.bench.revision;

import io.dayu.bench.run.ReportOptions;
import io.dayu.console.Progress;
import io.dayu.local.Home;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Revisions of a StageService while elements flow. */
@Command(
    name = "revision",
    mixinStandardHelpOptions = true,
    description = {
      "Revisions of a StageService, good and bad ones, while elements flow.",
      "The operator runs on an API server in memory; in place of a kubelet a part of the bench starts"
          + " the containers' programs and probes them. An edge node calls the service, results go to"
          + " the store of a cloud node. Counts what is lost and what comes twice."
    })
public final class RevisionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ReportOptions report;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "200",
      description = "Elements a second (default 200).")
  private int rate;

  @Override
  public Integer call() {
    if (rate < 1) throw new ParameterException(spec.commandLine(), "--rate must be at least 1");
    var out = spec.commandLine().getOut();
    var result =
        new RevisionBench(Home.find(), rate, Progress.to(out, Progress.onTerminal())).run();
    return report.end(result.text(), result.json(), result.failure(), out);
  }
}
