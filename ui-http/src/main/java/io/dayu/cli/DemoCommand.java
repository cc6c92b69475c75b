package io.dayu.cli;

import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows a pipeline over a cloud and two edge nodes, and a stage that moves. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Watch a street video on one cloud and two edge nodes.",
      "Real processes on this machine: a camera, a cloud node and two edge nodes run a pipeline of"
          + " four stages. Half way one edge gets busy with something else, and stages move away"
          + " while frames flow. Ends with the ledger, latencies and route changes; exit code 0"
          + " if the ledger balances and something was delivered."
    })
final class DemoCommand implements Callable<Integer> {
  private static final Duration SHORTEST = Duration.ofSeconds(5);

  @Spec private CommandSpec spec;

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "60s",
      description = "How long frames flow, such as 90s or 5m (default ${DEFAULT-VALUE}).")
  private Duration duration;

  @Option(names = "--report", paramLabel = "FILE", description = "Write the figures as JSON.")
  private Optional<Path> report = Optional.empty();

  @Option(
      names = "--frame",
      paramLabel = "FILE",
      description = "Write a frame with its boxes drawn, as PNG or JPEG.")
  private Optional<Path> frame = Optional.empty();

  @Option(
      names = "--port",
      paramLabel = "P",
      converter = Port.class,
      defaultValue = "0",
      description = "Port of the live page; any free one if not given.")
  private int port;

  @Override
  public Integer call() {
    if (duration.compareTo(SHORTEST) < 0)
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--duration must be at least " + SHORTEST.toSeconds() + "s");
    var home = Home.find();
    var out = spec.commandLine().getOut();
    var progress = Progress.to(out, Progress.onTerminal());
    var demo =
        new DemoRun(
            LocalCluster.Settings.temporary(home),
            home.program("sim-source", "io.dayu.sim.SimSource"),
            new DemoRun.Settings(duration, port, frame),
            progress);
    var result = demo.run();
    out.println();
    out.print(result.text());
    out.flush();
    report.ifPresent(
        file -> {
          result.write(file);
          out.println();
          out.println("Report: " + file);
        });
    result
        .failure()
        .ifPresent(
            why -> {
              throw new UserException("The demo failed: " + why);
            });
    return 0;
  }
}
