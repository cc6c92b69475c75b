package io.dayu.bench.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.run.ReportOptions;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.testkit.LocalPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
      "The result store alone.",
      "Stores small results in this process, with 16, 64, 256 and 1024 rows in a commit, and prints"
          + " rows per second and what a row costs. With --rows it fills a store and prints whether"
          + " it becomes slower, how long pages of results take, and a restart."
    })
public final class StoreCommand implements Callable<Integer> {
  /** Where results are stored. */
  enum Database {
    SQLITE,
    POSTGRESQL
  }

  private static final List<Integer> ROWS = List.of(16, 64, 256, 1_024);
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final int BYTES = 64;
  private static final int MOST_BYTES_PER_ROW = 300; // stored, with the index, on PostgreSQL
  private static final int MOST_STREAMS = 1_000_000;

  @Spec private CommandSpec spec;
  @Mixin private ReportOptions report;

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "12s",
      description =
          "How long it stores, all sizes of commits together (default 12s); not with --rows.")
  private Duration duration;

  @Option(
      names = "--rows",
      paramLabel = "N",
      description =
          "Fill a store with so many results, 1000 in a commit. 100000000 take some 20 GB below"
              + " the directory for temporary files, and some 20 minutes.")
  private Optional<Long> rows = Optional.empty();

  @Option(
      names = "--streams",
      paramLabel = "N",
      defaultValue = "100",
      description = "With --rows: how many streams have results (default ${DEFAULT-VALUE}).")
  private int streams;

  @Option(
      names = "--database",
      paramLabel = "KIND",
      defaultValue = "sqlite",
      description =
          "sqlite (default), or postgresql: a server that is started for it (Debian's package"
              + " postgresql) and whose CPU time is told as well.")
  private Database database;

  @Override
  public Integer call() {
    if (duration.compareTo(SHORTEST) < 0) throw wrong("--duration must be at least 1s");
    if (streams < 1 || streams > MOST_STREAMS)
      throw wrong("--streams must be from 1 to " + MOST_STREAMS);
    if (rows.isPresent() && rows.get() < FillBench.FEWEST)
      throw wrong("--rows must be at least " + FillBench.FEWEST);
    if (database == Database.POSTGRESQL && !LocalPostgres.installed())
      throw new UserException("there is no PostgreSQL server: install Debian's package postgresql");
    var out = spec.commandLine().getOut();
    try {
      var directory = Files.createTempDirectory("dayu-");
      try (var target =
          database == Database.SQLITE ? new Target.Sqlite(directory) : new Target.Postgres()) {
        report.write(rows.isPresent() ? fill(target, directory, rows.get()) : commits(target), out);
      } finally {
        delete(directory);
      }
    } catch (IOException e) {
      throw new UserException("the store's files cannot be made: " + e.getMessage(), e);
    }
    out.flush();
    return 0;
  }

  private ParameterException wrong(String what) {
    return new ParameterException(spec.commandLine(), what);
  }

  private ObjectNode commits(Target target) throws IOException {
    var figures = new StoreBench(target, BYTES).run(ROWS, duration.dividedBy(ROWS.size()));
    spec.commandLine().getOut().print(StoreBench.text(figures));
    return StoreBench.json(figures);
  }

  private ObjectNode fill(Target target, Path directory, long rows) throws IOException {
    long room = Files.getFileStore(directory).getUsableSpace();
    if (room / MOST_BYTES_PER_ROW < rows)
      throw new UserException(
          String.format(
              Locale.ROOT,
              "%,d rows may take %,d MB, and there are %,d MB where %s lies; take fewer, or another directory (JDK_JAVA_OPTIONS=-Djava.io.tmpdir=DIRECTORY)",
              rows,
              rows / 1_000_000 * MOST_BYTES_PER_ROW,
              room / 1_000_000,
              directory));
    var out = spec.commandLine().getOut();
    var progress = Progress.to(out, Progress.onTerminal());
    var filled = new FillBench(target, streams, BYTES, progress).run(rows);
    out.println();
    out.print(filled.text());
    return filled.json();
  }

  private static void delete(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      for (var file : files.toList()) Files.delete(file);
    }
    Files.delete(directory);
  }
}
