package io.dayu.cloud;

import io.dayu.node.StartException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/** The tables of the event journal, made from the plugin's own script where they are missing. */
final class JournalSchema {
  private JournalSchema() {}

  /** All of it or nothing; nodes that start together wait for each other. */
  static void create(DataSource source, StoreSettings settings) {
    try (var connection = source.getConnection();
        var script = JournalSchema.class.getResourceAsStream(settings.journalScript())) {
      if (script == null)
        throw new IllegalStateException(settings.journalScript() + " is not on the class path");
      connection.setAutoCommit(false);
      for (var sql : settings.journalLock()) execute(connection, sql);
      if (!exists(connection))
        for (var sql : new String(script.readAllBytes(), StandardCharsets.UTF_8).split(";"))
          // A new table is empty: its index needs no care for others, which would exclude a
          // transaction.
          if (!sql.isBlank()) execute(connection, sql.replace("INDEX CONCURRENTLY", "INDEX"));
      connection.commit();
    } catch (SQLException | IOException e) {
      throw new StartException("the event journal cannot be prepared: " + e.getMessage(), e);
    }
  }

  private static boolean exists(Connection connection) throws SQLException {
    try (var tables = connection.getMetaData().getTables(null, null, "event_journal", null)) {
      return tables.next();
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
