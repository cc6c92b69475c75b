package io.dayu.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.callback.BaseCallback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tables of one component in the database of the cloud nodes, and how they are migrated from
 * release to release: SQL files {@code V<number>__release_<release>_<what>.sql} in {@code
 * io/dayu/store/migration/<name>/sqlite} and {@code …/postgresql} on the class path, of which
 * Flyway applies those that were not applied to the database before. The applied ones are listed in
 * the table {@code dayu_<name>_history}.
 *
 * <p><b>To change tables</b> add a file with the next number to both directories. A file that was
 * released is never changed. Both databases run a file in one transaction, so one that fails leaves
 * nothing. On PostgreSQL the first file of each component makes the tables of release 0.1, which
 * had no history, so it must do nothing where they are; in SQLite release 0.1 had none.
 *
 * @param name of the component; letters and digits
 */
public record Schema(String name) {
  private static final Logger LOG = LoggerFactory.getLogger(Schema.class);
  private static final String FORBIDDEN = "42501";
  private static final String MIGRATIONS = "classpath:io/dayu/store/migration";

  /**
   * Brings the tables of {@code schemas} to this release, and makes them in an empty database.
   * Waits while another node does so. Keeps no connection; needs up to four at once.
   *
   * @throws StoreException if one of them has had a migration that this release does not know; then
   *     none is changed. Also if the disk is full or a migration fails; the next call tries again.
   */
  public static void migrate(DataSource source, List<Schema> schemas) {
    try (var connection = source.getConnection()) {
      var dialect = Dialect.of(connection);
      connection.setAutoCommit(true);
      connection.setNetworkTimeout(Runnable::run, 0);
      dialect.lockSchema(connection);
      try {
        var migrators = schemas.stream().map(schema -> schema.migrator(source, dialect)).toList();
        for (var migrator : migrators) migrator.check();
        for (var migrator : migrators) migrator.migrate();
      } catch (RuntimeException e) {
        var grant = missingGrant(connection, e);
        unlock(dialect, connection, e);
        if (grant.isPresent())
          throw new StoreException("prepare the database: " + grant.get(), false, e);
        throw e;
      }
      dialect.unlockSchema(connection);
    } catch (SQLException | FlywayException e) {
      throw new StoreException(
          "prepare the database: "
              + (Database.isDiskFull(e)
                  ? "the disk is full: free space where the database lies"
                  : reason(e)),
          true,
          e);
    }
  }

  /**
   * Since PostgreSQL 15 a user may not make tables in the schema {@code public} unless the database
   * is their own.
   *
   * @return what to do, if it is that
   */
  private static Optional<String> missingGrant(Connection connection, Throwable e)
      throws SQLException {
    for (var cause = e; cause != null; cause = cause.getCause()) {
      if (!(cause instanceof SQLException sql) || !FORBIDDEN.equals(sql.getSQLState())) continue;
      var message = String.valueOf(sql.getMessage());
      var user = quoted(connection.getMetaData().getUserName());
      var schema = quoted(Optional.ofNullable(connection.getSchema()).orElse("public"));
      return Optional.of(
          message.contains("for schema")
              ? "%s may not make tables there; as its owner run in the database %s: GRANT CREATE ON SCHEMA %s TO %s"
                  .formatted(user, connection.getCatalog(), schema, user)
              : "%s may not change tables that somebody else made (%s); use the user that made them, or give them to %s with ALTER TABLE … OWNER TO"
                  .formatted(user, message, user));
    }
    return Optional.empty();
  }

  /** An identifier as SQL takes it. */
  private static String quoted(String name) {
    return name.matches("[a-z_][a-z0-9_]*") ? name : '"' + name.replace("\"", "\"\"") + '"';
  }

  private static void unlock(Dialect dialect, Connection connection, Exception cause) {
    try {
      dialect.unlockSchema(connection);
    } catch (SQLException e) {
      // The session is gone, and the lock with it.
      cause.addSuppressed(e);
    }
  }

  /**
   * The first line of the message, since those of Flyway have many lines, and the deepest cause.
   */
  private static String reason(Exception e) {
    Throwable deepest = e;
    while (deepest.getCause() != null) deepest = deepest.getCause();
    var what = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return deepest == e ? what : "%s (%s)".formatted(what, deepest.getMessage());
  }

  private Migrator migrator(DataSource source, Dialect dialect) {
    var flyway =
        Flyway.configure(Schema.class.getClassLoader())
            .dataSource(source)
            .locations("%s/%s/%s".formatted(MIGRATIONS, name, dialect.directory()))
            .failOnMissingLocations(true)
            .table("dayu_%s_history".formatted(name))
            // The tables beside it are those of other components, or its own of release 0.1.
            .baselineOnMigrate(true)
            .baselineVersion("0")
            .placeholderReplacement(false)
            .callbacks(new Unhurried())
            .loggers("slf4j")
            .load();
    return new Migrator(this, flyway);
  }

  /** Reads the history once: nobody else writes it meanwhile. */
  private static final class Migrator {
    private final Schema schema;
    private final Flyway flyway;
    private final List<MigrationInfo> migrations;

    Migrator(Schema schema, Flyway flyway) {
      this.schema = schema;
      this.flyway = flyway;
      this.migrations = List.of(flyway.info().all());
    }

    void check() {
      newest(
              MigrationState.FUTURE_SUCCESS,
              MigrationState.FUTURE_FAILED,
              MigrationState.MISSING_SUCCESS,
              MigrationState.MISSING_FAILED)
          .ifPresent(
              unknown -> {
                throw refusal(
                    "are at version %s, which this release does not know"
                        .formatted(title(unknown)));
              });
      migrations.stream()
          .filter(m -> m.getState() == MigrationState.SUCCESS && !m.isChecksumMatching())
          .findFirst()
          .ifPresent(
              changed -> {
                throw refusal(
                    "had another version %s than this release has".formatted(title(changed)));
              });
    }

    private StoreException refusal(String what) {
      return new StoreException(
          "the tables of the %s %s; nothing was changed. Start the release that made them or a newer one, or put a backup from before back"
              .formatted(schema.name, what),
          false,
          null);
    }

    void migrate() {
      var pending = newest(MigrationState.PENDING, MigrationState.FAILED);
      if (pending.isEmpty()) return;
      var what =
          "bring the tables of the %s to version %s".formatted(schema.name, title(pending.get()));
      try {
        if (newest(MigrationState.FAILED).isPresent()) {
          LOG.warn(
              "A migration of the tables of the {} did not complete; it is done again",
              schema.name);
          flyway.repair();
        }
        flyway.migrate();
      } catch (FlywayException e) {
        throw new StoreException(
            Database.isDiskFull(e)
                ? what + ": the disk is full: free space where the database lies"
                : "%s: %s; mend that and start the node again".formatted(what, reason(e)),
            true,
            e);
      }
      LOG.info("The tables of the {} are at version {}", schema.name, title(pending.get()));
    }

    private Optional<MigrationInfo> newest(MigrationState... states) {
      var wanted = Arrays.asList(states);
      return migrations.stream()
          .filter(m -> wanted.contains(m.getState()))
          .reduce((older, newer) -> newer);
    }

    private static String title(MigrationInfo migration) {
      return "%s (%s)".formatted(migration.getVersion(), migration.getDescription());
    }
  }

  /** Removes the time limit, which the store's own statements have, from those of a migration. */
  private static final class Unhurried extends BaseCallback {
    @Override
    public boolean supports(Event event, Context context) {
      return event == Event.BEFORE_EACH_MIGRATE;
    }

    @Override
    public void handle(Event event, Context context) {
      try {
        context.getConnection().setNetworkTimeout(Runnable::run, 0);
      } catch (SQLException e) {
        throw new FlywayException(e);
      }
    }
  }
}
