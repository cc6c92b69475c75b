package io.dayu.bench.chaos;

import io.dayu.bench.truth.Load;
import io.dayu.bench.truth.StoredResult;
import io.dayu.bench.truth.Variant;
import io.dayu.bench.truth.Verdict;
import io.dayu.client.ApiClient;
import io.dayu.client.LedgerCounts;
import io.dayu.console.Progress;
import io.dayu.console.Units;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import io.dayu.local.NodeOptions.Role;
import io.dayu.testkit.LocalPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * One run: starts nodes, lets elements flow, does to the nodes what the schedule says, heals all,
 * waits until everything is settled and compares the store with what was generated.
 */
public final class ChaosRun {
  /**
   * @param kinds what may be done
   * @param network made only if {@code kinds} need it
   * @param tcpRetries of the nodes' networks; empty for the system's
   */
  public record Settings(
      long seed,
      Duration duration,
      Set<Fault> kinds,
      int clouds,
      int edges,
      NetworkKind network,
      OptionalInt tcpRetries) {
    public Settings {
      kinds = Collections.unmodifiableSet(new TreeSet<>(kinds));
    }

    private boolean needs(Fault.Need need) {
      return kinds.stream().anyMatch(f -> f.need() == need);
    }

    private NetworkKind networkNeeded() {
      return needs(Fault.Need.LINKS) || needs(Fault.Need.PACKETS) ? network : NetworkKind.NONE;
    }
  }

  private static final int FILE_RATE = 40;
  private static final int LIVE_RATE = 10;
  private static final Duration LINE = Duration.ofSeconds(5);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(200);
  private static final Duration BEGIN = Duration.ofSeconds(90);
  private static final Duration SETTLE = Duration.ofMinutes(2);

  /** How long after a fault was undone its effects may still be seen. */
  private static final Duration AFTERMATH = Duration.ofSeconds(5);

  /** For a fault that is just being begun or undone. */
  private static final Duration GRACE = Duration.ofSeconds(10);

  private record Done(Schedule.Planned planned, String node, Instant begun, Instant undone) {}

  private final Home home;
  private final Settings settings;
  private final Progress progress;
  private final List<Done> done = Collections.synchronizedList(new ArrayList<>());
  private final List<String> problems = Collections.synchronizedList(new ArrayList<>());
  private final Map<String, Object> turns = new ConcurrentHashMap<>();
  private Instant start = Instant.now();
  private Instant nextLine = Instant.EPOCH;
  private boolean nodeDied;

  public ChaosRun(Home home, Settings settings, Progress progress) {
    this.home = home;
    this.settings = settings;
    this.progress = progress;
  }

  /** All that this machine lets this process do to so many cloud nodes in such a network. */
  public static Set<Fault> possible(int clouds, NetworkKind network) {
    var possible = EnumSet.allOf(Fault.class);
    possible.removeIf(fault -> !possible(fault.need(), network));
    // A single one has a store of its own.
    if (clouds == 1) possible.remove(Fault.STORE_OUTAGE);
    return possible;
  }

  /** Whether this machine lets this process do what has such a need in such a network. */
  public static boolean possible(Fault.Need need, NetworkKind network) {
    return switch (need) {
      case NOTHING -> true;
      case LINKS -> network != NetworkKind.NONE;
      case PACKETS -> network == NetworkKind.NAMESPACES;
      case DISKS -> Disks.available();
      case STORE -> LocalPostgres.installed();
      case PROGRAMS -> Programs.available();
    };
  }

  /**
   * Runs it to the end, when all processes are gone. Logs and data stay only if a promise was not
   * kept.
   *
   * @throws UserException if the nodes do not start, or nothing flows
   */
  public ChaosReport run() {
    var disk =
        settings.needs(Fault.Need.DISKS)
            ? OptionalInt.of(256 + 2 * (int) settings.duration().toSeconds())
            : OptionalInt.empty();
    var testbedSettings =
        new Testbed.Settings(
            home,
            settings.clouds(),
            settings.edges(),
            settings.networkNeeded(),
            settings.needs(Fault.Need.PROGRAMS),
            disk,
            settings.tcpRetries());
    try (var testbed = Testbed.open(testbedSettings, progress)) {
      try {
        var report = run(testbed);
        if (!report.kept()) keep(testbed);
        return report;
      } catch (RuntimeException e) {
        keep(testbed);
        throw e;
      } finally {
        progress.now("stopping …");
      }
    } finally {
      progress.now("");
    }
  }

  private void keep(Testbed testbed) {
    testbed.keep();
    progress.line("Logs and data are kept in " + testbed.directory());
  }

  private ChaosReport run(Testbed testbed) {
    var schedule =
        Schedule.draw(
            settings.seed(),
            settings.duration(),
            settings.kinds(),
            settings.clouds(),
            settings.edges());
    testbed.start();
    var api = testbed.api();
    var loads = loads(testbed);
    loads.forEach(load -> testbed.submit(load));
    testbed
        .waiting()
        .until(
            "waiting for the first results",
            BEGIN,
            () -> loads.stream().allMatch(load -> load.ledger(api).delivered() > 0));
    start = Instant.now();
    progress.line(
        "Seed %s: %s faults in %s"
            .formatted(
                settings.seed(), schedule.faults().size(), Units.clock(settings.duration())));
    var arrivals = new TreeMap<String, Arrivals>();
    for (var load : loads) arrivals.put(load.name(), Arrivals.of(testbed.apis(), load.name()));
    var changes = new LiveChanges(testbed.apis());
    try {
      inflict(testbed, schedule, loads, changes, () -> tell(api, loads));
      settle(testbed, api, loads);
      return compare(testbed, api, loads, changes, arrivals);
    } finally {
      arrivals.values().forEach(Arrivals::close);
    }
  }

  /** Two edges read a file and a sensor each; stages go everywhere, by different policies. */
  private List<Load> loads(Testbed testbed) {
    int seconds = (int) settings.duration().toSeconds() + 5;
    var until = Instant.now().plusSeconds(seconds);
    // Faults delay the files for about a third of the time; what is left is read without faults.
    int reading = seconds * 2 / 3;
    var all = testbed.names();
    var edges = all.stream().filter(n -> n.startsWith(Role.EDGE.word())).toList();
    var one = edges.get(0);
    var two = edges.get(edges.size() - 1);
    var dir = testbed.directory();
    Map<String, Object> roundRobin = Map.of("name", "round-robin");
    var loads =
        List.of(
            Load.file("files-1", one, Load.fixed(edges, all, all, edges), FILE_RATE, reading, dir),
            Load.file("files-2", two, Map.of("name", "least-loaded"), FILE_RATE, reading, dir),
            Load.live("live-1", one, roundRobin, LIVE_RATE, until, dir),
            Load.live("live-2", two, Load.fixed(all, edges, all, all), LIVE_RATE, until, dir));
    return settings.needs(Fault.Need.PROGRAMS)
        ? loads.stream().map(Load::withService).toList()
        : loads;
  }

  /** Each fault on a thread of its own, for some take a while to be undone. */
  private void inflict(
      Testbed testbed,
      Schedule schedule,
      List<Load> loads,
      LiveChanges changes,
      Runnable meanwhile) {
    var threads = Executors.newCachedThreadPool(ChaosRun::daemon);
    try {
      var running = new ArrayList<Future<?>>();
      for (var planned : schedule.faults()) {
        while (Instant.now().isBefore(start.plus(planned.at()))) look(testbed, meanwhile);
        running.add(threads.submit(() -> inflict(testbed, loads, changes, planned)));
      }
      while (running.stream().anyMatch(f -> !f.isDone())
          || Instant.now().isBefore(start.plus(settings.duration()))) look(testbed, meanwhile);
    } finally {
      stop(threads);
    }
  }

  private static Thread daemon(Runnable task) {
    var thread = new Thread(task, "fault");
    thread.setDaemon(true);
    return thread;
  }

  /** Stops the threads: a fault that begins or ends later would act on nodes that are gone. */
  private static void stop(ExecutorService threads) {
    threads.shutdownNow();
    try {
      threads.awaitTermination(GRACE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void inflict(
      Testbed testbed, List<Load> loads, LiveChanges changes, Schedule.Planned planned) {
    var fault = planned.fault();
    var name = fault.victim().name(planned.rank());
    // On a slow machine a node may still be starting when its next fault is due, or that of another
    // cloud node.
    var turn = fault.victim() == Fault.Victim.CLOUD ? fault.victim().name() : name;
    synchronized (turns.computeIfAbsent(turn, n -> new Object())) {
      if (fault.victim() == Fault.Victim.PIPELINE) {
        var load = loads.get(planned.rank());
        inflict(
            planned, load.name(), () -> changes.begin(fault, load), () -> changes.end(fault, load));
      } else {
        inflict(planned, name, () -> testbed.begin(fault, name), () -> testbed.end(fault, name));
      }
    }
  }

  private void inflict(Schedule.Planned planned, String node, Runnable begin, Runnable end) {
    try {
      var begun = Instant.now();
      begin.run();
      say(
          "%s %s for %s"
              .formatted(planned.fault().word(), node, Units.millis(planned.lasting().toMillis())));
      pause(planned.lasting());
      end.run();
      var undone = Instant.now();
      done.add(new Done(planned, node, begun, undone));
      say(
          "%s %s is over after %s"
              .formatted(
                  planned.fault().word(),
                  node,
                  Units.millis(Duration.between(begun, undone).toMillis())));
    } catch (UserException e) {
      var what = "%s %s: %s".formatted(planned.fault().word(), node, e.getMessage());
      problems.add(what);
      say(what);
    }
  }

  private void look(Testbed testbed, Runnable meanwhile) {
    try {
      testbed.alive();
    } catch (UserException died) {
      if (!nodeDied) {
        var what = String.valueOf(died.getMessage());
        problems.add(what);
        say(what);
      }
      nodeDied = true;
    }
    meanwhile.run();
    pause(LOOK_AGAIN);
  }

  private void say(String what) {
    progress.line("%6s  ▶ %s".formatted(clock(), what));
  }

  private String clock() {
    return Units.clock(Duration.between(start, Instant.now()));
  }

  private void tell(ApiClient api, List<Load> loads) {
    if (Instant.now().isBefore(nextLine)) return;
    nextLine = Instant.now().plus(LINE);
    try {
      var sum = new LedgerCounts(0, 0, 0, 0, 0);
      for (var load : loads) {
        var l = load.ledger(api);
        sum =
            new LedgerCounts(
                sum.generated() + l.generated(),
                sum.delivered() + l.delivered(),
                sum.failed() + l.failed(),
                sum.shed() + l.shed(),
                sum.inFlight() + l.inFlight());
      }
      progress.line("%6s  %s".formatted(clock(), sum));
    } catch (UserException unreachable) {
      progress.line("%6s  the cloud does not answer".formatted(clock()));
    }
  }

  private void settle(Testbed testbed, ApiClient api, List<Load> loads) {
    var patience = SETTLE.plus(settings.duration());
    var deadline = Instant.now().plus(patience);
    while (!quietly(() -> loads.stream().allMatch(load -> load.settled(api)))) {
      if (Instant.now().isAfter(deadline)) {
        problems.add(
            "not all is settled %s s after the last fault".formatted(patience.toSeconds()));
        keepStatus(testbed, api, loads);
        return;
      }
      look(testbed, () -> tell(api, loads));
    }
    tell(api, loads);
  }

  /** For whoever looks for the cause: what the API tells, and every node's threads in its log. */
  private static void keepStatus(Testbed testbed, ApiClient api, List<Load> loads) {
    testbed.dumpThreads();
    try {
      var status = new StringBuilder(api.get("nodes").toPrettyString());
      for (var load : loads)
        status.append('\n').append(api.get("pipelines/" + load.name()).toPrettyString());
      Files.writeString(testbed.directory().resolve("status.json"), status);
    } catch (IOException | UserException unreachable) {
      // The problem is reported without it.
    }
  }

  private ChaosReport compare(
      Testbed testbed,
      ApiClient api,
      List<Load> loads,
      LiveChanges changes,
      Map<String, Arrivals> arrivals) {
    var verdict = Verdict.NONE;
    int variants = 0;
    int seen = 0;
    var created = new ArrayList<Long>();
    for (var load : loads) {
      var rows = StoredResult.all(api, load.name());
      rows.forEach(row -> created.add(row.createdAtMs()));
      var had = changes.had(load);
      verdict = verdict.plus(load.verdict(api, rows, testbed.kills(load.node()), had));
      var plans = rows.stream().map(StoredResult::plan).collect(Collectors.toSet());
      variants += had.size();
      seen += (int) had.stream().map(Variant::plan).filter(plans::contains).count();
    }
    var faults = new ArrayList<ChaosReport.Done>();
    for (var d : List.copyOf(done)) {
      var gaps = new TreeMap<String, Duration>();
      arrivals.forEach(
          (name, all) ->
              all.longestGap(d.begun(), d.undone().plus(AFTERMATH))
                  .ifPresent(gap -> gaps.put(name, gap)));
      long from = d.begun().toEpochMilli();
      long to = d.undone().toEpochMilli();
      faults.add(
          new ChaosReport.Done(
              d.planned().fault(),
              d.node(),
              Duration.between(start, d.begun()),
              Duration.between(d.begun(), d.undone()),
              gaps,
              created.stream().filter(at -> at >= from && at <= to).count()));
    }
    return new ChaosReport(
        settings.seed(),
        settings.duration(),
        faults,
        verdict,
        variants,
        seen,
        List.copyOf(problems));
  }

  /**
   * Whether the condition holds. A failure counts as no, because the condition is checked again
   * anyway.
   */
  private static boolean quietly(BooleanSupplier condition) {
    try {
      return condition.getAsBoolean();
    } catch (UserException askedAgain) {
      return false;
    }
  }

  private static void pause(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    }
  }
}
