package io.dayu.cloud;

import io.dayu.facts.DeclaredService;
import io.dayu.store.Schema;
import io.dayu.store.StoreException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * Services that were declared over the API, in a table {@code declared_services} beside pipelines
 * and decisions. A withdrawn one stays with its version, so that nodes that were away hear of it.
 * The SQL is understood by SQLite and PostgreSQL. Every method blocks and fails with a {@link
 * StoreException}; safe for any thread.
 */
final class ServiceTable {
  static final Schema SCHEMA = new Schema("services");

  private final DataSource source;

  ServiceTable(DataSource source) {
    this.source = Objects.requireNonNull(source, "source");
  }

  /** All that were ever declared, by name. */
  List<DeclaredService> all() {
    return run(
        connection -> {
          try (var statement =
                  connection.prepareStatement(
                      "SELECT name, version, document FROM declared_services ORDER BY name");
              var rows = statement.executeQuery()) {
            var all = new ArrayList<DeclaredService>();
            while (rows.next()) all.add(service(rows));
            return List.copyOf(all);
          }
        });
  }

  /**
   * Keeps a declaration as the next version.
   *
   * @param document empty to withdraw it
   */
  DeclaredService put(String name, Optional<String> document) {
    return run(
        connection -> {
          try (var statement =
              connection.prepareStatement(
                  "INSERT INTO declared_services (name, version, document) VALUES (?, 1, ?)"
                      + " ON CONFLICT (name) DO UPDATE SET version = declared_services.version + 1,"
                      + " document = excluded.document RETURNING name, version, document")) {
            statement.setString(1, name);
            if (document.isPresent()) statement.setString(2, document.get());
            else statement.setNull(2, Types.VARCHAR);
            try (var rows = statement.executeQuery()) {
              if (!rows.next()) throw new SQLException("the database returned no row");
              return service(rows);
            }
          }
        });
  }

  private static DeclaredService service(ResultSet row) throws SQLException {
    return new DeclaredService(
        row.getString(1), row.getLong(2), Optional.ofNullable(row.getString(3)));
  }

  private interface Work<T> {
    T on(Connection connection) throws SQLException;
  }

  private <T> T run(Work<T> work) {
    try (var connection = source.getConnection()) {
      connection.setAutoCommit(true);
      return work.on(connection);
    } catch (SQLException e) {
      throw new StoreException(
          "the declared services cannot be read or kept: check that the database is reachable and its disk has space (%s)"
              .formatted(e.getMessage()),
          true,
          e);
    }
  }
}
