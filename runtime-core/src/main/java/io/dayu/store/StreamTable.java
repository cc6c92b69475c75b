package io.dayu.store;

import io.dayu.pipeline.StreamName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Short ids for the names of streams and pipelines; remembers those it has seen. Thread-safe. */
final class StreamTable {
  record Row(int id, int pipeline, StreamName stream) {}

  private static final int ATTEMPTS = 3;

  private final Database database;
  private final Map<StreamName, Row> seen =
      new ConcurrentHashMap<>(); // bounded by the streams stored

  StreamTable(Database database) {
    this.database = database;
  }

  Optional<Row> find(StreamName stream) {
    var row = seen.get(stream);
    if (row != null) return Optional.of(row);
    var found = database.transaction("look up stream " + stream, c -> select(c, stream));
    found.ifPresent(r -> seen.put(stream, r));
    return found;
  }

  Row findOrAdd(StreamName stream) {
    // Another node may add the pipeline, or the stream, between the look-up and the insert, so the
    // insert may fail twice at most.
    for (var attempt = 1; ; attempt++) {
      var found = find(stream);
      if (found.isPresent()) return found.get();
      try {
        database.change("add stream " + stream, c -> add(c, stream));
      } catch (StoreException e) {
        if (!Database.isDuplicate(e) || attempt == ATTEMPTS) throw e;
      }
    }
  }

  /**
   * Forgets all ids, which may have changed: the database was lost and is back in an older state.
   */
  void forget() {
    seen.clear();
  }

  static Optional<Integer> pipeline(Connection connection, String name) throws SQLException {
    try (var select = connection.prepareStatement("SELECT id FROM dayu_pipelines WHERE name = ?")) {
      select.setString(1, name);
      try (var rows = select.executeQuery()) {
        return rows.next() ? Optional.of(rows.getInt(1)) : Optional.empty();
      }
    }
  }

  private static Optional<Row> select(Connection connection, StreamName stream)
      throws SQLException {
    try (var select =
        connection.prepareStatement("SELECT id, pipeline_id FROM dayu_streams WHERE name = ?")) {
      select.setString(1, stream.toString());
      try (var rows = select.executeQuery()) {
        return rows.next()
            ? Optional.of(new Row(rows.getInt(1), rows.getInt(2), stream))
            : Optional.empty();
      }
    }
  }

  private static int add(Connection connection, StreamName stream) throws SQLException {
    var pipeline = stream.pipeline();
    if (pipeline(connection, pipeline).isEmpty())
      try (var insert =
          connection.prepareStatement("INSERT INTO dayu_pipelines (name, stored) VALUES (?, 0)")) {
        insert.setString(1, pipeline);
        insert.executeUpdate();
      }
    try (var insert =
        connection.prepareStatement(
            "INSERT INTO dayu_streams (name, pipeline_id, highest, delivered, failed)"
                + " VALUES (?, ?, -1, 0, 0)")) {
      insert.setString(1, stream.toString());
      insert.setInt(2, pipeline(connection, pipeline).orElseThrow());
      return insert.executeUpdate();
    }
  }
}
