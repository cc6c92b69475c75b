package io.dayu.deliver;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Statements on stored results, each inside a transaction of the caller. Stateless. */
final class ResultTable {
  record Key(StreamTable.Row stream, long seq) {}

  /** A result and its key, ready to be written. */
  record Candidate(Key key, StoredResult result, byte[] body) {
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

  /** Inserts those candidates (whose keys differ) that are not stored yet, and returns them. */
  List<StoredResult> store(Connection connection, List<Candidate> candidates) throws SQLException {
    var byPipeline = new TreeMap<Integer, List<Candidate>>(); // one order of locks for everybody
    for (var candidate : candidates)
      byPipeline
          .computeIfAbsent(candidate.key().stream().pipeline(), id -> new ArrayList<>())
          .add(candidate);
    var stored = new HashSet<Key>(candidates.size() * 2);
    for (var pipeline : byPipeline.entrySet())
      stored.addAll(storePipeline(connection, pipeline.getKey(), pipeline.getValue()));
    return candidates.stream()
        .filter(c -> stored.contains(c.key()))
        .map(Candidate::result)
        .toList();
  }

  private static Set<Key> storePipeline(
      Connection connection, int pipeline, List<Candidate> candidates) throws SQLException {
    var counter = lock(connection, pipeline);
    var byStream = new LinkedHashMap<StreamTable.Row, NavigableSet<Long>>();
    for (var candidate : candidates)
      byStream
          .computeIfAbsent(candidate.key().stream(), id -> new TreeSet<>())
          .add(candidate.key().seq());
    var old = new HashSet<Key>();
    for (var stream : byStream.entrySet())
      old.addAll(stored(connection, stream.getKey(), stream.getValue()));
    var fresh = candidates.stream().filter(c -> !old.contains(c.key())).toList();
    if (fresh.isEmpty()) return Set.of();
    insert(connection, fresh, ((long) pipeline << COUNTER_BITS) + counter + 1);
    count(connection, fresh);
    try (var update =
        connection.prepareStatement("UPDATE dayu_pipelines SET stored = ? WHERE id = ?")) {
      update.setLong(1, counter + fresh.size());
      update.setInt(2, pipeline);
      update.executeUpdate();
    }
    var keys = new HashSet<Key>(fresh.size() * 2);
    fresh.forEach(c -> keys.add(c.key()));
    return keys;
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

  private static Set<Key> stored(
      Connection connection, StreamTable.Row stream, NavigableSet<Long> seqs) throws SQLException {
    var maybe = seqs.headSet(highest(connection, stream.name()), true);
    var old = new HashSet<Key>();
    for (var seq : outcomes(connection, stream, maybe).keySet()) old.add(new Key(stream, seq));
    return old;
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

  private static void insert(Connection connection, List<Candidate> fresh, long firstPlace)
      throws SQLException {
    try (var insert =
        connection.prepareStatement(
            "INSERT INTO dayu_results (place, stream_id, seq, status, frame_kept, body)"
                + " VALUES (?, ?, ?, ?, ?, ?)")) {
      var place = firstPlace;
      for (var candidate : fresh) {
        insert.setLong(1, place++);
        insert.setInt(2, candidate.key().stream().id());
        insert.setLong(3, candidate.key().seq());
        insert.setShort(4, candidate.failed() ? FAILED : DELIVERED);
        insert.setBoolean(5, candidate.result().frameKept());
        Database.setBytes(insert, 6, candidate.body());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private static void count(Connection connection, List<Candidate> fresh) throws SQLException {
    record Sum(long highest, long delivered, long failed) {
      Sum plus(Sum o) {
        return new Sum(Math.max(highest, o.highest), delivered + o.delivered, failed + o.failed);
      }
    }
    var sums = new LinkedHashMap<Integer, Sum>();
    for (var c : fresh)
      sums.merge(
          c.key().stream().id(),
          new Sum(c.key().seq(), c.failed() ? 0 : 1, c.failed() ? 1 : 0),
          Sum::plus);
    try (var update =
        connection.prepareStatement(
            """
            UPDATE dayu_streams SET highest = GREATEST(highest, ?),
              delivered = delivered + ?, failed = failed + ? WHERE id = ?
            """)) {
      for (var sum : sums.entrySet()) {
        update.setLong(1, sum.getValue().highest());
        update.setLong(2, sum.getValue().delivered());
        update.setLong(3, sum.getValue().failed());
        update.setInt(4, sum.getKey());
        update.addBatch();
      }
      update.executeBatch();
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

  Map<String, ResultStore.Counts> counts(Connection connection, String pipeline)
      throws SQLException {
    try (var select =
        connection.prepareStatement(
            """
            SELECT s.name, s.delivered, s.failed FROM dayu_streams s
            JOIN dayu_pipelines p ON p.id = s.pipeline_id
            WHERE p.name = ? AND s.highest >= 0
            """)) {
      select.setString(1, pipeline);
      var counts = new TreeMap<String, ResultStore.Counts>();
      try (var rows = select.executeQuery()) {
        while (rows.next())
          counts.put(rows.getString(1), new ResultStore.Counts(rows.getLong(2), rows.getLong(3)));
      }
      return counts;
    }
  }

  /** -1 for a stream without results. */
  static long highest(Connection connection, String stream) throws SQLException {
    try (var select =
        connection.prepareStatement("SELECT highest FROM dayu_streams WHERE name = ?")) {
      select.setString(1, stream);
      try (var rows = select.executeQuery()) {
        return rows.next() ? rows.getLong(1) : -1;
      }
    }
  }
}
