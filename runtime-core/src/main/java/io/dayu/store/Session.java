package io.dayu.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/**
 * A connection and the statements that were prepared on it, which stay prepared until it is closed.
 * For one thread at a time.
 */
final class Session implements AutoCloseable {
  private final Connection connection;
  private final Dialect dialect;
  private final Map<String, PreparedStatement> prepared = new HashMap<>(); // by their SQL

  Session(Connection connection, Dialect dialect) {
    this.connection = connection;
    this.dialect = dialect;
  }

  Connection connection() {
    return connection;
  }

  Dialect dialect() {
    return dialect;
  }

  /** The statement, which the caller leaves open. */
  PreparedStatement prepare(String sql) throws SQLException {
    var known = prepared.get(sql);
    if (known != null) return known;
    var statement = connection.prepareStatement(sql);
    prepared.put(sql, statement);
    return statement;
  }

  /** Takes back what was done since the last commit. */
  void rollback() throws SQLException {
    for (var statement : prepared.values()) statement.clearBatch();
    try {
      connection.rollback();
    } catch (SQLException e) {
      if (dialect != Dialect.SQLITE) throw e;
      beginAnew();
    }
  }

  /**
   * SQLite rolls back by itself when its disk is full. Then the driver cannot, and begins no other
   * transaction, so that the next statements would be committed one by one.
   */
  private void beginAnew() throws SQLException {
    try {
      connection.setAutoCommit(true);
    } catch (SQLException expected) {
      // There is no transaction that it could commit; the mode is changed nevertheless.
    }
    connection.setAutoCommit(false);
  }

  /** Closes the connection; pools close its statements, too. */
  @Override
  public void close() throws SQLException {
    prepared.clear();
    connection.close();
  }
}
