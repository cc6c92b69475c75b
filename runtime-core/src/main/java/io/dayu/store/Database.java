package io.dayu.store;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.zaxxer.hikari.HikariDataSource;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Transactions on a data source, and what its failures mean. While no connection can be had one
 * call at a time waits for one and all others fail at once, so that an outage does not take every
 * thread for blocking work. Thread-safe.
 */
final class Database implements AutoCloseable {
  /** Work in one transaction; the connection must not leave it. */
  interface Work<T> {
    T in(Connection connection) throws SQLException, IOException;
  }

  private static final String UNIQUE_VIOLATION = "23505";

  /**
   * Classes of SQL states that the same call would meet again: data, constraint, access, syntax.
   */
  private static final Set<String> PERMANENT = Set.of("0A", "22", "23", "28", "42");

  /** Longest value set as an array: H2 refuses longer ones unless they are streamed. */
  private static final int INLINE_BYTES = 1 << 20;

  private final DataSource source;
  private final AtomicBoolean waiting = new AtomicBoolean(); // for a connection, while away
  private volatile @Nullable Exception away; // why there is no connection, null while there are
  private volatile boolean closed;

  Database(DataSource source) {
    this.source = source;
  }

  /** Commits if {@code work} returns and rolls back if it throws. */
  @CanIgnoreReturnValue
  <T> T transaction(String what, Work<T> work) {
    if (closed)
      throw new StoreException(what + ": the store is closed; open it again", false, null);
    try (var connection = connect()) {
      connection.setAutoCommit(false);
      try {
        var result = work.in(connection);
        connection.commit();
        return result;
      } catch (SQLException | IOException | RuntimeException e) {
        rollback(connection, e);
        throw e;
      }
    } catch (SQLException | IOException e) {
      throw failure(what, e);
    }
  }

  /** A transaction that writes. Nothing is begun while there is hardly any space on the disk. */
  @CanIgnoreReturnValue
  <T> T change(String what, Work<T> work) {
    return transaction(
        what,
        connection -> {
          if (!EmbeddedDriver.hasRoom(connection))
            throw new StoreException(
                what + ": the disk is full: free space where the database lies", true, null);
          return work.in(connection);
        });
  }

  private Connection connect() throws SQLException {
    var reason = away;
    if (reason == null) return connected();
    if (!waiting.compareAndSet(false, true)) throw new SQLException(reason.getMessage(), reason);
    try {
      return connected();
    } finally {
      waiting.set(false);
    }
  }

  private Connection connected() throws SQLException {
    try {
      var connection = source.getConnection();
      away = null;
      return connection;
    } catch (SQLException e) {
      away = e;
      throw e;
    }
  }

  /** Whether {@code e} comes from a row that somebody else had just made. */
  static boolean isDuplicate(StoreException e) {
    return e.getCause() instanceof SQLException sql && UNIQUE_VIOLATION.equals(sql.getSQLState());
  }

  static void setBytes(PreparedStatement statement, int index, byte[] bytes) throws SQLException {
    if (bytes.length <= INLINE_BYTES) statement.setBytes(index, bytes);
    else statement.setBinaryStream(index, new ByteArrayInputStream(bytes), bytes.length);
  }

  @Override
  public void close() {
    closed = true;
    if (source instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        throw new StoreException("close the store: " + e.getMessage(), false, e);
      }
    }
  }

  private static void rollback(Connection connection, Exception cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      // The connection is gone, and with it the transaction.
      cause.addSuppressed(e);
    }
  }

  private StoreException failure(String what, Exception e) {
    if (closed) return new StoreException(what + ": the store was closed meanwhile", false, e);
    var state = e instanceof SQLException sql && sql.getSQLState() != null ? sql.getSQLState() : "";
    if (state.length() == 5 && PERMANENT.contains(state.substring(0, 2)))
      return new StoreException(
          "%s: the database refuses it (%s)".formatted(what, reason(e)), false, e);
    // H2 closes the whole database on an I/O error and every pooled connection with it.
    if (source instanceof HikariDataSource pool && pool.getHikariPoolMXBean() != null)
      pool.getHikariPoolMXBean().softEvictConnections();
    var remedy =
        isDiskFull(e)
            ? "the disk is full: free space where the database lies"
            : "check that the database is reachable and its disk has space";
    return new StoreException("%s: %s (%s)".formatted(what, remedy, reason(e)), true, e);
  }

  private static boolean isDiskFull(Throwable e) {
    for (var cause = e; cause != null; cause = cause.getCause()) {
      var message = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
      if (message.contains("no space left") || message.contains("disk full")) return true;
    }
    return false;
  }

  private static String reason(Throwable e) {
    var deepest = e;
    while (deepest.getCause() != null) deepest = deepest.getCause();
    return deepest == e
        ? String.valueOf(e.getMessage())
        : e.getMessage() + ": " + deepest.getMessage();
  }
}
