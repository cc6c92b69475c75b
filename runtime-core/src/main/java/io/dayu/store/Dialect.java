package io.dayu.store;

import java.sql.Connection;
import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All that differs between the databases beside the SQL that makes their tables. */
enum Dialect {
  SQLITE("sqlite"),
  POSTGRESQL("postgresql");

  private static final Logger LOG = LoggerFactory.getLogger(Dialect.class);

  /** Whoever makes or changes tables holds it; release 0.1 takes the same. */
  private static final long SCHEMA_LOCK = 0x6461_7975L;

  private final String directory;

  Dialect(String directory) {
    this.directory = directory;
  }

  static Dialect of(Connection connection) throws SQLException {
    var product = connection.getMetaData().getDatabaseProductName();
    return switch (product) {
      case "SQLite" -> SQLITE;
      case "PostgreSQL" -> POSTGRESQL;
      default ->
          throw new StoreException(
              "results cannot be stored in " + product + "; use SQLite or PostgreSQL", false, null);
    };
  }

  /** Where migrations for it lie, below the directory of their component. */
  String directory() {
    return directory;
  }

  /**
   * Added to a query for a row that is changed afterwards: nobody else changes it meanwhile. An
   * embedded database has one writer anyway.
   */
  String forUpdate() {
    return this == SQLITE ? "" : " FOR UPDATE";
  }

  /**
   * Whether bytes of results are counted as they come and go, in {@code dayu_pipelines.bytes}:
   * PostgreSQL would have to read its tables to tell how much in them is free.
   */
  boolean countsBytes() {
    return this != SQLITE;
  }

  /**
   * A query for the bytes that the results' tables take. Space that is free to be used again is not
   * counted: SQLite knows its free pages, and elsewhere what is kept is counted.
   */
  String storeBytes() {
    return this == SQLITE
        ? "SELECT (page_count - freelist_count) * page_size"
            + " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        : "SELECT COALESCE(SUM(bytes + (stored - pruned) * "
            + rowBytes()
            + "), 0) + (SELECT COALESCE(SUM(LENGTH(body)), 0) FROM dayu_frames)"
            + " FROM dayu_pipelines";
  }

  /** About what a result takes beside its body: its row's other columns, and two indexes. */
  long rowBytes() {
    return this == SQLITE ? 30 : 100;
  }

  /**
   * Waits until no other node makes or changes tables; in auto-commit mode, for the lock belongs to
   * the session, not to a transaction, which others might have to wait for; an embedded database
   * has no other node.
   */
  void lockSchema(Connection connection) throws SQLException {
    if (this != POSTGRESQL) return;
    try (var statement = connection.createStatement()) {
      try (var rows = statement.executeQuery(call("pg_try_advisory_lock"))) {
        rows.next();
        if (rows.getBoolean(1)) return;
      }
      LOG.info("Another node prepares the database; waiting until it has done so");
      statement.execute(call("pg_advisory_lock"));
    }
  }

  void unlockSchema(Connection connection) throws SQLException {
    if (this != POSTGRESQL) return;
    try (var statement = connection.createStatement()) {
      statement.execute(call("pg_advisory_unlock"));
    }
  }

  private static String call(String function) {
    return "SELECT %s(%s)".formatted(function, SCHEMA_LOCK);
  }
}
