package io.dayu.bench.chaos;

import io.dayu.bench.run.CommandLines;
import io.dayu.bench.run.ReportOptions;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Breaks nodes by a seed while elements flow, and proves that none was lost. */
@Command(
    name = "dayu chaos",
    mixinStandardHelpOptions = true,
    description = {
      "Break nodes while elements flow, and prove that none was lost.",
      "Starts cloud nodes and edges as processes; several cloud nodes share a PostgreSQL that is"
          + " started with them. Each element carries an index and a checksum; at"
          + " the end the store is compared with what was generated. Faults are drawn from the"
          + " seed: the same seed, duration, faults and nodes give the same schedule. As root every"
          + " node has a network of its own, which can be cut, slowed down and made lossy, and a"
          + " disk that can be filled; on Linux without root, proxies that can cut and slow down.",
      "Exit codes: 0 all promises were kept, 1 not, 2 used wrongly."
    })
public final class ChaosCommand implements Callable<Integer> {
  private static final Duration SHORTEST = Duration.ofSeconds(10);

  @Spec private CommandSpec spec;
  @Mixin private ReportOptions report;

  @Option(names = "--seed", paramLabel = "S", description = "What the faults are drawn from.")
  private Optional<Long> seed = Optional.empty();

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "3m",
      description = "How long nodes are broken (default 3m).")
  private Duration duration;

  @Option(
      names = "--faults",
      paramLabel = "FAULT",
      split = ",",
      description = "Only these kinds (default: all that this machine lets you do).")
  private List<String> faults = List.of();

  @Option(
      names = "--clouds",
      paramLabel = "N",
      defaultValue = "1",
      description = "Cloud nodes (default 1, with an embedded store; 3 to 7 with PostgreSQL).")
  private int clouds;

  @Option(
      names = "--edges",
      paramLabel = "N",
      defaultValue = "3",
      description = "Edge nodes (default 3).")
  private int edges;

  @Option(
      names = "--network",
      paramLabel = "KIND",
      description =
          "What joins the nodes: none, proxy or namespaces (default: the last that this machine lets"
              + " you make).")
  private Optional<NetworkKind> network = Optional.empty();

  @Option(
      names = "--tcp-retries",
      paramLabel = "N",
      description = "net.ipv4.tcp_retries2 of the nodes' networks (default: the system's).")
  private Optional<Integer> tcpRetries = Optional.empty();

  public static void main(String[] args) {
    CommandLines.main(new ChaosCommand(), args);
  }

  @Override
  public Integer call() {
    if (duration.compareTo(SHORTEST) < 0)
      throw new ParameterException(spec.commandLine(), "--duration must be at least 10s");
    if (edges < 2 || edges > 20)
      throw new ParameterException(spec.commandLine(), "--edges must be 2 to 20");
    // If one of two dies, the other one is no majority.
    if (clouds != 1 && (clouds < 3 || clouds > 7))
      throw new ParameterException(spec.commandLine(), "--clouds must be 1, or 3 to 7");
    var joined = network.orElseGet(NetworkKind::best);
    if (!joined.available())
      throw new UserException("--network %s needs %s".formatted(joined.word(), joined.needs()));
    if (tcpRetries.isPresent() && joined != NetworkKind.NAMESPACES)
      throw new ParameterException(
          spec.commandLine(), "--tcp-retries needs --network " + NetworkKind.NAMESPACES.word());
    if (clouds > 1 && !ChaosRun.possible(Fault.Need.STORE, joined))
      throw new UserException("several cloud nodes need " + Fault.Need.STORE);
    var out = spec.commandLine().getOut();
    var progress = Progress.to(out, Progress.onTerminal());
    var kinds = kinds(joined, progress);
    var chosen = seed.orElseGet(() -> (long) new Random().nextInt(1_000_000));
    var retries = tcpRetries.isPresent() ? OptionalInt.of(tcpRetries.get()) : OptionalInt.empty();
    var settings = new ChaosRun.Settings(chosen, duration, kinds, clouds, edges, joined, retries);
    var result = new ChaosRun(Home.find(), settings, progress).run();
    out.println();
    out.print(result.text());
    report.write(result.json(), out);
    if (!result.kept()) {
      out.println();
      out.println("Again with the same faults:");
      out.println(
          "  ./dayu chaos --seed %s --duration %ss --clouds %s --edges %s --network %s --faults %s%s"
              .formatted(
                  chosen,
                  duration.toSeconds(),
                  clouds,
                  edges,
                  joined.word(),
                  kinds.stream().map(Fault::word).collect(Collectors.joining(",")),
                  tcpRetries.map(n -> " --tcp-retries " + n).orElse("")));
    }
    out.flush();
    return result.kept() ? 0 : 1;
  }

  private Set<Fault> kinds(NetworkKind joined, Progress progress) {
    if (faults.isEmpty()) {
      for (var need : Fault.Need.values())
        if (!ChaosRun.possible(need, joined))
          progress.line("Left out, because they need %s: %s".formatted(need, words(need)));
      if (clouds == 1 && ChaosRun.possible(Fault.Need.STORE, joined))
        progress.line("Left out, because it needs --clouds 3: " + words(Fault.Need.STORE));
      return ChaosRun.possible(clouds, joined);
    }
    var kinds = EnumSet.noneOf(Fault.class);
    try {
      for (var word : faults) kinds.add(Fault.of(word));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--faults: " + e.getMessage());
    }
    if (clouds == 1 && kinds.contains(Fault.STORE_OUTAGE))
      throw new UserException(Fault.STORE_OUTAGE.word() + " needs --clouds 3");
    for (var fault : kinds)
      if (!ChaosRun.possible(fault.need(), joined))
        throw new UserException("%s needs %s".formatted(fault.word(), fault.need()));
    return kinds;
  }

  private static String words(Fault.Need need) {
    return EnumSet.allOf(Fault.class).stream()
        .filter(f -> f.need() == need)
        .map(Fault::word)
        .collect(Collectors.joining(", "));
  }
}
