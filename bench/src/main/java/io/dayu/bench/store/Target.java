package io.dayu.bench.store;

import io.dayu.store.JdbcResultStore;
import io.dayu.testkit.LocalPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Where a bench stores results. For one thread at a time. */
interface Target extends AutoCloseable {
  int FRAMES = 1; // of each stream; none is kept

  /** A store in the database of this name, which is made if it is not there. */
  JdbcResultStore open(String name);

  /** What the results of a database take, with their index; for a store that is closed. */
  long bytes(String name) throws IOException;

  /** CPU time that other processes than this one have used for it. */
  Duration serverCpu();

  /** Removes the database, whose store is closed. */
  void remove(String name) throws IOException;

  @Override
  void close();

  /** Files of SQLite in a directory, which is left to the caller. */
  record Sqlite(Path directory) implements Target {
    @Override
    public JdbcResultStore open(String name) {
      return JdbcResultStore.openFile(file(name), FRAMES);
    }

    private Path file(String name) {
      return directory.resolve(name + ".db");
    }

    @Override
    public long bytes(String name) throws IOException {
      return Files.size(file(name));
    }

    @Override
    public Duration serverCpu() {
      return Duration.ZERO;
    }

    @Override
    public void remove(String name) throws IOException {
      Files.delete(file(name));
      Files.delete(directory.resolve(name + ".db.lock"));
    }

    @Override
    public void close() {}
  }

  /** A server of its own, whose commits are durable. */
  final class Postgres implements Target {
    private final LocalPostgres server = LocalPostgres.startDurable();
    private final Map<String, String> urls = new HashMap<>(); // by name
    private final Map<Long, Duration> cpu = new HashMap<>(); // by process, those that ended too

    @Override
    public JdbcResultStore open(String name) {
      var url = urls.computeIfAbsent(name, server::create);
      return JdbcResultStore.open(JdbcResultStore.pool(url, server.user(), ""), FRAMES);
    }

    @Override
    public long bytes(String name) throws IOException {
      try (var connection = DriverManager.getConnection(server.url(name), server.user(), "");
          var statement = connection.createStatement();
          var rows = statement.executeQuery("SELECT pg_total_relation_size('dayu_results')")) {
        rows.next();
        return rows.getLong(1);
      } catch (SQLException e) {
        throw new IOException(e);
      }
    }

    @Override
    public Duration serverCpu() {
      server
          .processes()
          .forEach(
              process ->
                  process
                      .info()
                      .totalCpuDuration()
                      .ifPresent(used -> cpu.put(process.pid(), used)));
      return cpu.values().stream().reduce(Duration.ZERO, Duration::plus);
    }

    /** It goes with the server. */
    @Override
    public void remove(String name) {}

    @Override
    public void close() {
      server.close();
    }
  }
}
