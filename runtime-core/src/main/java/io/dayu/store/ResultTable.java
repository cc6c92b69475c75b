package io.dayu.store;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.pipeline.StreamName;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** Statements on stored results, each inside a transaction of the caller. Stateless. */
final class ResultTable {
  /** A result, ready to be written. */
  record Candidate(StoredResult result, byte[] body) {
    long seq() {
      return result.element().getSeq();
    }

    boolean failed() {
      return result.element().hasEnding()
          && result.element().getEnding().getKind() == Ending.Kind.FAILED;
    }
  }

  /** Places of a pipeline: its id in the upper bits, a counter below; 10^12 results of each. */
  private static final int COUNTER_BITS = 40;

  private static final int CURSOR_RADIX = 36;

  /** Seqs further apart are looked up separately, so a look-up reads a bounded number of rows. */
  private static final long RANGE_GAP = 256;

  private static final short DELIVERED = 0;
  private static final short FAILED = 1;

  /** Inserts those candidates, by stream and seq, that are not stored yet, and returns them. */
  List<StoredResult> store(
      Connection connection, Map<StreamTable.Row, Map<Long, Candidate>> candidates)
      throws SQLException {
    // All transactions lock pipelines in the same order.
    var byPipeline = new TreeMap<Integer, List<Map.Entry<StreamTable.Row, Map<Long, Candidate>>>>();
    for (var stream : candidates.entrySet())
      byPipeline.computeIfAbsent(stream.getKey().pipeline(), id -> new ArrayList<>()).add(stream);
    var stored = new ArrayList<StoredResult>();
    for (var pipeline : byPipeline.entrySet()) {
      int id = pipeline.getKey();
      long first = lock(connection, id);
      long counter = first;
      for (var results : pipeline.getValue()) {
        var stream = results.getKey();
        var fresh = fresh(connection, stream, results.getValue());
        if (fresh.isEmpty()) continue;
        insert(connection, stream, fresh, ((long) id << COUNTER_BITS) + counter + 1);
        count(connection, stream, fresh);
        counter += fresh.size();
        for (var candidate : fresh) stored.add(candidate.result());
      }
      if (counter > first) unlock(connection, id, counter);
    }
    return stored;
  }

  private static List<Candidate> fresh(
      Connection connection, StreamTable.Row stream, Map<Long, Candidate> candidates)
      throws SQLException {
    long highest = highest(connection, stream.stream());
    var maybe = new TreeSet<Long>();
    for (long seq : candidates.keySet()) if (seq <= highest) maybe.add(seq);
    if (maybe.isEmpty()) return List.copyOf(candidates.values());
    var old = outcomes(connection, stream, maybe).keySet();
    return candidates.values().stream().filter(c -> !old.contains(c.seq())).toList();
  }

  /** Keeps others from storing results of the pipeline until the end of the transaction. */
  private static long lock(Connection connection, int pipeline) throws SQLException {
    try (var select =
        connection.prepareStatement("SELECT stored FROM dayu_pipelines WHERE id = ? FOR UPDATE")) {
      select.setInt(1, pipeline);
      try (var rows = select.executeQuery()) {
        if (!rows.next())
          throw new SQLException("pipeline " + pipeline + " is not in the database any more");
        return rows.getLong(1);
      }
    }
  }

  private static void unlock(Connection connection, int pipeline, long counter)
      throws SQLException {
    try (var update =
        connection.prepareStatement("UPDATE dayu_pipelines SET stored = ? WHERE id = ?")) {
      update.setLong(1, counter);
      update.setInt(2, pipeline);
      update.executeUpdate();
    }
  }

  /** Whether each stored result among and between {@code seqs} was delivered, by seq. */
  static Map<Long, Boolean> outcomes(
      Connection connection, StreamTable.Row stream, NavigableSet<Long> seqs) throws SQLException {
    var outcomes = new HashMap<Long, Boolean>();
    var sorted = new ArrayList<>(seqs);
    for (int from = 0, to; from < sorted.size(); from = to) {
      to = from + 1;
      while (to < sorted.size() && sorted.get(to) - sorted.get(to - 1) <= RANGE_GAP) to++;
      try (var select =
          connection.prepareStatement(
              "SELECT seq, status FROM dayu_results WHERE stream_id = ? AND seq BETWEEN ? AND ?")) {
        select.setInt(1, stream.id());
        select.setLong(2, sorted.get(from));
        select.setLong(3, sorted.get(to - 1));
        try (var rows = select.executeQuery()) {
          while (rows.next()) outcomes.put(rows.getLong(1), rows.getShort(2) == DELIVERED);
        }
      }
    }
    return outcomes;
  }

  private static void insert(
      Connection connection, StreamTable.Row stream, List<Candidate> fresh, long firstPlace)
      throws SQLException {
    try (var insert =
        connection.prepareStatement(
            "INSERT INTO dayu_results (place, stream_id, seq, status, frame_kept, body)"
                + " VALUES (?, ?, ?, ?, ?, ?)")) {
      var place = firstPlace;
      for (var candidate : fresh) {
        insert.setLong(1, place++);
        insert.setInt(2, stream.id());
        insert.setLong(3, candidate.seq());
        insert.setShort(4, candidate.failed() ? FAILED : DELIVERED);
        insert.setBoolean(5, candidate.result().frameKept());
        Database.setBytes(insert, 6, candidate.body());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private static void count(Connection connection, StreamTable.Row stream, List<Candidate> fresh)
      throws SQLException {
    long failed = fresh.stream().filter(Candidate::failed).count();
    try (var update =
        connection.prepareStatement(
            """
            UPDATE dayu_streams SET highest = GREATEST(highest, ?),
              delivered = delivered + ?, failed = failed + ? WHERE id = ?
            """)) {
      update.setLong(1, fresh.stream().mapToLong(Candidate::seq).max().orElseThrow());
      update.setLong(2, fresh.size() - failed);
      update.setLong(3, failed);
      update.setInt(4, stream.id());
      update.executeUpdate();
    }
  }

  ResultPage page(Connection connection, int pipeline, Optional<String> after, int limit)
      throws SQLException, IOException {
    var base = (long) pipeline << COUNTER_BITS;
    var place = after.isPresent() ? place(after.get()) : base;
    if (place >>> COUNTER_BITS != pipeline)
      throw new IllegalArgumentException("cursor '" + after.get() + "' is not of this pipeline");
    try (var select =
        connection.prepareStatement(
            """
            SELECT place, frame_kept, body FROM dayu_results
            WHERE place > ? AND place < ? ORDER BY place FETCH FIRST ? ROWS ONLY
            """)) {
      select.setLong(1, place);
      select.setLong(2, base + (1L << COUNTER_BITS));
      select.setInt(3, limit);
      select.setFetchSize(limit);
      var items = new ArrayList<StoredResult>();
      try (var rows = select.executeQuery()) {
        while (rows.next()) {
          place = rows.getLong(1);
          items.add(
              new StoredResult(Element.parseFrom(rows.getBinaryStream(3)), rows.getBoolean(2)));
        }
      }
      var last = base + storedCount(connection, pipeline);
      return new ResultPage(
          items,
          !items.isEmpty() && place < last
              ? Optional.of(Long.toString(place, CURSOR_RADIX))
              : Optional.empty());
    }
  }

  /** The place a cursor stands for. */
  static long place(String cursor) {
    try {
      return Long.parseLong(cursor, CURSOR_RADIX);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'" + cursor + "' is not a cursor; give the 'next' of an earlier page, or none", e);
    }
  }

  private static long storedCount(Connection connection, int pipeline) throws SQLException {
    try (var select =
        connection.prepareStatement("SELECT stored FROM dayu_pipelines WHERE id = ?")) {
      select.setInt(1, pipeline);
      try (var rows = select.executeQuery()) {
        return rows.next() ? rows.getLong(1) : 0;
      }
    }
  }

  Map<StreamName, ResultStore.Counts> counts(Connection connection, String pipeline)
      throws SQLException {
    try (var select =
        connection.prepareStatement(
            """
            SELECT s.name, s.delivered, s.failed FROM dayu_streams s
            JOIN dayu_pipelines p ON p.id = s.pipeline_id
            WHERE p.name = ? AND s.highest >= 0
            """)) {
      select.setString(1, pipeline);
      var counts = new TreeMap<StreamName, ResultStore.Counts>();
      try (var rows = select.executeQuery()) {
        while (rows.next())
          counts.put(
              StreamName.parse(rows.getString(1)),
              new ResultStore.Counts(rows.getLong(2), rows.getLong(3)));
      }
      return counts;
    }
  }

  /** -1 for a stream without results. */
  static long highest(Connection connection, StreamName stream) throws SQLException {
    try (var select =
        connection.prepareStatement("SELECT highest FROM dayu_streams WHERE name = ?")) {
      select.setString(1, stream.toString());
      try (var rows = select.executeQuery()) {
        return rows.next() ? rows.getLong(1) : -1;
      }
    }
  }
}
