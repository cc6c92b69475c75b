package io.dayu.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Blob;
import java.sql.Clob;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.h2.api.ErrorCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What release 0.1 has stored in its embedded H2, taken over once into files of SQLite. The old
 * file is only read. Rows are copied into a file beside the one that is made, which gets its name
 * when it is complete and on the disk: whatever stops it, the next start begins it anew.
 */
public final class Takeover {
  /** A table that has the same name and columns in both. */
  public record Table(String name, List<String> columns) {
    public Table {
      columns = List.copyOf(columns);
    }

    public Table(String name, String... columns) {
      this(name, List.of(columns));
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(Takeover.class);
  private static final String SUFFIX = ".mv.db"; // which H2 appends to the name of a database

  /** Rows point to those of tables before theirs. */
  private static final List<Table> RESULTS =
      List.of(
          new Table("dayu_pipelines", "id", "name", "stored"),
          new Table("dayu_streams", "id", "name", "pipeline_id", "highest", "delivered", "failed"),
          new Table("dayu_results", "place", "stream_id", "seq", "status", "frame_kept", "body"),
          new Table("dayu_frames", "stream_id", "seq", "body"));

  private static final int COMMIT_ROWS = 2_000;
  private static final long COMMIT_BYTES = 8L << 20;
  private static final long TELL_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Path old;
  private final Path file;
  private final List<Table> tables;
  // Of the rows that were copied since the last commit.
  private int rows;
  private long bytes;

  private Takeover(Path old, Path file, List<Table> tables) {
    this.old = old;
    this.file = file;
    this.tables = tables;
  }

  /**
   * Takes over the results of a database of release 0.1; blocks. Does nothing if {@code file} is
   * there or {@code old} is not.
   *
   * @param old its file, {@code ….mv.db}
   * @param file of {@link JdbcResultStore#openFile}
   * @throws StoreException if it cannot; nothing is left of it then
   */
  public static void results(Path old, Path file) {
    copy(old, file, List.of(JdbcResultStore.SCHEMA), RESULTS);
  }

  /**
   * The same for any tables.
   *
   * @param schemas make the tables
   * @param tables in an order in which their rows may be written
   */
  public static void copy(Path old, Path file, List<Schema> schemas, List<Table> tables) {
    if (Files.exists(old) && !Files.exists(file))
      new Takeover(old, file.toAbsolutePath(), tables).run(schemas);
  }

  private void run(List<Schema> schemas) {
    LOG.info("{} is of release 0.1; what {} is to hold is taken over from it", old, file);
    var copy = file.resolveSibling(file.getFileName() + ".new");
    try {
      delete(copy); // of an earlier attempt
      try (var from = open();
          var pool = SqliteFile.pool(copy, "dayu-takeover")) {
        Schema.migrate(pool, schemas);
        copy(from, pool);
      } // closing moves what is in the log into the file, and forces it to the disk
      Files.move(copy, file, StandardCopyOption.ATOMIC_MOVE);
      try (var directory = FileChannel.open(file.getParent())) {
        directory.force(true); // the new name is durable only with its directory
      }
      delete(copy);
    } catch (IOException | SQLException | RuntimeException e) {
      try {
        delete(copy); // it may have filled the disk
      } catch (IOException more) {
        e.addSuppressed(more);
      }
      throw failure(e);
    }
    LOG.info("{} is complete: it has what it is to hold of {}", file, old);
  }

  private StoreException failure(Exception e) {
    if (e instanceof StoreException known) return known;
    if (e instanceof SQLException sql && sql.getErrorCode() == ErrorCode.DATABASE_ALREADY_OPEN_1)
      return new StoreException(
          "take over %s: another process has it open; stop that first".formatted(old), false, e);
    var full = e instanceof SQLException && Database.isDiskFull(e);
    return new StoreException(
        "take over %s: %s (%s); nothing was changed, and the next start tries again"
            .formatted(
                old,
                full
                    ? "the disk is full: as much space is needed as it takes itself"
                    : "check that it can be read and %s can be written".formatted(file),
                e.getMessage()),
        full,
        e);
  }

  private static void delete(Path copy) throws IOException {
    for (var suffix : List.of("", "-wal", "-shm", "-journal", ".lock"))
      Files.deleteIfExists(copy.resolveSibling(copy.getFileName() + suffix));
  }

  /** Reads it only, row by row instead of whole tables. */
  private Connection open() throws SQLException {
    var name = old.toAbsolutePath().toString();
    var properties = new Properties();
    properties.setProperty("user", "sa");
    properties.setProperty("password", "");
    return new org.h2.Driver()
        .connect(
            "jdbc:h2:%s;ACCESS_MODE_DATA=r;IFEXISTS=TRUE;LAZY_QUERY_EXECUTION=1"
                .formatted(name.substring(0, name.length() - SUFFIX.length())),
            properties);
  }

  private void copy(Connection from, DataSource target) throws SQLException {
    try (var to = target.getConnection()) {
      for (var table : tables) copy(table, from, to);
      to.commit();
    }
  }

  private void copy(Table table, Connection from, Connection to) throws SQLException {
    long all = count(table, from);
    long copied = 0;
    long told = System.nanoTime();
    var columns = String.join(", ", table.columns());
    try (var select = from.createStatement();
        var found = select.executeQuery("SELECT %s FROM %s".formatted(columns, table.name()));
        var insert =
            to.prepareStatement(
                "INSERT INTO %s (%s) VALUES (%s)"
                    .formatted(
                        table.name(),
                        columns,
                        String.join(", ", Collections.nCopies(table.columns().size(), "?"))))) {
      while (found.next()) {
        for (int i = 1; i <= table.columns().size(); i++)
          insert.setObject(i, value(found.getObject(i)));
        insert.executeUpdate();
        copied++;
        commitNowAndThen(to);
        if (System.nanoTime() - told < TELL_NANOS) continue;
        LOG.info("{} of {} rows of {} are taken over", copied, all, table.name());
        told = System.nanoTime();
      }
    }
    LOG.info("All {} rows of {} are taken over", copied, table.name());
  }

  private static long count(Table table, Connection from) throws SQLException {
    try (var statement = from.createStatement();
        var counted = statement.executeQuery("SELECT COUNT(*) FROM " + table.name())) {
      counted.next();
      return counted.getLong(1);
    }
  }

  /** As SQLite takes it. */
  private Object value(Object value) throws SQLException {
    if (value instanceof Blob blob) {
      var content = blob.getBytes(1, (int) blob.length());
      bytes += content.length;
      return content;
    }
    if (value instanceof Clob clob) return clob.getSubString(1, (int) clob.length());
    return value instanceof Boolean flag ? (flag ? 1 : 0) : value;
  }

  private void commitNowAndThen(Connection to) throws SQLException {
    if (++rows < COMMIT_ROWS && bytes < COMMIT_BYTES) return;
    to.commit();
    rows = 0;
    bytes = 0;
  }
}
