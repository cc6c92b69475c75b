package io.dayu.bench.change;

import io.dayu.bench.pipeline.ClosedLoop;
import io.dayu.bench.pipeline.Setup;
import io.dayu.bench.run.BenchPipeline;
import io.dayu.bench.run.ClusterRun;
import io.dayu.bench.run.Waiting;
import io.dayu.bench.service.Program;
import io.dayu.bench.service.Way;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;

/**
 * Measures what changes, pauses and the loss of a service cost elements that flow at half of the
 * highest rate, from an edge to the result store in the cloud.
 */
final class ChangeBench {
  private static final String EDGE = "edge-1";
  private static final String SERVICE = "python-identity";
  private static final int PAYLOAD = 1 << 10;
  private static final int CHANGES = 4;
  private static final int PAUSES = 3;

  /** Elements a second through the service: about half of what its one process can do. */
  private static final long THROUGH_SERVICE = 500;

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** How closely a pause is looked at. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

  private final Home home;
  private final Duration duration;
  private final Progress progress;

  /**
   * @param duration of each part
   */
  ChangeBench(Home home, Duration duration, Progress progress) {
    this.home = home;
    this.duration = duration;
    this.progress = progress;
  }

  /**
   * @throws UserException if a node or the service does not start, or a node dies
   */
  ChangeReport run() {
    progress.line("Three stages from an edge to the store, 1024 bytes");
    return ClusterRun.run(LocalCluster.Settings.temporary(home), progress, this::measure);
  }

  private ChangeReport measure(LocalCluster cluster) {
    cluster.start(Setup.cloud(PAYLOAD, true));
    var setup =
        new Setup(cluster, cluster.client(), new Waiting(cluster, progress), PAYLOAD, duration);
    var edge = setup.edge(EDGE);
    var command = Program.PYTHON.command(home, cluster.directory().resolve("service"), Way.HTTP);
    for (int i = 0; i < command.size(); i++)
      edge = edge.with("dayu.services.%s.command.%s".formatted(SERVICE, i), command.get(i));
    setup.start(edge);
    double half = ClosedLoop.run(setup, EDGE).elementsPerSecond() / 2;
    long rate = Math.max(1, Math.round(half));
    var changed = changed(setup, rate);
    progress.line(
        String.format(
            Locale.ROOT, "  changed: longest gap %.0f ms", changed.settled().longestGapMs()));
    var paused = paused(setup, rate);
    progress.line("  paused and resumed");
    var killed = killed(setup);
    progress.line(
        String.format(
            Locale.ROOT, "  service killed: again after %.0f ms", killed.settled().longestGapMs()));
    return new ChangeReport(half, changed, paused, killed);
  }

  private ChangeReport.Changed changed(Setup setup, long rate) {
    var warm = new Flow(setup, "changes-warm-up", EDGE, BenchPipeline.IDENTITY, rate);
    warm.start();
    setup.waiting().pass("warming up", duration);
    warm.change(1);
    if (!warm.settle().kept()) throw new UserException("a change cost elements while warming up");

    var flow = new Flow(setup, "changes", EDGE, BenchPipeline.IDENTITY, rate);
    flow.start();
    setup.waiting().pass("steady", duration);
    long starts = flow.startsOfUnchanged();
    if (starts == 0) throw new UserException("the nodes' logs do not tell which stages start");
    double steady = flow.figures().longestGapMs();
    for (int i = 1; i <= CHANGES; i++) {
      flow.change(i);
      setup.waiting().pass("changed %s times".formatted(i), duration.dividedBy(CHANGES));
    }
    long restarted = flow.startsOfUnchanged() - starts;
    var settled = flow.settle();
    return new ChangeReport.Changed(CHANGES, restarted, steady, settled);
  }

  private ChangeReport.Paused paused(Setup setup, long rate) {
    var flow = new Flow(setup, "pauses", EDGE, BenchPipeline.IDENTITY, rate);
    flow.start();
    var pausedMs = new ArrayList<Double>();
    var resumedMs = new ArrayList<Double>();
    for (int i = 0; i < PAUSES; i++) {
      setup.waiting().pass("flowing", duration.dividedBy(PAUSES));
      long pause = System.nanoTime();
      flow.turn("pause");
      pausedMs.add(until("paused", pause, () -> flow.state().equals("paused")));
      drained(setup, flow);
      long delivered = flow.figures().ledger().delivered();
      long resume = System.nanoTime();
      flow.turn("resume");
      resumedMs.add(
          until("resumed", resume, () -> flow.figures().ledger().delivered() > delivered));
    }
    return new ChangeReport.Paused(pausedMs, resumedMs, flow.settle());
  }

  /** Only what is read anew may count as the first element after the pause. */
  private static void drained(Setup setup, Flow flow) {
    setup.waiting().until("draining", PATIENCE, () -> flow.figures().ledger().inFlight() == 0);
  }

  /** Milliseconds from {@code began} until something holds. */
  private static double until(String what, long began, BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - began > PATIENCE.toNanos())
        throw new UserException("not %s after %s s".formatted(what, PATIENCE.toSeconds()));
      try {
        Thread.sleep(LOOK_AGAIN.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UserException("interrupted", e);
      }
    }
    return (System.nanoTime() - began) / 1e6;
  }

  private ChangeReport.Killed killed(Setup setup) {
    setup.waiting().until("waiting for " + SERVICE, PATIENCE, () -> isKnown(setup));
    var flow = new Flow(setup, "kill", EDGE, SERVICE, THROUGH_SERVICE);
    flow.start();
    setup.waiting().pass("flowing through the service", duration);
    program(flow).forEach(ProcessHandle::destroyForcibly);
    long before = flow.figures().ledger().generated();
    setup
        .waiting()
        .until(
            "flowing through the service again",
            PATIENCE,
            () -> flow.figures().ledger().delivered() > before);
    return new ChangeReport.Killed(THROUGH_SERVICE, flow.settle());
  }

  private static boolean isKnown(Setup setup) {
    for (var type : setup.api().get("stages").path("items"))
      if (type.path("type").asText().equals(SERVICE)) return true;
    return false;
  }

  /** The service itself, not the shell that watches it. */
  private static List<ProcessHandle> program(Flow flow) {
    var found =
        flow.programs()
            .filter(program -> program.info().command().orElse("").contains("python"))
            .toList();
    if (found.isEmpty()) throw new UserException("the service's process is not there");
    return found;
  }
}
