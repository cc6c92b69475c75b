package io.dayu.store;

import io.dayu.pipeline.PipelineSpec.Retain;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** Statements on what is kept and pruned, each inside a transaction of the caller. Stateless. */
final class RetentionTable {
  /** How many results of a pipeline there had been at a time. */
  record Mark(Instant at, long stored) {}

  /**
   * What one transaction has pruned.
   *
   * @param pruned how far the pipeline is pruned now
   * @param bytes about as many were freed
   */
  record Step(long pruned, long bytes) {}

  /** All pipelines that ever had a stream; a new list. */
  List<PipelineRow> pipelines(Session session) throws SQLException {
    var select =
        session.prepare(
            """
            SELECT id, name, p.stored, pruned, kept_s, kept_most, m.at_ms, m.stored
            FROM dayu_pipelines p LEFT JOIN dayu_marks m ON m.pipeline_id = p.id AND m.at_ms =
              (SELECT MAX(at_ms) FROM dayu_marks WHERE pipeline_id = p.id)
            """);
    var found = new ArrayList<PipelineRow>();
    try (var rows = select.executeQuery()) {
      while (rows.next()) {
        var retain = new Retain(optional(rows, 5).map(Duration::ofSeconds), optional(rows, 6));
        long marked = rows.getLong(8);
        found.add(
            new PipelineRow(
                rows.getInt(1),
                rows.getString(2),
                rows.getLong(3),
                rows.getLong(4),
                retain,
                optional(rows, 7).map(at -> new Mark(Instant.ofEpochMilli(at), marked))));
      }
    }
    return found;
  }

  void remember(Session session, PipelineRow row) throws SQLException {
    var update =
        session.prepare("UPDATE dayu_pipelines SET kept_s = ?, kept_most = ? WHERE id = ?");
    set(update, 1, row.retain().age().map(Duration::toSeconds));
    set(update, 2, row.retain().atMost());
    update.setInt(3, row.id());
    update.executeUpdate();
  }

  /** Marks are of no use where all is pruned that they tell of. */
  void mark(Session session, PipelineRow row, Instant now) throws SQLException {
    var insert =
        session.prepare(
            "INSERT INTO dayu_marks (pipeline_id, at_ms, stored) VALUES (?, ?, ?)"
                + " ON CONFLICT (pipeline_id, at_ms) DO NOTHING");
    insert.setInt(1, row.id());
    insert.setLong(2, now.toEpochMilli());
    insert.setLong(3, row.stored());
    insert.executeUpdate();
    var delete =
        session.prepare(
            "DELETE FROM dayu_marks WHERE pipeline_id = ? AND stored <= ? AND at_ms < ?");
    delete.setInt(1, row.id());
    delete.setLong(2, row.pruned());
    delete.setLong(3, now.toEpochMilli());
    delete.executeUpdate();
  }

  /** How many results were surely stored before {@code at}. */
  long storedBy(Session session, PipelineRow row, Instant at) throws SQLException {
    var select =
        session.prepare(
            "SELECT stored FROM dayu_marks WHERE pipeline_id = ? AND at_ms <= ?"
                + " ORDER BY at_ms DESC LIMIT 1");
    select.setInt(1, row.id());
    select.setLong(2, at.toEpochMilli());
    try (var rows = select.executeQuery()) {
      return rows.next() ? rows.getLong(1) : 0;
    }
  }

  /** The first mark behind the first result that is kept. */
  Optional<Mark> nextMark(Session session, PipelineRow row) throws SQLException {
    var select =
        session.prepare(
            "SELECT at_ms, stored FROM dayu_marks WHERE pipeline_id = ? AND stored > ?"
                + " ORDER BY at_ms LIMIT 1");
    select.setInt(1, row.id());
    select.setLong(2, row.pruned());
    try (var rows = select.executeQuery()) {
      return rows.next()
          ? Optional.of(new Mark(Instant.ofEpochMilli(rows.getLong(1)), rows.getLong(2)))
          : Optional.empty();
    }
  }

  /**
   * Removes the first results of a pipeline, with their frames, and keeps their numbers.
   *
   * @param target how many are to be gone, those that are gone already included
   * @param mostRows that are removed
   * @param enoughBytes are removed: no row follows that would be more
   */
  Step prune(Session session, int pipeline, long target, int mostRows, long enoughBytes)
      throws SQLException {
    // Who stores results of the pipeline has the same lock, and looks for rows and numbers with it.
    long pruned = lock(session, pipeline);
    if (pruned >= target) return new Step(pruned, 0);
    long base = ResultTable.firstPlace(pipeline);
    var byStream = new TreeMap<Integer, TreeMap<Long, Boolean>>();
    long last = base + target;
    long bodies = 0;
    long bytes = 0;
    int found = 0;
    var select =
        session.prepare(
            """
            SELECT place, stream_id, seq, status, frame_kept, LENGTH(body) FROM dayu_results
            WHERE place > ? AND place <= ? ORDER BY place LIMIT ?
            """);
    select.setLong(1, base + pruned);
    select.setLong(2, base + target);
    select.setInt(3, mostRows);
    try (var rows = select.executeQuery()) {
      while (rows.next()) {
        int stream = rows.getInt(2);
        long seq = rows.getLong(3);
        byStream
            .computeIfAbsent(stream, s -> new TreeMap<>())
            .put(seq, rows.getShort(4) == ResultTable.DELIVERED);
        bodies += rows.getLong(6);
        bytes += rows.getLong(6) + session.dialect().rowBytes();
        if (rows.getBoolean(5)) bytes += removeFrame(session, stream, seq);
        found++;
        if (found == mostRows || bytes >= enoughBytes) {
          last = rows.getLong(1);
          break;
        }
      }
    }
    for (var stream : byStream.entrySet())
      PrunedNumbers.add(session, stream.getKey(), stream.getValue());
    remove(session, base + pruned, last);
    ResultTable.update(session, "pruned", pipeline, last - base, -bodies);
    return new Step(last - base, bytes);
  }

  private static long lock(Session session, int pipeline) throws SQLException {
    var select =
        session.prepare(
            "SELECT pruned FROM dayu_pipelines WHERE id = ?" + session.dialect().forUpdate());
    select.setInt(1, pipeline);
    try (var rows = select.executeQuery()) {
      if (!rows.next())
        throw new SQLException("pipeline " + pipeline + " is not in the database any more");
      return rows.getLong(1);
    }
  }

  private static void remove(Session session, long after, long last) throws SQLException {
    var delete = session.prepare("DELETE FROM dayu_results WHERE place > ? AND place <= ?");
    delete.setLong(1, after);
    delete.setLong(2, last);
    delete.executeUpdate();
  }

  /** Its bytes; 0 if newer ones have taken its place. */
  private static long removeFrame(Session session, int stream, long seq) throws SQLException {
    var select =
        session.prepare("SELECT LENGTH(body) FROM dayu_frames WHERE stream_id = ? AND seq = ?");
    select.setInt(1, stream);
    select.setLong(2, seq);
    long bytes;
    try (var rows = select.executeQuery()) {
      if (!rows.next()) return 0;
      bytes = rows.getLong(1);
    }
    var delete = session.prepare("DELETE FROM dayu_frames WHERE stream_id = ? AND seq = ?");
    delete.setInt(1, stream);
    delete.setLong(2, seq);
    delete.executeUpdate();
    return bytes;
  }

  /** What the store takes; space that is free to be used again is not counted. */
  static long bytes(Session session) throws SQLException {
    try (var rows = session.prepare(session.dialect().storeBytes()).executeQuery()) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static Optional<Long> optional(ResultSet rows, int column) throws SQLException {
    long value = rows.getLong(column);
    return rows.wasNull() ? Optional.empty() : Optional.of(value);
  }

  private static void set(PreparedStatement statement, int index, Optional<Long> value)
      throws SQLException {
    if (value.isPresent()) statement.setLong(index, value.get());
    else statement.setNull(index, Types.BIGINT);
  }
}
