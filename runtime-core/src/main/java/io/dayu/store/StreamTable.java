package io.dayu.store;

import io.dayu.pipeline.StreamName;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Short ids for the names of streams and pipelines; remembers those it has seen. Thread-safe. */
final class StreamTable {
  record Row(int id, int pipeline, StreamName stream) {}

  private final Database database;
  private final Map<StreamName, Row> seen =
      new ConcurrentHashMap<>(); // bounded by the streams stored

  StreamTable(Database database) {
    this.database = database;
  }

  Optional<Row> find(StreamName stream) {
    var row = seen.get(stream);
    if (row != null) return Optional.of(row);
    var found = database.read("look up stream " + stream, session -> select(session, stream));
    found.ifPresent(r -> seen.put(stream, r));
    return found;
  }

  /**
   * Forgets all ids, which may have changed: the database was lost and is back in an older state.
   */
  void forget() {
    seen.clear();
  }

  static Optional<Integer> pipeline(Session session, String name) throws SQLException {
    var select = session.prepare("SELECT id FROM dayu_pipelines WHERE name = ?");
    select.setString(1, name);
    try (var rows = select.executeQuery()) {
      return rows.next() ? Optional.of(rows.getInt(1)) : Optional.empty();
    }
  }

  private static Optional<Row> select(Session session, StreamName stream) throws SQLException {
    var select = session.prepare("SELECT id, pipeline_id FROM dayu_streams WHERE name = ?");
    select.setString(1, stream.toString());
    try (var rows = select.executeQuery()) {
      return rows.next()
          ? Optional.of(new Row(rows.getInt(1), rows.getInt(2), stream))
          : Optional.empty();
    }
  }

  /** Gives the stream, and its pipeline, an id if they have none. */
  static void add(Session session, StreamName stream) throws SQLException {
    if (select(session, stream).isPresent()) return;
    var pipeline = stream.pipeline();
    if (pipeline(session, pipeline).isEmpty()) {
      var insert = session.prepare("INSERT INTO dayu_pipelines (name, stored) VALUES (?, 0)");
      insert.setString(1, pipeline);
      insert.executeUpdate();
    }
    var insert =
        session.prepare(
            "INSERT INTO dayu_streams (name, pipeline_id, highest, delivered, failed)"
                + " VALUES (?, ?, -1, 0, 0)");
    insert.setString(1, stream.toString());
    insert.setInt(2, pipeline(session, pipeline).orElseThrow());
    insert.executeUpdate();
  }
}
