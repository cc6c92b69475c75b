package io.dayu.realise;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.facts.Decision;
import io.dayu.pipeline.StreamName;
import io.dayu.store.Schema;
import io.dayu.store.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import javax.sql.DataSource;

/**
 * Decisions in a table {@code decisions}, which whoever opens the database makes from {@link
 * #SCHEMA}; the SQL is understood by SQLite and PostgreSQL. Calls run on the given executor, which
 * must be one for blocking work.
 */
public final class JdbcDecisionLog implements DecisionLog {
  /** Its table. */
  public static final Schema SCHEMA = new Schema("decisions");

  private final DataSource dataSource;
  private final Executor blocking;
  private final int keptPerStream;

  /**
   * @param keptPerStream older decisions of a stream are removed
   */
  public JdbcDecisionLog(DataSource dataSource, Executor blocking, int keptPerStream) {
    this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
    this.blocking = Objects.requireNonNull(blocking, "blocking");
    if (keptPerStream < 1)
      throw new IllegalArgumentException("keptPerStream must be at least 1, was " + keptPerStream);
    this.keptPerStream = keptPerStream;
  }

  @Override
  public CompletionStage<Void> append(Decision d, String inputs) {
    return run(connection -> {
          update(
              connection,
              "INSERT INTO decisions (stream, version, pipeline, decided_ms, body, reason, inputs)"
                  + " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
              d.stream().toString(),
              d.version(),
              d.stream().pipeline(),
              d.at().toEpochMilli(),
              DecisionJson.body(d),
              d.reason(),
              inputs);
          return update(
              connection,
              "DELETE FROM decisions WHERE stream = ? AND version <= ?",
              d.stream().toString(),
              d.version() - keptPerStream);
        })
        .thenAccept(deleted -> {});
  }

  @Override
  public CompletionStage<Optional<Decision>> latest(StreamName stream) {
    return run(
        connection ->
            decisions(
                    connection,
                    "SELECT stream, version, decided_ms, reason, body FROM decisions WHERE stream ="
                        + " ? ORDER BY version DESC LIMIT 1",
                    stream.toString())
                .stream()
                .findFirst());
  }

  @Override
  public CompletionStage<List<Decision>> list(String pipeline, int limit) {
    return run(
        connection ->
            decisions(
                connection,
                "SELECT stream, version, decided_ms, reason, body FROM decisions WHERE pipeline ="
                    + " ? ORDER BY decided_ms DESC, version DESC, stream LIMIT ?",
                pipeline,
                limit));
  }

  @Override
  public CompletionStage<Long> prune(Function<String, Instant> before) {
    return run(
        connection -> {
          var pipelines = new ArrayList<String>();
          try (var statement = prepare(connection, "SELECT DISTINCT pipeline FROM decisions");
              ResultSet rows = statement.executeQuery()) {
            while (rows.next()) pipelines.add(rows.getString(1));
          }
          long gone = 0;
          for (var pipeline : pipelines)
            gone +=
                update(
                    connection,
                    "DELETE FROM decisions WHERE pipeline = ? AND decided_ms < ? AND version <"
                        + " (SELECT MAX(version) FROM decisions d WHERE d.stream ="
                        + " decisions.stream)",
                    pipeline,
                    before.apply(pipeline).toEpochMilli());
          return gone;
        });
  }

  @Override
  public CompletionStage<Optional<String>> inputs(StreamName stream, long version) {
    return run(
        connection -> {
          try (var statement =
                  prepare(
                      connection,
                      "SELECT inputs FROM decisions WHERE stream = ? AND version = ?",
                      stream.toString(),
                      version);
              ResultSet rows = statement.executeQuery()) {
            return rows.next() ? Optional.of(rows.getString(1)) : Optional.empty();
          }
        });
  }

  private static List<Decision> decisions(Connection connection, String sql, Object... values)
      throws SQLException {
    try (var statement = prepare(connection, sql, values);
        ResultSet rows = statement.executeQuery()) {
      var found = new ArrayList<Decision>();
      while (rows.next())
        found.add(
            DecisionJson.decision(
                StreamName.parse(rows.getString(1)),
                rows.getLong(2),
                Instant.ofEpochMilli(rows.getLong(3)),
                rows.getString(4),
                rows.getString(5)));
      return List.copyOf(found);
    }
  }

  @CanIgnoreReturnValue
  private static int update(Connection connection, String sql, Object... values)
      throws SQLException {
    try (var statement = prepare(connection, sql, values)) {
      return statement.executeUpdate();
    }
  }

  private static PreparedStatement prepare(Connection connection, String sql, Object... values)
      throws SQLException {
    var statement = connection.prepareStatement(sql);
    for (int i = 0; i < values.length; i++) statement.setObject(i + 1, values[i]);
    return statement;
  }

  /** Work on a connection in auto-commit mode: each statement stands by itself. */
  private interface Work<T> {
    T on(Connection connection) throws SQLException;
  }

  private <T> CompletionStage<T> run(Work<T> work) {
    try {
      return CompletableFuture.supplyAsync(
          () -> {
            try (var connection = dataSource.getConnection()) {
              connection.setAutoCommit(true);
              return work.on(connection);
            } catch (SQLException e) {
              throw new StoreException(
                  "the decision log cannot be used: check that the database is reachable and its"
                      + " disk"
                      + " has space (%s)".formatted(e.getMessage()),
                  true,
                  e);
            }
          },
          blocking);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
