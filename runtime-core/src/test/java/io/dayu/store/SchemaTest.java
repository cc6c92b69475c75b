package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import io.dayu.testkit.LocalPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On the migrations of {@code src/test/resources}. */
class SchemaTest {
  /** Numbers, and from version 2 on what each gets of a hundred. */
  private static final Schema TRIAL = new Schema("trial");

  private static final Schema RESULTS = new Schema("results");

  abstract static class OnAnyDatabase {
    HikariDataSource source;

    abstract HikariDataSource create();

    /** How the database says that there is no share of a hundred for nothing. */
    String reason() {
      return "ivision by zero";
    }

    @BeforeEach
    void open() {
      source = create();
    }

    @AfterEach
    void close() {
      assertThat(source.getHikariPoolMXBean().getActiveConnections())
          .as("connections that were kept")
          .isZero();
      source.close();
    }

    @Test
    void tablesFromBeforeThereWasAHistoryKeepTheirRows() {
      execute("CREATE TABLE trial (n INT NOT NULL)", "INSERT INTO trial VALUES (4), (5)");
      Schema.migrate(source, List.of(TRIAL));
      assertThat(rows("SELECT n, share FROM trial ORDER BY n")).containsExactly("4 25", "5 20");
    }

    @Test
    void componentsShareAnEmptyDatabase() {
      Schema.migrate(source, List.of(TRIAL, RESULTS));
      execute("INSERT INTO trial VALUES (4, 25)");
      assertThat(rows("SELECT count(*) FROM dayu_results")).containsExactly("0");
    }

    @Test
    void whatIsOfThisReleaseIsNotTouched() {
      Schema.migrate(source, List.of(TRIAL, RESULTS));
      var before = history();
      Schema.migrate(source, List.of(TRIAL, RESULTS));
      assertThat(history()).isEqualTo(before);
    }

    @Test
    void aNewerReleaseIsRefusedBeforeAnythingIsChanged() {
      Schema.migrate(source, List.of(TRIAL));
      execute(
          """
          INSERT INTO "dayu_trial_history" ("installed_rank", "version", "description", "type",
            "script", "checksum", "installed_by", "execution_time", "success")
          SELECT 99, '3', 'release 0.3 colours', "type", 'V3__release_0.3_colours.sql', 7,
            "installed_by", 1, "success" FROM "dayu_trial_history" WHERE "version" = '2'
          """);
      var before = history();
      assertThatThrownBy(() -> Schema.migrate(source, List.of(RESULTS, TRIAL)))
          .isInstanceOfSatisfying(
              StoreException.class, e -> assertThat(e.retryable()).as("retryable").isFalse())
          .hasMessage(
              "the tables of the trial are at version 3 (release 0.3 colours), which this release"
                  + " does not know; nothing was changed. Start the release that made them or a"
                  + " newer one, or put a backup from before back");
      assertThat(history()).isEqualTo(before);
      assertThat(tables()).doesNotContain("dayu_results", "dayu_results_history");
    }

    @Test
    void aMigrationThatIsNotTheOneTheDatabaseHadIsRefused() {
      Schema.migrate(source, List.of(TRIAL));
      execute("UPDATE \"dayu_trial_history\" SET \"checksum\" = 7 WHERE \"version\" = '1'");
      assertThatThrownBy(() -> Schema.migrate(source, List.of(TRIAL)))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining(
              "the tables of the trial had another version 1 (release 0.1) than this release has")
          .hasMessageContaining("nothing was changed");
    }

    @Test
    void aMigrationThatFailsSaysWhyAndIsDoneAgainWhenThatIsMended() {
      execute("CREATE TABLE trial (n INT NOT NULL)", "INSERT INTO trial VALUES (4), (0)");
      for (int i = 0; i < 2; i++)
        assertThatThrownBy(() -> Schema.migrate(source, List.of(TRIAL)))
            .isInstanceOf(StoreException.class)
            .hasMessageStartingWith(
                "bring the tables of the trial to version 2 (release 0.2 shares): Failed to execute"
                    + " script V2__release_0.2_shares.sql (")
            .hasMessageContaining(reason())
            .hasMessageEndingWith("); mend that and start the node again");
      execute("DELETE FROM trial WHERE n = 0");
      Schema.migrate(source, List.of(TRIAL));
      assertThat(rows("SELECT n, share FROM trial")).containsExactly("4 25");
      assertThat(rows("SELECT count(*) FROM \"dayu_trial_history\" WHERE NOT \"success\""))
          .containsExactly("0");
    }

    @Test
    void connectionsComeBackAsTheyWere() throws SQLException {
      var before = connections();
      Schema.migrate(source, List.of(TRIAL, RESULTS));
      assertThat(connections()).isEqualTo(before);
    }

    /** What is set in each connection of the pool. */
    private List<String> connections() throws SQLException {
      var all = new ArrayList<Connection>();
      try {
        var states = new ArrayList<String>();
        for (int i = 0; i < source.getMaximumPoolSize(); i++) {
          var connection = source.getConnection();
          all.add(connection);
          states.add(
              "%s %s %d %s"
                  .formatted(
                      connection.getSchema(),
                      connection.getAutoCommit(),
                      connection.getNetworkTimeout(),
                      settings(connection)));
        }
        return states;
      } finally {
        for (var connection : all) connection.close();
      }
    }

    String settings(Connection connection) throws SQLException {
      return "";
    }

    private List<String> history() {
      return rows(
          "SELECT \"installed_rank\", \"version\", \"installed_on\" FROM \"dayu_trial_history\""
              + " ORDER BY 1");
    }

    List<String> tables() {
      return rows("SELECT LOWER(table_name) FROM information_schema.tables");
    }

    void execute(String... statements) {
      execute(source, statements);
    }

    static void execute(HikariDataSource source, String... statements) {
      try (var connection = source.getConnection();
          var statement = connection.createStatement()) {
        for (var sql : statements) statement.execute(sql);
        connection.commit();
      } catch (SQLException e) {
        throw new AssertionError(e);
      }
    }

    List<String> rows(String query) {
      try (var connection = source.getConnection();
          var statement = connection.createStatement();
          var rows = statement.executeQuery(query)) {
        var read = new ArrayList<String>();
        while (rows.next()) {
          var columns = new ArrayList<String>();
          for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++)
            columns.add(rows.getString(i));
          read.add(String.join(" ", columns));
        }
        return read;
      } catch (SQLException e) {
        throw new AssertionError(e);
      }
    }
  }

  @Nested
  class OnSqlite extends OnAnyDatabase {
    @TempDir Path dir;

    @Override
    HikariDataSource create() {
      return SqliteFile.pool(dir.resolve("trial.db"), "trial");
    }

    @Override
    String reason() {
      return "CHECK constraint failed";
    }

    @Override
    List<String> tables() {
      return rows("SELECT name FROM sqlite_master");
    }

    /** A migration that fails leaves nothing of itself. */
    @Test
    void whatAFailedMigrationHasDoneIsTakenBack() {
      execute("CREATE TABLE trial (n INT NOT NULL)", "INSERT INTO trial VALUES (0)");
      assertThatThrownBy(() -> Schema.migrate(source, List.of(TRIAL)))
          .isInstanceOf(StoreException.class);
      assertThat(tables()).doesNotContain("side");
    }
  }

  /** Only where a server is installed, which ./test sees to. */
  @Nested
  class OnPostgres extends OnAnyDatabase {
    private static final Schema SLOW = new Schema("slow");
    private static LocalPostgres postgres;
    private static int databases;

    @BeforeAll
    static void start() {
      assumeTrue(LocalPostgres.installed(), "Debian's package postgresql is not installed");
      postgres = LocalPostgres.start();
    }

    @AfterAll
    static void stop() {
      if (postgres != null) postgres.close();
    }

    @Override
    HikariDataSource create() {
      return JdbcResultStore.pool(postgres.create("schema" + ++databases), postgres.user(), "");
    }

    @Override
    String settings(Connection connection) throws SQLException {
      try (var statement = connection.createStatement();
          var rows = statement.executeQuery("SHOW search_path")) {
        rows.next();
        return rows.getString(1);
      }
    }

    @Test
    void aUserWhoMayNotMakeTablesIsToldTheGrantAndItWorks() {
      var url = postgres.create("schema" + ++databases);
      var database = "schema" + databases;
      try (var owner = JdbcResultStore.pool(url, postgres.user(), "");
          var dayu = JdbcResultStore.pool(url, user("dayu-" + databases), "")) {
        // As PostgreSQL 15 begins a database.
        execute(owner, "REVOKE CREATE ON SCHEMA public FROM PUBLIC");
        var grant = "GRANT CREATE ON SCHEMA public TO \"dayu-%d\"".formatted(databases);
        assertThatThrownBy(() -> Schema.migrate(dayu, List.of(TRIAL)))
            .isInstanceOfSatisfying(
                StoreException.class, e -> assertThat(e.retryable()).as("retryable").isFalse())
            .hasMessageContaining("run in the database %s: %s", database, grant);
        execute(owner, grant);
        Schema.migrate(dayu, List.of(TRIAL));
      }
    }

    @Test
    void tablesOfAnotherUserAreToldAsThat() {
      var url = postgres.create("schema" + ++databases);
      try (var owner = JdbcResultStore.pool(url, postgres.user(), "");
          var dayu = JdbcResultStore.pool(url, user("other" + databases), "")) {
        Schema.migrate(owner, List.of(TRIAL));
        assertThatThrownBy(() -> Schema.migrate(dayu, List.of(TRIAL)))
            .isInstanceOf(StoreException.class)
            .hasMessageContainingAll("other" + databases, "tables that somebody else made");
      }
    }

    private String user(String name) {
      execute(source, "CREATE ROLE \"%s\" LOGIN".formatted(name));
      return name;
    }

    @Test
    void aMigrationMayTakeLongerThanOtherStatementsAlsoForTheNodeThatWaits() {
      var url = postgres.create("schema" + ++databases) + "?socketTimeout=1";
      try (var first = JdbcResultStore.pool(url, postgres.user(), "");
          var second = JdbcResultStore.pool(url, postgres.user(), "")) {
        var other = CompletableFuture.runAsync(() -> Schema.migrate(second, List.of(SLOW)));
        Schema.migrate(first, List.of(SLOW));
        assertThat(other).succeedsWithin(Duration.ofSeconds(30));
      }
    }
  }
}
