package io.dayu.cloud;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.zaxxer.hikari.HikariDataSource;
import io.dayu.realise.JdbcDecisionLog;
import io.dayu.store.Schema;
import io.dayu.store.SqliteFile;
import io.dayu.store.StoreException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Pipelines and decisions of a cloud node that shares no database: a file beside that of the
 * results, because SQLite lets one write to a file at a time, and results are not to hold up what
 * decides about them.
 */
final class ControlFile {
  private static final String NAME = "control.db";

  private ControlFile() {}

  static Path in(Path dataDir) {
    return dataDir.resolve(NAME);
  }

  /**
   * Connections to the file, with the tables of this release. One stays open while the pool is, and
   * so does the log that commits are appended to.
   *
   * @throws StoreException as {@link SqliteFile#pool} and {@link Schema#migrate}
   */
  static HikariDataSource open(Path file) {
    var pool = SqliteFile.pool(file, "dayu-control");
    try {
      Schema.migrate(pool, List.of(JdbcDecisionLog.SCHEMA, Databases.JOURNAL));
      return pool;
    } catch (RuntimeException e) {
      pool.close();
      throw e;
    }
  }

  /**
   * The persistence plug-in's own connections to the same file. It opens one for each piece of
   * work, which takes half a millisecond: SQLite's driver may leave a connection on which a
   * transaction could not be begun in a state in which the next one is not a transaction, and a
   * pool would hand it on. Each transaction takes the file's write lock as it begins, since one
   * that reads first could not wait for it ({@code SQLITE_BUSY_SNAPSHOT}).
   */
  static Config persistence(Path file) {
    var properties = new HashMap<>(SqliteFile.properties());
    properties.put("transaction_mode", "IMMEDIATE");
    return ConfigFactory.parseMap(
        Map.of(
            "pekko-persistence-jdbc.shared-databases.slick",
            Map.of(
                "profile",
                "slick.jdbc.SQLiteProfile$",
                "db",
                Map.of(
                    "connectionPool",
                    "disabled",
                    "driver",
                    "org.sqlite.JDBC",
                    "url",
                    SqliteFile.url(file),
                    "properties",
                    properties))));
  }
}
