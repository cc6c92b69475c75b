package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.SQLException;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedDriverTest {
  @TempDir Path dir;

  /** As in the moment after another connection's error has begun to close the database. */
  @Test
  void aCommitThatWasNotWrittenIsNotBelieved() throws Exception {
    var url = JdbcResultStore.fileUrl(dir.resolve("results"));
    try (var pool = JdbcResultStore.pool(url, "sa", "");
        var connection = pool.getConnection()) {
      var session = (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
      connection.createStatement().execute("create table t (n int)");
      connection.commit();
      session.getDatabase().getStore().getMvStore().setAutoCommitDelay(-1);
      connection.createStatement().execute("insert into t values (1)");
      assertThatThrownBy(connection::commit)
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("closed before the commit was written");
    }
  }
}
