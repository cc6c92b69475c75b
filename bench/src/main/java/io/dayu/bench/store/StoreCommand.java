package io.dayu.bench.store;

import io.dayu.bench.run.ReportOptions;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The result store without anything before it. */
@Command(
    name = "store",
    mixinStandardHelpOptions = true,
    description = {
      "The embedded result store alone.",
      "Stores small results in this process, with 16, 64, 256 and 1024 rows in a commit, and prints"
          + " rows per second and what a row costs."
    })
public final class StoreCommand implements Callable<Integer> {
  private static final List<Integer> ROWS = List.of(16, 64, 256, 1_024);
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final int BYTES = 64;

  @Spec private CommandSpec spec;
  @Mixin private ReportOptions report;

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "12s",
      description = "How long it stores, all sizes of commits together (default 12s).")
  private Duration duration;

  @Override
  public Integer call() {
    if (duration.compareTo(SHORTEST) < 0)
      throw new ParameterException(spec.commandLine(), "--duration must be at least 1s");
    var out = spec.commandLine().getOut();
    try {
      var directory = Files.createTempDirectory("dayu-");
      try {
        var figures = new StoreBench(directory, BYTES).run(ROWS, duration.dividedBy(ROWS.size()));
        out.print(StoreBench.text(figures));
        report.write(StoreBench.json(figures), out);
      } finally {
        delete(directory);
      }
    } catch (IOException e) {
      throw new UserException("the store's files cannot be made: " + e.getMessage(), e);
    }
    out.flush();
    return 0;
  }

  private static void delete(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      for (var file : files.toList()) Files.delete(file);
    }
    Files.delete(directory);
  }
}
