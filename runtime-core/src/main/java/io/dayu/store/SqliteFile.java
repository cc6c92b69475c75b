package io.dayu.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool.PoolInitializationException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * A SQLite file of this node. Commits are forced to the disk before they return (write-ahead log,
 * {@code synchronous=FULL}), so they survive a crash of the process and of the machine. A file is
 * open in one process at a time: a lock on the file {@code <name>.lock} beside it sees to that, and
 * a word in that file says that there was a database, so that one that is gone is noticed.
 *
 * <p>It is looked at before SQLite opens it: SQLite would begin a new database in an empty file,
 * and would write to a file of another program.
 */
public final class SqliteFile {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteFile.class);

  /** "dayu", in the header of the file, which SQLite leaves to its users. */
  private static final int APPLICATION_ID = 0x6461_7975;

  private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER_BYTES = 100;
  private static final int PAGE_SIZE_AT = 16;
  private static final int PAGES_AT = 28;
  private static final int APPLICATION_ID_AT = 68;

  /** One writes, the others read. */
  private static final int CONNECTIONS = 5;

  private static final int BUSY_MS = 10_000;
  private static final int PATIENCE_MS = 5_000;
  private static final int CACHE_KIB = 8 << 10;

  private SqliteFile() {}

  /**
   * Connections to the file, which is made if it is not there, with missing directories. They are
   * not in auto-commit mode. The lock is given back when the pool is closed.
   *
   * @param name of the pool, for logs
   * @throws StoreException if it is open elsewhere, cannot be read or written, is not a database of
   *     this program, or was there and is gone; then nothing was changed
   */
  public static HikariDataSource pool(Path file, String name) {
    var path = file.toAbsolutePath();
    var lock = lock(path);
    try {
      look(path, lock);
      var config = new HikariConfig();
      config.setDataSource(source(path));
      config.setPoolName(name);
      config.setMaximumPoolSize(CONNECTIONS);
      config.setMinimumIdle(1);
      config.setAutoCommit(false);
      config.setConnectionTimeout(PATIENCE_MS);
      lock.write(ByteBuffer.wrap("made\n".getBytes(StandardCharsets.US_ASCII)), 0);
      return new LockedPool(config, lock);
    } catch (PoolInitializationException | SQLException | IOException e) {
      close(lock);
      throw cannotOpen(path, e);
    } catch (RuntimeException e) {
      close(lock);
      throw e;
    }
  }

  private static final class LockedPool extends HikariDataSource {
    private final FileChannel lock;

    LockedPool(HikariConfig config, FileChannel lock) {
      super(config);
      this.lock = lock;
    }

    @Override
    public void close() {
      super.close();
      SqliteFile.close(lock);
    }
  }

  /** The URL of a file, for others in this process that open connections of their own. */
  public static String url(Path file) {
    return "jdbc:sqlite:" + file.toAbsolutePath();
  }

  /** Properties of such a connection. */
  public static Map<String, String> properties() {
    return Map.of(
        "journal_mode", "WAL",
        "synchronous", "FULL",
        "busy_timeout", Integer.toString(BUSY_MS),
        "temp_store", "MEMORY", // a full disk elsewhere is no concern of ours
        "cache_size", Integer.toString(-CACHE_KIB));
  }

  private static DataSource source(Path file) {
    var properties = new Properties();
    properties.putAll(properties());
    return source(file, new SQLiteConfig(properties));
  }

  private static SQLiteDataSource source(Path file, SQLiteConfig config) {
    var source = new SQLiteDataSource(config);
    source.setUrl(url(file));
    return source;
  }

  private static Path lockFile(Path file) {
    return file.resolveSibling(file.getFileName() + ".lock");
  }

  private static FileChannel lock(Path file) {
    var name = lockFile(file);
    FileChannel channel;
    try {
      Files.createDirectories(file.getParent());
      channel =
          FileChannel.open(
              name, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw cannotOpen(file, e);
    }
    try {
      if (channel.tryLock() != null) return channel;
    } catch (OverlappingFileLockException e) {
      // Another part of this process has it open.
    } catch (IOException e) {
      close(channel);
      throw cannotOpen(file, e);
    }
    close(channel);
    throw new StoreException(
        "open the store: another process has %s open. A data directory belongs to one node: stop the other one, or give this one its own dayu.node.data-dir"
            .formatted(file),
        false,
        null);
  }

  private static void close(FileChannel lock) {
    try {
      lock.close();
    } catch (IOException e) {
      LOG.debug("A lock was not given back", e);
    }
  }

  /** Refuses what SQLite should not open; begins a database where there was none. */
  private static void look(Path file, FileChannel lock) throws IOException, SQLException {
    boolean there = Files.exists(file);
    if (!there || Files.size(file) == 0) {
      if (lock.size() > 0) throw lost(file, there ? "it is empty" : "it is gone");
      // In the file itself before there is a log, so that a header without it is not ours.
      try (var connection = source(file, new SQLiteConfig()).getConnection();
          var statement = connection.createStatement()) {
        statement.execute("PRAGMA application_id = " + APPLICATION_ID);
      }
      return;
    }
    var header = ByteBuffer.allocate(HEADER_BYTES);
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      while (header.hasRemaining() && channel.read(header) >= 0) {
        // A read may give less than there is.
      }
    }
    if (!Arrays.equals(header.array(), 0, MAGIC.length, MAGIC, 0, MAGIC.length))
      throw lost(file, "it is not a database of SQLite");
    if (header.hasRemaining()) throw lost(file, "it is cut off");
    if (header.getInt(APPLICATION_ID_AT) != APPLICATION_ID)
      throw new StoreException(
          "open the store: %s belongs to another program; nothing was changed. Move it away, or give this node its own dayu.node.data-dir"
              .formatted(file),
          false,
          null);
    var log = file.resolveSibling(file.getFileName() + "-wal");
    boolean logged = Files.exists(log) && Files.size(log) > 0; // then SQLite knows what is missing
    if (!logged && Files.size(file) < size(header)) throw lost(file, "it is cut off");
  }

  private static long size(ByteBuffer header) {
    int pageSize = Short.toUnsignedInt(header.getShort(PAGE_SIZE_AT));
    return (pageSize == 1 ? 1L << 16 : pageSize) * Integer.toUnsignedLong(header.getInt(PAGES_AT));
  }

  private static StoreException lost(Path file, String what) {
    return new StoreException(
        "open the store: %s was there, but %s; nothing was changed. Put a backup in its place and delete %s-wal if there is one; or, to begin without what it held, move these files away and delete %s"
            .formatted(file, what, file, lockFile(file)),
        false,
        null);
  }

  private static StoreException cannotOpen(Path file, Exception e) {
    Throwable cause = e;
    while (cause.getCause() != null && !(cause instanceof SQLiteException))
      cause = cause.getCause();
    if (cause instanceof SQLiteException sqlite) {
      var code = sqlite.getResultCode().code & 0xff;
      if (code == SQLiteErrorCode.SQLITE_CORRUPT.code || code == SQLiteErrorCode.SQLITE_NOTADB.code)
        return lost(file, "it is damaged (%s)".formatted(sqlite.getMessage()));
    }
    if (Database.isDiskFull(e))
      return new StoreException(
          "open the store: the disk is full: free space where %s lies".formatted(file), true, e);
    return new StoreException(
        "open the store: %s; check that %s can be read and written"
            .formatted(cause.getMessage(), file),
        false,
        e);
  }
}
