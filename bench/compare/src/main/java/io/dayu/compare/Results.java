package io.dayu.compare;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;

/**
 * The end of an engine's stages: writes a row like Dayu's and counts it when it is committed, or
 * only counts. Of one thread.
 */
final class Results implements AutoCloseable {
  private static final int ROWS_PER_COMMIT = 1000;
  private static final long LONGEST = TimeUnit.MILLISECONDS.toNanos(50);

  /** With the name of the stream and the numbers as much as Dayu's body of a result. */
  private static final int BODY = 130;

  private final Connection connection; // null if nothing is stored
  private final PreparedStatement insert;
  private final ByteBuffer body = ByteBuffer.allocate(BODY);
  private int uncommitted;
  private long firstAt;
  private long createdAt;

  Results(Work work) {
    try {
      if (!work.stored()) {
        connection = null;
        insert = null;
        return;
      }
      connection = DriverManager.getConnection("jdbc:sqlite:" + work.store());
      try (var statement = connection.createStatement()) {
        statement.execute("PRAGMA journal_mode=WAL");
        statement.execute("PRAGMA synchronous=FULL");
        statement.execute(
            "CREATE TABLE IF NOT EXISTS results (place INTEGER PRIMARY KEY, stream_id INTEGER NOT"
                + " NULL, seq INTEGER NOT NULL, status INTEGER NOT NULL, frame_kept INTEGER NOT"
                + " NULL, body BLOB NOT NULL, UNIQUE (stream_id, seq))");
      }
      connection.setAutoCommit(false);
      insert =
          connection.prepareStatement(
              "INSERT OR IGNORE INTO results (stream_id, seq, status, frame_kept, body) VALUES (1,"
                  + " ?, 0, 0, ?)");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * @param created when the element was made, 0 if its latency does not count
   */
  void add(String stream, long seq, long created) {
    if (connection == null) {
      Meter.counted(1, created);
      return;
    }
    try {
      body.clear();
      body.put(stream.getBytes(StandardCharsets.UTF_8)).putLong(seq).putLong(created);
      insert.setLong(1, seq);
      insert.setBytes(2, body.array().clone());
      insert.addBatch();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    if (uncommitted++ == 0) firstAt = System.nanoTime();
    createdAt = created;
    // One alone waits for no other, as in Dayu.
    if (created != 0 || uncommitted == ROWS_PER_COMMIT) commit();
  }

  /** To be called now and then: commits what has waited long enough. */
  void commitWhatWaits() {
    if (uncommitted > 0 && System.nanoTime() - firstAt >= LONGEST) commit();
  }

  void commit() {
    if (uncommitted == 0) return;
    try {
      insert.executeBatch();
      connection.commit();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    Meter.counted(uncommitted, createdAt);
    uncommitted = 0;
  }

  @Override
  public void close() throws SQLException {
    commit();
    if (connection != null) connection.close();
  }
}
