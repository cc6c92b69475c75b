package io.dayu.store;

import io.dayu.pipeline.PipelineSpec.Retain;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Prunes a store: removes results that are too old or too many by the rule of their pipeline, and
 * the oldest of all while the store is larger than its quota, each with its frame. Always the
 * oldest of a pipeline in the order of storing, so that one number says how far a pipeline is
 * pruned.
 *
 * <p>Age is counted from the time of storing, by the clock of the node. No row has a time: how many
 * results of a pipeline there had been at a time is marked now and then, so a result is kept up to
 * a hundredth longer than the rule says (an hour at most), and one that was there before the first
 * mark is as old as that mark.
 *
 * <p>Works in rounds of turns. A turn is a transaction of its own of some milliseconds, which waits
 * like all other writes, and after it the pruner rests for as long as it took, so whoever stores
 * results hardly notices. A round that fails forgets what it was about; the next one begins by
 * looking again. For one thread at a time, except {@link #usage} and {@link #age}.
 */
public final class Pruner {
  /**
   * @param age of results whose pipeline says nothing else, at least 1 s
   * @param atMost how many of each such pipeline
   * @param quota bytes of the whole store; it may have more for as long as pruning takes
   */
  public record Limits(Duration age, long atMost, long quota) {
    public Limits {
      if (age.compareTo(Duration.ofSeconds(1)) < 0 || atMost < 1 || quota < 1)
        throw new IllegalArgumentException(
            "limits of a store must be positive: %s, %s, %s".formatted(age, atMost, quota));
    }
  }

  /**
   * What the last round has left.
   *
   * @param bytes that the store takes, without space that is free to be used again
   * @param pipelines by name, those with results
   */
  public record Usage(long bytes, long quota, Map<String, Pipeline> pipelines) {
    public Usage {
      pipelines = Map.copyOf(pipelines);
    }
  }

  /**
   * @param age how long its results are kept
   * @param stored results that were ever stored, pruned ones among them
   * @param pruned those that are not kept any more
   * @param oldest when the first of those that are kept had been stored at the latest, which tells
   *     its age as exactly as it is kept; empty if there is none, or no mark behind it yet
   */
  public record Pipeline(Duration age, long stored, long pruned, Optional<Instant> oldest) {}

  /** Writes in a transaction of its own, when it is its turn. */
  interface Writes {
    void write(String what, Work work);
  }

  /** May be done again after a failure. */
  interface Work {
    void in(Session session) throws SQLException;
  }

  private record Target(PipelineRow row, long pruned) {}

  /** A round that takes longer does not rest between its turns: more comes than it prunes. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Duration LONG_STEP = Duration.ofMillis(5);
  private static final int FEWEST_ROWS = 8;
  private static final int MOST_ROWS = 4096;
  private static final long MOST_BYTES = 4L << 20; // large frames take their time
  private static final Duration FINEST_MARKS = Duration.ofSeconds(5);
  private static final Duration COARSEST_MARKS = Duration.ofHours(1);

  private final Database database;
  private final Writes writes;
  private final Limits limits;
  private final RetentionTable table = new RetentionTable();
  private final ArrayDeque<Target> targets = new ArrayDeque<>(); // bounded by the pipelines
  private long over; // about as many bytes are above the quota
  private long beganNanos; // the round
  private int rows = 256; // of the next step
  private volatile Usage usage;

  Pruner(Database database, Writes writes, Limits limits) {
    this.database = database;
    this.writes = writes;
    this.limits = limits;
    this.usage = new Usage(0, limits.quota(), Map.of());
  }

  /** Safe for any thread. */
  public Usage usage() {
    return usage;
  }

  /** How long results of a pipeline are kept. Safe for any thread. */
  public Duration age(String pipeline) {
    var known = usage.pipelines().get(pipeline);
    return known == null ? limits.age() : known.age();
  }

  /**
   * One turn: a transaction of some milliseconds.
   *
   * @param now not before that of an earlier turn
   * @param wanted what is to be kept of the pipelines that are known now. It is remembered in the
   *     store: of a pipeline that was deleted, or is not known yet, what was known last holds.
   * @return when to do the next turn, because there is more to be pruned; empty if the round is
   *     over
   * @throws StoreException if the store cannot be used; then the round is over, too
   */
  public Optional<Duration> work(Instant now, Map<String, Retain> wanted) {
    try {
      if (targets.isEmpty() && over <= 0) {
        beganNanos = System.nanoTime();
        aim(now, wanted);
        over = excess();
      }
      var target = targets.isEmpty() ? oldest() : Optional.of(targets.element());
      long begunNanos = System.nanoTime();
      if (target.isPresent()) step(target.get());
      if (targets.isEmpty() && over <= 0) over = excess(); // what a row takes is an estimate
      if (target.isEmpty() || targets.isEmpty() && over <= 0) {
        over = 0; // whatever is left: streams, numbers, frames whose results are on their way
        usage = look();
        return Optional.empty();
      }
      long endNanos = System.nanoTime();
      return Optional.of(
          endNanos - beganNanos > PATIENCE.toNanos()
              ? Duration.ZERO
              : Duration.ofNanos(endNanos - begunNanos));
    } catch (RuntimeException e) {
      targets.clear();
      over = 0;
      throw e;
    }
  }

  /** Notes what is new, and looks for what is too old or too much. */
  private void aim(Instant now, Map<String, Retain> wanted) {
    var rows = database.read("look for results to prune", table::pipelines);
    var changed = new ArrayList<PipelineRow>();
    var marked = new ArrayList<PipelineRow>();
    for (int i = 0; i < rows.size(); i++) {
      var row = rows.get(i);
      var retain = wanted.get(row.name());
      if (retain != null && !retain.equals(row.retain())) {
        row = row.with(retain);
        rows.set(i, row);
        changed.add(row);
      }
      if (isMarkDue(row, now)) marked.add(row);
    }
    if (!changed.isEmpty() || !marked.isEmpty())
      writes.write(
          "note what is to be pruned",
          session -> {
            for (var row : changed) table.remember(session, row);
            for (var row : marked) table.mark(session, row, now);
          });
    for (var row : rows) {
      long atMost = row.retain().atMost().orElse(limits.atMost());
      var before = now.minus(ageOf(row));
      long old =
          database.read("look for old results", session -> table.storedBy(session, row, before));
      long target = Math.max(old, row.stored() - atMost);
      if (target > row.pruned()) targets.add(new Target(row, target));
    }
  }

  private Duration ageOf(PipelineRow row) {
    return row.retain().age().orElse(limits.age());
  }

  private boolean isMarkDue(PipelineRow row, Instant now) {
    var last = row.lastMark();
    if (last.isEmpty()) return row.stored() > 0;
    if (row.stored() <= last.get().stored()) return false;
    var apart = ageOf(row).dividedBy(100);
    if (apart.compareTo(FINEST_MARKS) < 0) apart = FINEST_MARKS;
    if (apart.compareTo(COARSEST_MARKS) > 0) apart = COARSEST_MARKS;
    return !now.isBefore(last.get().at().plus(apart));
  }

  private long excess() {
    return database.read("measure the store", RetentionTable::bytes) - limits.quota();
  }

  /**
   * The pipeline whose first result is the oldest, up to the mark behind it, if there is too much.
   */
  private Optional<Target> oldest() {
    if (over <= 0) return Optional.empty();
    return database.read(
        "look for the oldest results",
        session -> {
          record Front(PipelineRow row, RetentionTable.Mark mark) {}
          var fronts = new ArrayList<Front>();
          for (var row : table.pipelines(session)) {
            if (row.stored() <= row.pruned()) continue;
            // Without a mark behind it, it is younger than all marks.
            var mark =
                table
                    .nextMark(session, row)
                    .orElse(new RetentionTable.Mark(Instant.MAX, row.stored()));
            fronts.add(new Front(row, mark));
          }
          return fronts.stream()
              .min(
                  Comparator.comparing((Front f) -> f.mark().at())
                      .thenComparing(f -> f.row().pruned() - f.row().stored()))
              .map(f -> new Target(f.row(), f.mark().stored()));
        });
  }

  private void step(Target target) {
    var done = new RetentionTable.Step[1];
    var took = new long[1];
    int mostRows = rows;
    long enoughBytes = targets.isEmpty() ? Math.min(over, MOST_BYTES) : MOST_BYTES;
    writes.write(
        "prune results of " + target.row().name(),
        session -> {
          long begunNanos = System.nanoTime();
          done[0] = table.prune(session, target.row().id(), target.pruned(), mostRows, enoughBytes);
          took[0] = System.nanoTime() - begunNanos;
        });
    if (took[0] > LONG_STEP.toNanos()) rows = Math.max(FEWEST_ROWS, rows / 2);
    else if (took[0] < LONG_STEP.toNanos() / 4) rows = Math.min(MOST_ROWS, rows * 2);
    var step = Objects.requireNonNull(done[0], "written, or an exception was thrown");
    over -= step.bytes();
    if (step.pruned() >= target.pruned() && !targets.isEmpty()) targets.remove();
  }

  private Usage look() {
    return database.read(
        "measure the store",
        session -> {
          var pipelines = new TreeMap<String, Pipeline>();
          List<PipelineRow> rows = table.pipelines(session);
          for (var row : rows) {
            var oldest = table.nextMark(session, row).map(RetentionTable.Mark::at);
            pipelines.put(row.name(), new Pipeline(ageOf(row), row.stored(), row.pruned(), oldest));
          }
          return new Usage(RetentionTable.bytes(session), limits.quota(), pipelines);
        });
  }
}
