package io.dayu.deliver;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;

/**
 * H2's driver, with connections that do not believe in a commit which H2 did not write.
 *
 * <p>When an I/O error in one connection, such as a full disk, makes H2 (2.3.232) close its
 * database, it first forgets that every commit is to be written ({@code MVStore.closeStore}), so
 * that a commit in another connection may return as if all was well. Public, with a public
 * constructor, since connection pools may make their own instances.
 */
public final class EmbeddedDriver extends org.h2.Driver {
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
  public Connection connect(String url, Properties info) throws SQLException {
    return acceptsURL(url) ? new WrittenConnection(url, info) : null;
  }

  private static final class WrittenConnection extends JdbcConnection {
    WrittenConnection(String url, Properties info) throws SQLException {
      super(url, info, null, null, false);
    }

    /** Fails, too, if the error came right after the commit; whoever tries again is right. */
    @Override
    public synchronized void commit() throws SQLException {
      super.commit();
      if (!(getSession() instanceof SessionLocal session)) return;
      var store = session.getDatabase().getStore().getMvStore();
      if (store.isPersistent()
          && (store.getAutoCommitDelay() != 0
              || store.getPanicException() != null
              || store.isClosed()))
        throw new SQLException("the database was closed before the commit was written");
    }
  }
}
