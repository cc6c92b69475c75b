package io.dayu.cloud;

import io.dayu.node.StartException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import javax.sql.DataSource;

/** The tables of the event journal, made from the plugin's own script where they are missing. */
final class JournalSchema {
  private static final String SCRIPT = "/schema/h2/h2-create-schema.sql";

  private JournalSchema() {}

  static void create(DataSource source) {
    try (var connection = source.getConnection();
        var script = JournalSchema.class.getResourceAsStream(SCRIPT)) {
      if (script == null) throw new IllegalStateException(SCRIPT + " is not on the class path");
      try (var tables = connection.getMetaData().getTables(null, null, "event_journal", null)) {
        if (tables.next()) return;
      }
      connection.setAutoCommit(true);
      for (var sql : new String(script.readAllBytes(), StandardCharsets.UTF_8).split(";"))
        if (!sql.isBlank())
          try (var statement = connection.createStatement()) {
            statement.execute(sql);
          }
    } catch (SQLException | IOException e) {
      throw new StartException("the event journal cannot be prepared: " + e.getMessage(), e);
    }
  }
}
