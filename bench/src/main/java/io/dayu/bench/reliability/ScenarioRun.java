package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Arrivals;
import io.dayu.bench.chaos.NetworkKind;
import io.dayu.bench.chaos.Testbed;
import io.dayu.bench.truth.Load;
import io.dayu.bench.truth.StoredResult;
import io.dayu.bench.truth.Verdict;
import io.dayu.client.ApiClient;
import io.dayu.console.Progress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * One run of a scenario on nodes of its own: cloud nodes, a few edges and a load that flows through
 * them. The scenario breaks a node or a link and asks this object what follows from it.
 */
final class ScenarioRun implements AutoCloseable {
  static final String CLOUD = "cloud-1";
  static final String READER = "edge-1";
  static final String OTHER = "edge-2";

  /** How long nodes run before anything is measured: a JVM is slow at first. */
  private static final Duration WARM = Duration.ofSeconds(10);

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int RATE = 50;

  private final Testbed testbed;
  private final Progress progress;
  private final Load load;
  private final Arrivals arrivals;

  private ScenarioRun(Testbed testbed, Progress progress, Load load, Arrivals arrivals) {
    this.testbed = testbed;
    this.progress = progress;
    this.load = load;
    this.arrivals = arrivals;
  }

  /**
   * Does what a scenario does on fresh nodes, once results come; logs and data stay if the promise
   * is not kept.
   *
   * @param network whether links can be broken
   * @param live whether the load is a live source, else a file
   * @param lasting how long the source goes on after the warm-up
   */
  static Scenario.Seen run(
      Context context,
      boolean network,
      boolean live,
      Duration lasting,
      Function<ScenarioRun, Scenario.Seen> steps) {
    return run(context, 1, network, live, lasting, steps);
  }

  /** The same with so many cloud nodes. */
  static Scenario.Seen run(
      Context context,
      int clouds,
      boolean network,
      boolean live,
      Duration lasting,
      Function<ScenarioRun, Scenario.Seen> steps) {
    var settings =
        new Testbed.Settings(
            context.home(),
            clouds,
            2,
            network ? NetworkKind.NAMESPACES : NetworkKind.NONE,
            false,
            OptionalInt.empty(),
            OptionalInt.empty());
    try (var testbed = Testbed.open(settings, context.progress())) {
      try (var run = begin(testbed, context.progress(), live, lasting)) {
        var seen = steps.apply(run);
        if (!seen.kept()) keep(testbed, context.progress());
        return seen;
      } catch (RuntimeException e) {
        keep(testbed, context.progress());
        throw e;
      }
    } finally {
      context.progress().now("");
    }
  }

  private static void keep(Testbed testbed, Progress progress) {
    testbed.keep();
    progress.line("  logs and data are kept in " + testbed.directory());
  }

  private static ScenarioRun begin(
      Testbed testbed, Progress progress, boolean live, Duration lasting) {
    testbed.start();
    var seconds = lasting.plus(WARM).plusSeconds(15);
    var load = load("load", READER, live, seconds, testbed);
    var run =
        new ScenarioRun(
            testbed, progress, load, Arrivals.of(testbed.apis(), submitted(testbed, load).name()));
    testbed.waiting().pass("warming up", WARM);
    return run;
  }

  private static Load submitted(Testbed testbed, Load load) {
    testbed.submit(load);
    testbed
        .waiting()
        .until(
            "waiting for the first results",
            PATIENCE,
            () -> load.ledger(testbed.api()).delivered() > 0);
    return load;
  }

  /** Stages on every node that may take them, the reader's among them. */
  static Load load(String name, String reader, boolean live, Duration lasting, Testbed testbed) {
    var anywhere = List.of(reader, OTHER, CLOUD).stream().distinct().toList();
    var home = List.of(reader, CLOUD);
    var policy = Load.fixed(home, anywhere, anywhere, home);
    return live
        ? Load.live(name, reader, policy, RATE, Instant.now().plus(lasting), testbed.directory())
        : Load.file(name, reader, policy, RATE, (int) lasting.toSeconds(), testbed.directory());
  }

  Testbed testbed() {
    return testbed;
  }

  ApiClient api() {
    return testbed.api();
  }

  Arrivals arrivals() {
    return arrivals;
  }

  Load load() {
    return load;
  }

  void say(String what) {
    progress.line("  " + what);
  }

  void pass(String what, Duration time) {
    testbed.waiting().pass(what, time);
  }

  /** How long after {@code from} the first such result came; waits for it. */
  Duration first(String what, Instant from, Predicate<Arrivals.Arrival> wanted) {
    testbed
        .waiting()
        .until("waiting for " + what, PATIENCE, () -> arrivals.first(wanted).isPresent());
    return Duration.between(from, arrivals.first(wanted).orElseThrow().at());
  }

  /** Everything that stands in the store once all is settled. */
  List<StoredResult> stored() {
    testbed.waiting().until("waiting until all is settled", PATIENCE, () -> load.settled(api()));
    return StoredResult.all(api(), load.name());
  }

  Verdict verdict(List<StoredResult> rows) {
    return load.verdict(api(), rows, testbed.kills(load.node()));
  }

  /** Of another load on the same nodes, once it is settled. */
  Verdict verdict(Load other) {
    testbed.waiting().until("waiting until all is settled", PATIENCE, () -> other.settled(api()));
    return other.verdict(api(), StoredResult.all(api(), other.name()), testbed.kills(other.node()));
  }

  /** The longest time between the cutting of two elements that overlaps [from, until]. */
  static Duration longestPause(List<StoredResult> rows, Instant from, Instant until) {
    var at = rows.stream().mapToLong(StoredResult::createdAtMs).sorted().toArray();
    long longest = 0;
    for (int i = 1; i < at.length; i++)
      if (at[i] >= from.toEpochMilli() && at[i - 1] <= until.toEpochMilli())
        longest = Math.max(longest, at[i] - at[i - 1]);
    return Duration.ofMillis(longest);
  }

  /** Their latency at 95 %, in milliseconds; not a number without any. */
  static double p95(List<StoredResult> rows) {
    var sorted = rows.stream().mapToDouble(StoredResult::latencyMs).sorted().toArray();
    return sorted.length == 0 ? Double.NaN : sorted[(int) Math.ceil(sorted.length * 0.95) - 1];
  }

  @Override
  public void close() {
    arrivals.close();
  }
}
