package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.dayu.local.Home;
import io.dayu.testkit.LocalPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The SQL files of all components are such as {@link io.dayu.store.Schema} asks for. */
class MigrationsTest {
  private static final String MIGRATIONS = "src/main/resources/io/dayu/store/migration";

  /** The directories of all components in all modules. */
  static Stream<Path> components() throws IOException {
    var found = new ArrayList<Path>();
    for (var module : list(Home.find().root())) {
      var migrations = module.resolve(MIGRATIONS);
      if (Files.isDirectory(migrations)) found.addAll(list(migrations));
    }
    assertThat(found).map(Path::getFileName).map(Path::toString).contains("results", "journal");
    return found.stream();
  }

  /** The first ones make the tables: on PostgreSQL as release 0.1 had them, on SQLite later. */
  @ParameterizedTest
  @MethodSource("components")
  void bothDatabasesHaveTheSameMigrations(Path component) throws IOException {
    assertThat(versions(component.resolve("sqlite")))
        .isEqualTo(versions(component.resolve("postgresql")))
        .first()
        .isEqualTo("V1");
    assertThat(later(component.resolve("sqlite")))
        .isEqualTo(later(component.resolve("postgresql")));
  }

  /** If not, a new version of the plugin needs a migration. */
  @Test
  void theJournalHasTheColumnsThatThePersistencePluginHasOnOtherDatabases() throws Exception {
    try (var theirs = DriverManager.getConnection("jdbc:h2:mem:", "sa", "");
        var ours = DriverManager.getConnection("jdbc:sqlite::memory:")) {
      run(theirs, script("/schema/h2/h2-create-schema.sql"));
      for (var file : journal("sqlite")) run(ours, statements(Files.readString(file)));
      for (var table : List.of("event_journal", "snapshot"))
        assertThat(columns(ours, table)).isEqualTo(columns(theirs, table)).isNotEmpty();
    }
  }

  /** Only where a server is installed, which ./test sees to. */
  @Test
  void theTablesOfTheJournalAreThoseOfThePersistencePluginOnPostgres() throws Exception {
    assumeTrue(LocalPostgres.installed(), "Debian's package postgresql is not installed");
    try (var postgres = LocalPostgres.start();
        var theirs = DriverManager.getConnection(postgres.create("theirs"), postgres.user(), "");
        var ours = DriverManager.getConnection(postgres.create("ours"), postgres.user(), "")) {
      run(theirs, script("/schema/postgres/postgres-create-schema.sql"));
      for (var file : journal("postgresql")) run(ours, statements(Files.readString(file)));
      assertThat(tables(ours, "public")).isEqualTo(tables(theirs, "public")).isNotEmpty();
    }
  }

  private static List<Path> journal(String database) throws IOException {
    return list(Path.of(MIGRATIONS, "journal", database));
  }

  private static List<String> script(String resource) throws IOException {
    try (var script = MigrationsTest.class.getResourceAsStream(resource)) {
      return statements(new String(script.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private static List<String> versions(Path directory) throws IOException {
    return list(directory).stream().map(file -> name(file).split("__")[0]).toList();
  }

  private static List<String> later(Path directory) throws IOException {
    return list(directory).stream().skip(1).map(MigrationsTest::name).toList();
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }

  private static List<String> statements(String script) {
    return Stream.of(script.split(";")).filter(sql -> !sql.isBlank()).toList();
  }

  private static void run(Connection connection, List<String> statements) throws SQLException {
    try (var statement = connection.createStatement()) {
      for (var sql : statements) statement.execute(sql);
    }
  }

  /** Their names and whether they may be null. */
  private static List<String> columns(Connection connection, String table) throws SQLException {
    try (var rows = connection.getMetaData().getColumns(null, null, table, "%")) {
      var found = new ArrayList<String>();
      while (rows.next()) found.add(row(rows, "COLUMN_NAME", "NULLABLE"));
      return found.stream().sorted().toList();
    }
  }

  /** Columns and indexes, in words. */
  private static List<String> tables(Connection connection, String schema) throws SQLException {
    var metadata = connection.getMetaData();
    var found = new ArrayList<String>();
    try (var columns = metadata.getColumns(null, schema, "%", "%")) {
      while (columns.next())
        found.add(
            row(
                columns,
                "TABLE_NAME",
                "COLUMN_NAME",
                "TYPE_NAME",
                "COLUMN_SIZE",
                "NULLABLE",
                "COLUMN_DEF"));
    }
    for (var table : List.of("event_journal", "event_tag", "snapshot", "durable_state"))
      try (var indexes = metadata.getIndexInfo(null, schema, table, false, true)) {
        while (indexes.next())
          found.add(row(indexes, "TABLE_NAME", "NON_UNIQUE", "ORDINAL_POSITION", "COLUMN_NAME"));
      }
    return found.stream().sorted().toList();
  }

  private static String row(ResultSet rows, String... columns) throws SQLException {
    var values = new ArrayList<String>();
    for (var column : columns) values.add(column + "=" + rows.getString(column));
    return String.join(" ", values);
  }

  private static List<Path> list(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }
}
