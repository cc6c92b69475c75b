package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Arrivals;
import io.dayu.bench.chaos.NetworkKind;
import io.dayu.bench.chaos.Rig;
import io.dayu.bench.truth.Load;
import io.dayu.bench.truth.Stored;
import io.dayu.bench.truth.Verdict;
import io.dayu.client.ApiClient;
import io.dayu.console.Progress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.Predicate;

/** The course of a scenario with cloud nodes, a few edges and one load. */
final class Course implements AutoCloseable {
  static final String CLOUD = "cloud-1";
  static final String READER = "edge-1";
  static final String OTHER = "edge-2";

  /** Nobody measures the first seconds of a JVM. */
  private static final Duration WARM = Duration.ofSeconds(10);

  private static final Duration PATIENCE = Duration.ofSeconds(120);
  private static final int RATE = 50;

  private final Rig rig;
  private final Progress progress;
  private final Load load;
  private final Arrivals arrivals;

  private Course(Rig rig, Progress progress, Load load, Arrivals arrivals) {
    this.rig = rig;
    this.progress = progress;
    this.load = load;
    this.arrivals = arrivals;
  }

  /** Runs a course on fresh nodes; logs and data stay if it is not kept. */
  static Scenario.Seen run(
      Context context,
      boolean network,
      boolean live,
      Duration lasting,
      Function<Course, Scenario.Seen> course) {
    return run(context, 1, network, live, lasting, course);
  }

  /** The same with so many cloud nodes. */
  static Scenario.Seen run(
      Context context,
      int clouds,
      boolean network,
      boolean live,
      Duration lasting,
      Function<Course, Scenario.Seen> course) {
    var settings =
        new Rig.Settings(
            context.home(),
            clouds,
            2,
            network ? NetworkKind.NAMESPACES : NetworkKind.NONE,
            OptionalInt.empty(),
            OptionalInt.empty());
    try (var rig = Rig.open(settings, context.progress())) {
      try (var begun = begin(rig, context.progress(), live, lasting)) {
        var seen = course.apply(begun);
        if (!seen.kept()) keep(rig, context.progress());
        return seen;
      } catch (RuntimeException e) {
        keep(rig, context.progress());
        throw e;
      }
    } finally {
      context.progress().now("");
    }
  }

  private static void keep(Rig rig, Progress progress) {
    rig.keep();
    progress.line("  logs and data are kept in " + rig.directory());
  }

  private static Course begin(Rig rig, Progress progress, boolean live, Duration lasting) {
    rig.start();
    var seconds = lasting.plus(WARM).plusSeconds(15);
    var load = load("load", READER, live, seconds, rig);
    var course =
        new Course(rig, progress, load, Arrivals.of(rig.apis(), submitted(rig, load).name()));
    rig.waiting().pass("warming up", WARM);
    return course;
  }

  private static Load submitted(Rig rig, Load load) {
    rig.submit(load);
    rig.waiting()
        .until(
            "waiting for the first results",
            PATIENCE,
            () -> load.ledger(rig.api()).delivered() > 0);
    return load;
  }

  /** Stages on every node that may take them, the reader's among them. */
  static Load load(String name, String reader, boolean live, Duration lasting, Rig rig) {
    var anywhere = List.of(reader, OTHER, CLOUD).stream().distinct().toList();
    var home = List.of(reader, CLOUD);
    var policy = Load.fixed(home, anywhere, anywhere, home);
    return live
        ? Load.live(name, reader, policy, RATE, Instant.now().plus(lasting), rig.directory())
        : Load.file(name, reader, policy, RATE, (int) lasting.toSeconds(), rig.directory());
  }

  Rig rig() {
    return rig;
  }

  ApiClient api() {
    return rig.api();
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
    rig.waiting().pass(what, time);
  }

  /** How long after {@code from} the first such result came; waits for it. */
  Duration first(String what, Instant from, Predicate<Arrivals.Arrival> wanted) {
    rig.waiting().until("waiting for " + what, PATIENCE, () -> arrivals.first(wanted).isPresent());
    return Duration.between(from, arrivals.first(wanted).orElseThrow().at());
  }

  /** Everything that stands in the store once all is settled. */
  List<Stored> stored() {
    rig.waiting().until("waiting until all is settled", PATIENCE, () -> load.settled(api()));
    return Stored.all(api(), load.name());
  }

  Verdict verdict(List<Stored> rows) {
    return load.verdict(api(), rows, rig.kills(load.node()));
  }

  /** Of another load on the same nodes, once it is settled. */
  Verdict verdict(Load other) {
    rig.waiting().until("waiting until all is settled", PATIENCE, () -> other.settled(api()));
    return other.verdict(api(), Stored.all(api(), other.name()), rig.kills(other.node()));
  }

  /** The longest time between the cutting of two elements that overlaps [from, until]. */
  static Duration longestPause(List<Stored> rows, Instant from, Instant until) {
    var at = rows.stream().mapToLong(Stored::createdAtMs).sorted().toArray();
    long longest = 0;
    for (int i = 1; i < at.length; i++)
      if (at[i] >= from.toEpochMilli() && at[i - 1] <= until.toEpochMilli())
        longest = Math.max(longest, at[i] - at[i - 1]);
    return Duration.ofMillis(longest);
  }

  /** Their latency at 95 %, in milliseconds; not a number without any. */
  static double p95(List<Stored> rows) {
    var sorted = rows.stream().mapToDouble(Stored::latencyMs).sorted().toArray();
    return sorted.length == 0 ? Double.NaN : sorted[(int) Math.ceil(sorted.length * 0.95) - 1];
  }

  @Override
  public void close() {
    arrivals.close();
  }
}
