package io.dayu.bench.link;

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

/** One hop beside other ways to move bytes. */
@Command(
    name = "link",
    mixinStandardHelpOptions = true,
    description = {
      "One hop between two processes.",
      "Measures Dayu's link beside Pekko Streams TCP with stock framing and the same messages, raw"
          + " Streams TCP and blocking sockets, in turns, and prints the ratios."
    })
public final class LinkCommand implements Callable<Integer> {
  private static final Duration SHORTEST = Duration.ofSeconds(1);

  @Spec private CommandSpec spec;
  @Mixin private PayloadOptions payloads;
  @Mixin private ReportOptions report;

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "40s",
      description = "How long each payload is measured, all ways together (default 40s).")
  private Duration duration;

  @Override
  public Integer call() {
    if (duration.compareTo(SHORTEST) < 0)
      throw new ParameterException(spec.commandLine(), "--duration must be at least 1s");
    var out = spec.commandLine().getOut();
    var home = Home.find();
    var bench =
        new LinkBench(
            home, LocalCluster.Settings.temporary(home), Progress.to(out, Progress.onTerminal()));
    var result = bench.run(payloads.payloads(), duration);
    out.println();
    out.print(result.text());
    report.write(result.json(), out);
    out.flush();
    return 0;
  }
}
