package io.dayu.store;

import io.dayu.disk.Ballast;
import io.dayu.disk.FailStopFiles;
import io.dayu.disk.Witness;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Properties;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.jspecify.annotations.Nullable;

/**
 * H2's driver, with connections that detect a commit which H2 did not write.
 *
 * <p>When an I/O error in one connection, such as a full disk, makes H2 (2.3.232) close its
 * database, it first forgets that every commit is to be written ({@code MVStore.closeStore}), so
 * that a commit in another connection may return as if all was well. Public, with a public
 * constructor, since connection pools may make their own instances.
 */
public final class EmbeddedDriver extends org.h2.Driver {
  /** The SQL state at which a pool throws a connection away, and rolls nothing back in it. */
  private static final String CONNECTION_GONE = "08003";

  static {
    try {
      DriverManager.registerDriver(new EmbeddedDriver());
    } catch (SQLException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The name by which connection pools find it. */
  static String name() {
    return EmbeddedDriver.class.getName();
  }

  @Override
  public @Nullable Connection connect(String url, Properties info) throws SQLException {
    return acceptsURL(url) ? new WrittenConnection(url, info) : null;
  }

  /** Whether the disk has room for more; always true for a database that is not embedded. */
  static boolean hasRoom(Connection connection) throws SQLException {
    if (!connection.isWrapperFor(WrittenConnection.class)) return true;
    var ballast = connection.unwrap(WrittenConnection.class).ballast;
    return ballast.isEmpty() || ballast.get().hasRoom();
  }

  private static final class WrittenConnection extends JdbcConnection {
    private final Optional<Ballast> ballast;
    private final Optional<Witness> witness;

    WrittenConnection(String url, Properties info) throws SQLException {
      super(url, info, null, null, false);
      ballast = FailStopFiles.ballast(EmbeddedFile.name(url));
      witness = EmbeddedFile.witness(url);
    }

    /** Also fails if the error came right after the commit; trying again is right in both cases. */
    @Override
    public synchronized void commit() throws SQLException {
      super.commit();
      if (isOver())
        throw new SQLException(
            "the database was closed before the commit was written", CONNECTION_GONE);
      if (witness.isPresent() && getSession() instanceof SessionLocal session)
        witness.get().saw(session.getDatabase().getStore().getMvStore().getCurrentVersion());
    }

    /** Fails without a rollback on a store that has closed: H2 may loop there for ever. */
    @Override
    public synchronized void rollback() throws SQLException {
      if (isOver())
        throw new SQLException(
            "the database was closed, and the transaction with it", CONNECTION_GONE);
      super.rollback();
    }

    private boolean isOver() {
      if (!(getSession() instanceof SessionLocal session)) return false;
      var store = session.getDatabase().getStore().getMvStore();
      return store.isPersistent()
          && (store.getAutoCommitDelay() != 0
              || store.getPanicException() != null
              || store.isClosed());
    }
  }
}
