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
 * <p>Works in turns of a fraction of a second, and in each by transactions of some milliseconds
 * that wait like all other writes, so nobody who stores results waits longer than for one of them.
 * A turn that fails forgets what it was about; the next one begins by looking again. For one thread
 * at a time, except {@link #usage}.
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
   * What the last turn has seen.
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
   */
  public record Pipeline(Duration age, long stored, long pruned) {}

  /** Writes in a transaction of its own, when it is its turn. */
  interface Writes {
    void write(String what, Work work);
  }

  /** May be done again after a failure. */
  interface Work {
    void in(Session session) throws SQLException;
  }

  private record Target(PipelineRow row, long pruned) {}

  private static final Duration TURN = Duration.ofMillis(200);
  private static final Duration LONG_STEP = Duration.ofMillis(10);
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
   * One turn.
   *
   * @param now not before that of an earlier turn
   * @param wanted what is to be kept of the pipelines that are known now. It is remembered in the
   *     store: of a pipeline that was deleted, or is not known yet, what was known last holds.
   * @return whether there is more to be pruned at once
   * @throws StoreException if the store cannot be used; to be tried again after a while
   */
  public boolean work(Instant now, Map<String, Retain> wanted) {
    long end = System.nanoTime() + TURN.toNanos();
    try {
      if (targets.isEmpty()) aim(now, wanted);
      while (!targets.isEmpty()) {
        if (System.nanoTime() - end >= 0) return true;
        var target = targets.element();
        if (step(target, MOST_BYTES).pruned() >= target.pruned()) targets.remove();
      }
      boolean more = shrink(end);
      usage = look();
      return more;
    } catch (RuntimeException e) {
      targets.clear();
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

  /**
   * Removes the oldest results of all until the quota is met, or the turn is over.
   *
   * @return whether the store is still too large and has results to prune
   */
  private boolean shrink(long end) {
    long over = database.read("measure the store", RetentionTable::bytes) - limits.quota();
    while (over > 0) {
      if (System.nanoTime() - end >= 0) return true;
      var oldest = oldest();
      if (oldest.isEmpty())
        return false; // what is left are streams, numbers and frames on their way
      over -= step(oldest.get(), Math.min(over, MOST_BYTES)).bytes();
    }
    return false;
  }

  /** The pipeline whose first result is the oldest, up to the mark behind it. */
  private Optional<Target> oldest() {
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

  private RetentionTable.Step step(Target target, long enoughBytes) {
    var done = new RetentionTable.Step[1];
    var took = new long[1];
    int mostRows = rows;
    writes.write(
        "prune results of " + target.row().name(),
        session -> {
          long begun = System.nanoTime();
          done[0] = table.prune(session, target.row().id(), target.pruned(), mostRows, enoughBytes);
          took[0] = System.nanoTime() - begun;
        });
    if (took[0] > LONG_STEP.toNanos()) rows = Math.max(FEWEST_ROWS, rows / 2);
    else if (took[0] < LONG_STEP.toNanos() / 4) rows = Math.min(MOST_ROWS, rows * 2);
    return Objects.requireNonNull(done[0], "written, or an exception was thrown");
  }

  private Usage look() {
    return database.read(
        "measure the store",
        session -> {
          var pipelines = new TreeMap<String, Pipeline>();
          List<PipelineRow> rows = table.pipelines(session);
          for (var row : rows)
            pipelines.put(row.name(), new Pipeline(ageOf(row), row.stored(), row.pruned()));
          return new Usage(RetentionTable.bytes(session), limits.quota(), pipelines);
        });
  }
}
