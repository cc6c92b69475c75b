package io.dayu.flow;

import io.dayu.facts.InstanceName;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport.Latency;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.NodeReport.Traffic;
import io.dayu.facts.NodeReport.Work;
import io.dayu.link.Backoff;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plan;
import io.dayu.stage.Causes;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Crashes of a node's own actors. Each actor is started again after a wait that grows with every
 * crash, and the node's reports tell of it. The crashes of an actor that has run for a while are
 * forgotten. Belongs to one actor.
 */
final class Crashes {
  private static final long FORGET_NANOS = Duration.ofMinutes(5).toNanos();

  private static final class Crash {
    long count;
    String cause = "";
    long atNanos;
    final Backoff backoff;
    Duration wait = Duration.ZERO; // the latest
    boolean down;

    Crash(Backoff backoff) {
      this.backoff = backoff;
    }
  }

  private final Supplier<Backoff> backoffs;
  private final LongSupplier nanos;

  /** By {@link StreamName} or {@link InstanceName}: a record, so that no text is taken for one. */
  private final Map<Record, Crash> crashes = new HashMap<>();

  /**
   * @param backoffs a new one for everything that crashes
   * @param nanos a clock as {@link System#nanoTime}
   */
  Crashes(Supplier<Backoff> backoffs, LongSupplier nanos) {
    this.backoffs = backoffs;
    this.nanos = nanos;
  }

  /**
   * @return how long to wait before it is started again
   */
  Duration add(Record name, Throwable cause) {
    prune();
    var crash = crashes.computeIfAbsent(name, n -> new Crash(backoffs.get()));
    crash.wait = crash.backoff.next();
    crash.count++;
    crash.cause = Causes.words(cause);
    crash.atNanos = nanos.getAsLong();
    crash.down = true;
    return crash.wait;
  }

  /** Whether it is too early to start it again. */
  boolean tooEarly(Record name) {
    var crash = crashes.get(name);
    return crash != null && crash.down && nanos.getAsLong() - crash.atNanos < crash.wait.toNanos();
  }

  void started(Record name) {
    var crash = crashes.get(name);
    if (crash != null) crash.down = false;
  }

  /** Whether it has crashed and was not started again. */
  boolean isDown(Record name) {
    var crash = crashes.get(name);
    return crash != null && crash.down;
  }

  void forget(Record name) {
    crashes.remove(name);
  }

  private long count(Record name) {
    prune();
    var crash = crashes.get(name);
    return crash == null ? 0 : crash.count;
  }

  /** For people; empty if it has not crashed lately. */
  private Optional<String> problem(Record name) {
    prune();
    return Optional.ofNullable(crashes.get(name))
        .map(
            crash ->
                "crashed %s, %s: %s"
                    .formatted(
                        crash.count == 1 ? "once" : crash.count + " times",
                        crash.down ? "is started again soon" : "runs again",
                        crash.cause));
  }

  /** The report of a stage that is down. */
  StageReport down(Plan plan, StageSpec stage) {
    var report =
        new StageReport(
            plan.spec().name(),
            stage.id(),
            stage.type(),
            StageState.BACKING_OFF,
            Work.NONE,
            0,
            Optional.empty());
    return withCrashes(plan.instance(stage.id()), report);
  }

  /**
   * The report of a stream that is down.
   *
   * @param last its last report
   */
  StreamReport down(StreamName stream, Optional<StreamReport> last) {
    var report =
        new StreamReport(
            stream,
            StreamState.SOURCE_DOWN,
            last.map(StreamReport::decision).orElse(0L),
            last.map(StreamReport::ledger).orElse(Ledger.EMPTY),
            last.map(StreamReport::traffic).orElse(Traffic.NONE).stopped(),
            Latency.NONE,
            Optional.empty(),
            last.map(StreamReport::reserved).orElse(0L),
            last.map(StreamReport::version).orElse(0L));
    return withCrashes(report);
  }

  /** The report of a stage, with its crashes. */
  StageReport withCrashes(InstanceName instance, StageReport r) {
    return new StageReport(
        r.pipeline(),
        r.stage(),
        r.type(),
        r.state(),
        r.work(),
        r.restarts() + count(instance),
        r.problem().or(() -> problem(instance)));
  }

  /** The report of a stream, with its crashes. */
  StreamReport withCrashes(StreamReport r) {
    var crash = problem(r.stream());
    if (crash.isEmpty() || r.state() == StreamState.FAILED) return r;
    return r.withProblem(r.problem().map(p -> crash.get() + "; " + p).orElseGet(crash::get));
  }

  private void prune() {
    long now = nanos.getAsLong();
    crashes.values().removeIf(c -> !c.down && now - c.atNanos > FORGET_NANOS);
  }
}
