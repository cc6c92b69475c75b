package io.dayu.bench.reliability;

import io.dayu.bench.chaos.ChaosRun;
import io.dayu.bench.chaos.NetworkKind;
import io.dayu.bench.run.CommandLines;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Shows every promise about failures on real nodes, and writes the table of them. */
@Command(
    name = "dayu reliability",
    mixinStandardHelpOptions = true,
    description = {
      "Break things one by one, measure what happens, and write the table of docs/reliability.md.",
      "Exit codes: 0 every promise that could be tried was kept, 1 one was not, 2 used wrongly."
    })
public final class ReliabilityCommand implements Callable<Integer> {
  private static final List<Scenario> SCENARIOS =
      List.of(
          new KilledProcessor(),
          new FrozenNode(),
          new EdgeCutOff(),
          new EdgeKilledOffline(),
          new CloudKilled(),
          new NewEdge(),
          new CloudsRestarted(),
          new StoreDown(),
          new ManyChaosRuns());

  private static final Duration QUICK_CUT = Duration.ofSeconds(60);
  private static final Duration OUTAGE = Duration.ofSeconds(60);
  private static final Duration QUICK_OUTAGE = Duration.ofSeconds(15);
  private static final int QUICK_SEEDS = 2;
  private static final Duration QUICK_CHAOS = Duration.ofSeconds(30);

  @Spec private CommandSpec spec;

  @Option(
      names = "--only",
      paramLabel = "FAULT",
      split = ",",
      description = "Only these (default all): ${COMPLETION-CANDIDATES}",
      completionCandidates = Words.class)
  private List<String> only = List.of();

  @Option(
      names = "--quick",
      description =
          "An edge is cut off for 60 s, the store is away for 15 s, chaos has 2 seeds of 30 s.")
  private boolean quick;

  @Option(
      names = "--cut",
      paramLabel = "D",
      defaultValue = "10m",
      description = "How long an edge is cut off (default 10m).")
  private Duration cut;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "20",
      description = "Seeds of chaos, 3 minutes each (default 20).")
  private int seeds;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description =
          "Write the table as Markdown; into its place if FILE is a document that has one, such as"
              + " docs/reliability.md, and after every row. Rows of the same machine and day that are"
              + " not made anew stay.")
  private Optional<Path> report = Optional.empty();

  /** For the help. */
  static final class Words extends ArrayList<String> {
    private static final long serialVersionUID = 1L;

    Words() {
      super(SCENARIOS.stream().map(Scenario::word).toList());
    }
  }

  public static void main(String[] args) {
    CommandLines.main(new ReliabilityCommand(), args);
  }

  @Override
  public Integer call() {
    var out = spec.commandLine().getOut();
    var progress = Progress.to(out, Progress.onTerminal());
    var context =
        new Context(
            Home.find(),
            progress,
            quick ? QUICK_CUT : cut,
            quick ? QUICK_OUTAGE : OUTAGE,
            quick ? QUICK_SEEDS : seeds,
            quick ? QUICK_CHAOS : Duration.ofMinutes(3));
    var rows = new ArrayList<ReliabilityTable.Row>();
    for (var scenario : chosen()) {
      rows.add(row(scenario, context));
      // A run takes hours: the rows so far are kept if it is ended early.
      report.ifPresent(file -> write(table(rows), file));
    }
    out.println();
    out.print(table(rows).markdown());
    out.flush();
    return table(rows).kept() ? 0 : 1;
  }

  private static ReliabilityTable table(List<ReliabilityTable.Row> rows) {
    return new ReliabilityTable(
        ReliabilityTable.thisMachine(), LocalDate.now(ZoneOffset.UTC), rows);
  }

  private List<Scenario> chosen() {
    var known = SCENARIOS.stream().map(Scenario::word).collect(Collectors.toSet());
    for (var word : only)
      if (!known.contains(word))
        throw new ParameterException(
            spec.commandLine(), "--only: '%s' is none of %s".formatted(word, new Words()));
    return SCENARIOS.stream().filter(s -> only.isEmpty() || only.contains(s.word())).toList();
  }

  private static ReliabilityTable.Row row(Scenario scenario, Context context) {
    context.progress().line("▶ %s: %s".formatted(scenario.word(), scenario.promise()));
    if (!ChaosRun.possible(scenario.need(), NetworkKind.best())) {
      context.progress().line("  not run: it needs " + scenario.need());
      return ReliabilityTable.Row.notRun(scenario);
    }
    try {
      var seen = scenario.run(context);
      context
          .progress()
          .line("  %s: %s".formatted(seen.kept() ? "kept" : "NOT KEPT", seen.figures()));
      return ReliabilityTable.Row.of(scenario, seen);
    } catch (UserException e) {
      context.progress().line("  NOT KEPT: " + e.getMessage());
      return ReliabilityTable.Row.failed(scenario, String.valueOf(e.getMessage()));
    }
  }

  private static void write(ReliabilityTable table, Path file) {
    try {
      var document = Files.exists(file) ? Files.readString(file) : "";
      var all = table.with(document, SCENARIOS.stream().map(Scenario::fault).toList());
      Files.writeString(file, all.into(document));
    } catch (IOException e) {
      throw new UserException("cannot write the report " + file + ": " + e.getMessage(), e);
    }
  }
}
