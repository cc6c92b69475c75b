package io.dayu.bench.service;

import io.dayu.bench.run.ReportOptions;
import io.dayu.console.Progress;
import io.dayu.local.Home;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A stage within a node, and services that do the same. */
@Command(
    name = "service",
    mixinStandardHelpOptions = true,
    description = {
      "Services beside a stage within the node.",
      "One node runs one stage, which answers with what it got: within the node, and as a service that the"
          + " node has started, over HTTP with a request for each element and with batches, and over gRPC."
    })
public final class ServiceCommand implements Callable<Integer> {
  private static final Duration SHORTEST = Duration.ofSeconds(2);

  @Spec private CommandSpec spec;
  @Mixin private ReportOptions report;

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "10s",
      description = "How long each part is measured, after warming up (default 10s).")
  private Duration duration;

  @Option(
      names = "--service",
      paramLabel = "LANGUAGE",
      defaultValue = "java",
      description =
          "In what the service is written: java (default; no framework), python or node (with the"
              + " packages in sdk).")
  private Program program;

  @Option(
      names = "--way",
      paramLabel = "WAY",
      split = ",",
      description =
          "Measure these only, with commas between them: identity, http, httpBatched," + " grpc.")
  private List<String> ways = List.of();

  @Override
  public Integer call() {
    if (duration.compareTo(SHORTEST) < 0)
      throw new ParameterException(spec.commandLine(), "--duration must be at least 2s");
    for (var way : ways)
      if (Way.of(way).isEmpty())
        throw new ParameterException(
            spec.commandLine(),
            "--way must be one of %s, not %s"
                .formatted(
                    Arrays.stream(Way.values()).map(Way::word).collect(Collectors.joining(", ")),
                    way));
    var out = spec.commandLine().getOut();
    var bench =
        new ServiceBench(Home.find(), program, duration, Progress.to(out, Progress.onTerminal()));
    var result =
        bench.run(
            ServiceBench.Row.ALL.stream()
                .filter(row -> ways.isEmpty() || ways.contains(row.way().word()))
                .toList());
    return report.end(result.text(), result.json(), result.failure(), out);
  }
}
