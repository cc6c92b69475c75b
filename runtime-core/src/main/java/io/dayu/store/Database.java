package io.dayu.store;

import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * Transactions on a data source, and what its failures mean. While no connection can be had one
 * call at a time waits for one and all others fail at once, so that an outage does not take every
 * thread for blocking work. Thread-safe.
 */
final class Database implements AutoCloseable {
  /** Work in one transaction; the session must not leave it. */
  interface Work<T> {
    T in(Session session) throws SQLException, IOException;
  }

  private static final String UNIQUE_VIOLATION = "23505";

  /**
   * Classes of SQL states that the same call would meet again: data, constraint, access, syntax.
   */
  private static final Set<String> PERMANENT = Set.of("0A", "22", "23", "28", "42");

  /** The same of SQLite, which has no SQL states. */
  private static final Set<SQLiteErrorCode> PERMANENT_OF_SQLITE =
      Set.of(
          SQLiteErrorCode.SQLITE_ERROR,
          SQLiteErrorCode.SQLITE_CONSTRAINT,
          SQLiteErrorCode.SQLITE_MISMATCH,
          SQLiteErrorCode.SQLITE_TOOBIG,
          SQLiteErrorCode.SQLITE_CORRUPT,
          SQLiteErrorCode.SQLITE_NOTADB);

  /** The second is the file that connections share; there is no other way to be told its reason. */
  private static final Set<SQLiteErrorCode> FULL_OF_SQLITE =
      Set.of(SQLiteErrorCode.SQLITE_FULL, SQLiteErrorCode.SQLITE_IOERR_SHMSIZE);

  private final DataSource source;
  private final AtomicBoolean waiting = new AtomicBoolean(); // for a connection, while away
  private volatile @Nullable SQLException away; // why there is no connection, null while there are
  private volatile @Nullable Dialect dialect; // once there was a connection
  private volatile boolean closed;

  Database(DataSource source) {
    this.source = source;
  }

  /** Reads: commits if {@code work} returns and rolls back if it throws. */
  <T> T read(String what, Work<T> work) {
    refuseWhenClosed(what);
    try (var session = connect()) {
      try {
        var result = work.in(session);
        session.connection().commit();
        return result;
      } catch (SQLException | IOException | RuntimeException e) {
        rollback(session, e);
        throw e;
      }
    } catch (SQLException | IOException e) {
      throw failure(what, e);
    }
  }

  /** A session that is not in auto-commit mode; the caller closes it. */
  Session connect() throws SQLException {
    var reason = away;
    if (reason == null) return connected();
    if (!waiting.compareAndSet(false, true)) throw new SQLException(reason.getMessage(), reason);
    try {
      return connected();
    } finally {
      waiting.set(false);
    }
  }

  private Session connected() throws SQLException {
    try {
      var connection = source.getConnection();
      away = null;
      connection.setAutoCommit(false);
      var known = dialect;
      if (known == null) dialect = known = Dialect.of(connection);
      return new Session(connection, known);
    } catch (SQLException e) {
      away = e;
      throw e;
    }
  }

  /** Whether the last attempt to have a connection failed. */
  boolean isAway() {
    return away != null;
  }

  void refuseWhileAway(String what) {
    if (away != null) throw absence(what);
  }

  /** For one that has not even tried. */
  RuntimeException absence(String what) {
    var reason = away;
    return failure(what, reason == null ? new SQLException("there was no connection") : reason);
  }

  void refuseWhenClosed(String what) {
    if (closed)
      throw new StoreException(what + ": the store is closed; open it again", false, null);
  }

  /** Whether {@code e} comes from a row that somebody else had just made. */
  static boolean isDuplicate(Exception e) {
    return e instanceof SQLException sql && UNIQUE_VIOLATION.equals(sql.getSQLState());
  }

  /** From now on every call fails; what is under way may end. */
  void refuse() {
    closed = true;
  }

  @Override
  public void close() {
    refuse();
    if (source instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        throw new StoreException("close the store: " + e.getMessage(), false, e);
      }
    }
  }

  private static void rollback(Session session, Exception cause) {
    try {
      session.rollback();
    } catch (SQLException e) {
      // The connection is gone, and with it the transaction.
      cause.addSuppressed(e);
    }
  }

  /** Whether the same call would fail again, however long the caller waits. */
  static boolean wouldFailAgain(Exception e) {
    if (e instanceof StoreException store) return !store.retryable();
    if (e instanceof SQLiteException sqlite)
      return PERMANENT_OF_SQLITE.contains(
          SQLiteErrorCode.getErrorCode(sqlite.getResultCode().code & 0xff));
    if (!(e instanceof SQLException sql)) return e instanceof RuntimeException;
    var state = sql.getSQLState();
    return state != null && state.length() == 5 && PERMANENT.contains(state.substring(0, 2));
  }

  /** What a failure means for a caller. */
  RuntimeException failure(String what, Exception e) {
    if (e instanceof RuntimeException unchecked) return unchecked;
    if (closed) return new StoreException(what + ": the store was closed meanwhile", false, e);
    if (wouldFailAgain(e))
      return new StoreException(
          "%s: the database refuses it (%s)".formatted(what, reason(e)), false, e);
    // A connection that has met an error may be of no use, and others with it.
    if (dialect != Dialect.SQLITE
        && source instanceof HikariDataSource pool
        && pool.getHikariPoolMXBean() != null) pool.getHikariPoolMXBean().softEvictConnections();
    var remedy =
        isDiskFull(e)
            ? "the disk is full: free space where the database lies"
            : "check that the database is reachable and its disk has space";
    return new StoreException("%s: %s (%s)".formatted(what, remedy, reason(e)), true, e);
  }

  static boolean isDiskFull(Throwable e) {
    for (var cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLiteException sqlite
          && FULL_OF_SQLITE.contains(sqlite.getResultCode())) return true;
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
