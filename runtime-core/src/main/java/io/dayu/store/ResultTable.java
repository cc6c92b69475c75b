package io.dayu.store;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.pipeline.StreamName;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** Statements on stored results, each inside a transaction of the caller. Stateless. */
final class ResultTable {
  /** A result, ready to be written; for one thread at a time. */
  static final class Candidate {
    private final StoredResult result;
    private final byte[] body;
    private boolean fresh;

    Candidate(StoredResult result, byte[] body) {
      this.result = result;
      this.body = body;
    }

    StoredResult result() {
      return result;
    }

    byte[] body() {
      return body;
    }

    long seq() {
      return result.element().getSeq();
    }

    /** Whether it was stored by the last call of {@link ResultTable#store}, and not before. */
    boolean isFresh() {
      return fresh;
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

  static final short DELIVERED = 0;
  private static final short FAILED = 1;

  /**
   * Inserts those candidates that are not stored yet, of several with one seq the first, and marks
   * them as fresh.
   */
  void store(Session session, Map<StreamTable.Row, List<Candidate>> candidates)
      throws SQLException {
    // All transactions lock pipelines in the same order.
    var byPipeline = new TreeMap<Integer, List<Map.Entry<StreamTable.Row, List<Candidate>>>>();
    for (var stream : candidates.entrySet())
      byPipeline.computeIfAbsent(stream.getKey().pipeline(), id -> new ArrayList<>()).add(stream);
    for (var pipeline : byPipeline.entrySet()) {
      int id = pipeline.getKey();
      long first = lock(session, id);
      long counter = first;
      long bytes = 0;
      var insert =
          session.prepare(
              "INSERT INTO dayu_results (place, stream_id, seq, status, frame_kept, body)"
                  + " VALUES (?, ?, ?, ?, ?, ?)");
      var counts =
          session.prepare(
              "UPDATE dayu_streams SET highest = ?, delivered = delivered + ?, failed = failed + ?"
                  + " WHERE id = ?");
      for (var results : pipeline.getValue()) {
        var stream = results.getKey();
        long highest = highest(session, stream.stream());
        var fresh = fresh(session, stream, highest, results.getValue());
        if (fresh.isEmpty()) continue;
        insert(insert, stream, fresh, firstPlace(id) + counter + 1);
        count(counts, stream, highest, fresh);
        counter += fresh.size();
        for (var candidate : fresh) bytes += candidate.body().length;
      }
      if (counter == first) continue;
      insert.executeBatch();
      counts.executeBatch(); // one by one, each stream would wait for the server
      unlock(session, id, counter, bytes);
    }
  }

  private static List<Candidate> fresh(
      Session session, StreamTable.Row stream, long highest, List<Candidate> candidates)
      throws SQLException {
    var maybe = new TreeSet<Long>();
    for (var candidate : candidates) if (candidate.seq() <= highest) maybe.add(candidate.seq());
    var old = new HashSet<>(outcomes(session, stream, maybe).keySet());
    var fresh = new ArrayList<Candidate>(candidates.size());
    for (var candidate : candidates) {
      candidate.fresh = old.add(candidate.seq());
      if (candidate.fresh) fresh.add(candidate);
    }
    return fresh;
  }

  /** Keeps others from storing results of the pipeline until the end of the transaction. */
  private static long lock(Session session, int pipeline) throws SQLException {
    var select =
        session.prepare(
            "SELECT stored FROM dayu_pipelines WHERE id = ?" + session.dialect().forUpdate());
    select.setInt(1, pipeline);
    try (var rows = select.executeQuery()) {
      if (!rows.next())
        throw new SQLException("pipeline " + pipeline + " is not in the database any more");
      return rows.getLong(1);
    }
  }

  private static void unlock(Session session, int pipeline, long counter, long bytes)
      throws SQLException {
    update(session, "stored", pipeline, counter, bytes);
  }

  /** Sets a column of a pipeline whose results take {@code bytes} more. */
  static void update(Session session, String column, int pipeline, long value, long bytes)
      throws SQLException {
    boolean counts = session.dialect().countsBytes();
    var update =
        session.prepare(
            "UPDATE dayu_pipelines SET %s = ?%s WHERE id = ?"
                .formatted(column, counts ? ", bytes = bytes + ?" : ""));
    int next = 1;
    update.setLong(next++, value);
    if (counts) update.setLong(next++, bytes);
    update.setInt(next, pipeline);
    update.executeUpdate();
  }

  /** The place before the first one of a pipeline. */
  static long firstPlace(int pipeline) {
    return (long) pipeline << COUNTER_BITS;
  }

  /** Whether each stored result among and between {@code seqs} was delivered, by seq. */
  static Map<Long, Boolean> outcomes(
      Session session, StreamTable.Row stream, NavigableSet<Long> seqs) throws SQLException {
    var outcomes = new HashMap<Long, Boolean>();
    var sorted = new ArrayList<>(seqs);
    for (int from = 0, to; from < sorted.size(); from = to) {
      to = from + 1;
      while (to < sorted.size() && sorted.get(to) - sorted.get(to - 1) <= RANGE_GAP) to++;
      var select =
          session.prepare(
              "SELECT seq, status FROM dayu_results WHERE stream_id = ? AND seq BETWEEN ? AND ?");
      select.setInt(1, stream.id());
      select.setLong(2, sorted.get(from));
      select.setLong(3, sorted.get(to - 1));
      try (var rows = select.executeQuery()) {
        while (rows.next()) outcomes.put(rows.getLong(1), rows.getShort(2) == DELIVERED);
      }
    }
    // After the rows: one that is pruned between both queries is found here.
    sorted.removeAll(outcomes.keySet());
    PrunedNumbers.outcomes(session, stream.id(), sorted, outcomes);
    return outcomes;
  }

  private static void insert(
      PreparedStatement insert, StreamTable.Row stream, List<Candidate> fresh, long firstPlace)
      throws SQLException {
    var place = firstPlace;
    for (var candidate : fresh) {
      insert.setLong(1, place++);
      insert.setInt(2, stream.id());
      insert.setLong(3, candidate.seq());
      insert.setShort(4, candidate.failed() ? FAILED : DELIVERED);
      insert.setBoolean(5, candidate.result().frameKept());
      insert.setBytes(6, candidate.body());
      insert.addBatch();
    }
  }

  private static void count(
      PreparedStatement update, StreamTable.Row stream, long highest, List<Candidate> fresh)
      throws SQLException {
    long failed = fresh.stream().filter(Candidate::failed).count();
    update.setLong(
        1, Math.max(highest, fresh.stream().mapToLong(Candidate::seq).max().orElseThrow()));
    update.setLong(2, fresh.size() - failed);
    update.setLong(3, failed);
    update.setInt(4, stream.id());
    update.addBatch();
  }

  ResultPage page(Session session, int pipeline, Optional<String> after, int limit)
      throws SQLException, IOException {
    var base = firstPlace(pipeline);
    var place = after.isPresent() ? place(after.get()) : base;
    if (place >>> COUNTER_BITS != pipeline)
      throw new IllegalArgumentException("cursor '" + after.get() + "' is not of this pipeline");
    var select =
        session.prepare(
            """
            SELECT place, frame_kept, body FROM dayu_results
            WHERE place > ? AND place < ? ORDER BY place LIMIT ?
            """);
    select.setLong(1, place);
    select.setLong(2, base + (1L << COUNTER_BITS));
    select.setInt(3, limit);
    select.setFetchSize(limit);
    var items = new ArrayList<StoredResult>();
    try (var rows = select.executeQuery()) {
      while (rows.next()) {
        place = rows.getLong(1);
        items.add(new StoredResult(Element.parseFrom(rows.getBytes(3)), rows.getBoolean(2)));
      }
    }
    var last = base + storedCount(session, pipeline);
    return new ResultPage(
        items,
        !items.isEmpty() && place < last
            ? Optional.of(Long.toString(place, CURSOR_RADIX))
            : Optional.empty());
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

  private static long storedCount(Session session, int pipeline) throws SQLException {
    var select = session.prepare("SELECT stored FROM dayu_pipelines WHERE id = ?");
    select.setInt(1, pipeline);
    try (var rows = select.executeQuery()) {
      return rows.next() ? rows.getLong(1) : 0;
    }
  }

  Map<StreamName, ResultStore.Counts> counts(Session session, String pipeline) throws SQLException {
    var select =
        session.prepare(
            """
            SELECT s.name, s.delivered, s.failed FROM dayu_streams s
            JOIN dayu_pipelines p ON p.id = s.pipeline_id
            WHERE p.name = ? AND s.highest >= 0
            """);
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

  /** -1 for a stream without results. */
  static long highest(Session session, StreamName stream) throws SQLException {
    var select = session.prepare("SELECT highest FROM dayu_streams WHERE name = ?");
    select.setString(1, stream.toString());
    try (var rows = select.executeQuery()) {
      return rows.next() ? rows.getLong(1) : -1;
    }
  }
}
