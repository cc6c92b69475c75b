package io.dayu.cloud;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.zaxxer.hikari.HikariDataSource;
import io.dayu.realise.JdbcDecisionLog;
import io.dayu.store.Schema;
import io.dayu.store.SqliteFile;
import io.dayu.store.StoreException;
import io.dayu.store.Takeover;
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
  private static final List<Schema> SCHEMAS =
      List.of(JdbcDecisionLog.SCHEMA, Databases.JOURNAL, ServiceTable.SCHEMA);

  /** What release 0.1 had of them in H2; names that are quoted are in small letters there. */
  private static final List<Takeover.Table> OLD =
      List.of(
          new Takeover.Table(
              "decisions",
              "stream",
              "version",
              "pipeline",
              "decided_ms",
              "body",
              "reason",
              "inputs"),
          new Takeover.Table(
              "\"snapshot\"",
              "\"persistence_id\"",
              "\"sequence_number\"",
              "\"created\"",
              "\"snapshot_ser_id\"",
              "\"snapshot_ser_manifest\"",
              "\"snapshot_payload\"",
              "\"meta_ser_id\"",
              "\"meta_ser_manifest\"",
              "\"meta_payload\""),
          new Takeover.Table(
              "\"event_journal\"",
              "\"ordering\"",
              "\"deleted\"",
              "\"persistence_id\"",
              "\"sequence_number\"",
              "\"writer\"",
              "\"write_timestamp\"",
              "\"adapter_manifest\"",
              "\"event_payload\"",
              "\"event_ser_id\"",
              "\"event_ser_manifest\"",
              "\"meta_payload\"",
              "\"meta_ser_id\"",
              "\"meta_ser_manifest\""));

  private ControlFile() {}

  /**
   * Connections to the file, with the tables of this release and what release 0.1 had stored. One
   * stays open while the pool is, and so does the log that commits are appended to.
   *
   * @param old the database of release 0.1, which is taken over if there is one and no file yet
   * @throws StoreException as {@link Takeover#copy}, {@link SqliteFile#pool} and {@link
   *     Schema#migrate}
   */
  static HikariDataSource open(Path old, Path file) {
    Takeover.copy(old, file, SCHEMAS, OLD);
    var pool = SqliteFile.pool(file, "dayu-control");
    try {
      Schema.migrate(pool, SCHEMAS);
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
