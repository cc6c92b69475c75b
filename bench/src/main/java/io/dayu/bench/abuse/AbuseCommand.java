package io.dayu.bench.abuse;

import io.dayu.bench.run.CommandLines;
import io.dayu.bench.run.ReportOptions;
import io.dayu.console.Progress;
import io.dayu.local.Home;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Attacks nodes by a seed, and proves that they live, answer, deliver and keep secrets. */
@Command(
    name = "dayu abuse",
    mixinStandardHelpOptions = true,
    description = {
      "Attack nodes with hostile inputs, and prove that they do not mind.",
      "Starts a cloud node and two edges as processes with honest pipelines, and does to them what"
          + " a stranger at a port can do and what somebody can do who may submit pipelines. After"
          + " each attack all nodes must live, answer and deliver; at the end the store is compared"
          + " with what was read, and all that was told and logged is searched for secrets. The"
          + " same seed and attacks give the same inputs.",
      "Exit codes: 0 all promises were kept, 1 not, 2 used wrongly."
    })
public final class AbuseCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ReportOptions report;

  @Option(names = "--seed", paramLabel = "S", description = "What the inputs are drawn from.")
  private Optional<Long> seed = Optional.empty();

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "3m",
      description = "For how long (default 3m); each attack comes once at least.")
  private Duration duration;

  @Option(
      names = "--attacks",
      paramLabel = "ATTACK",
      split = ",",
      description = "Only these (default: all).")
  private List<String> attacks = List.of();

  public static void main(String[] args) {
    CommandLines.main(new AbuseCommand(), args);
  }

  @Override
  public Integer call() {
    var out = spec.commandLine().getOut();
    var chosen = seed.orElseGet(() -> (long) new Random().nextInt(1_000_000));
    var settings = new AbuseRun.Settings(chosen, duration, chosen());
    var result = new AbuseRun(Home.find(), settings, Progress.to(out, Progress.onTerminal())).run();
    out.println();
    out.print(result.text());
    report.write(result.json(), out);
    if (!result.kept()) {
      out.println();
      out.println("Again with the same inputs:");
      out.println(
          "  ./dayu abuse --seed %s --duration %ss --attacks %s"
              .formatted(
                  chosen,
                  duration.toSeconds(),
                  settings.attacks().stream().map(Attack::word).collect(Collectors.joining(","))));
    }
    out.flush();
    return result.kept() ? 0 : 1;
  }

  private List<Attack> chosen() {
    if (attacks.isEmpty()) return Attack.all();
    var list = new ArrayList<Attack>();
    try {
      for (var word : attacks) list.add(Attack.of(word));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--attacks: " + e.getMessage());
    }
    return list;
  }
}
