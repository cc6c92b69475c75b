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
import java.util.UUID;
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

  @ParameterizedTest
  @MethodSource("components")
  void allDatabasesHaveTheSameVersions(Path component) throws IOException {
    var shared = versions(component.resolve("postgresql"));
    var embedded = list(component).stream().filter(p -> !p.endsWith("postgresql")).toList();
    assertThat(embedded).isNotEmpty();
    for (var database : embedded) assertThat(versions(database)).isEqualTo(shared);
  }

  private static List<String> versions(Path database) throws IOException {
    return list(database).stream()
        .map(file -> file.getFileName().toString().split("_")[0])
        .toList();
  }

  @ParameterizedTest
  @MethodSource("components")
  void aMigrationOfH2CanBeRunAgainWhereverItEnded(Path component) throws Exception {
    var database = component.resolve("h2");
    if (Files.notExists(database)) return; // SQLite runs a file in one transaction
    try (var connection = memory()) {
      for (var file : list(database)) {
        var statements = statements(Files.readString(file));
        for (int end = 1; end <= statements.size(); end++)
          run(connection, statements.subList(0, end));
      }
    }
  }

  /** If not, a new version of the plugin needs a migration. */
  @Test
  void theTablesOfTheJournalAreThoseOfThePersistencePlugin() throws Exception {
    try (var theirs = memory();
        var ours = memory()) {
      run(theirs, script("/schema/h2/h2-create-schema.sql"));
      for (var file : journal("h2")) run(ours, statements(Files.readString(file)));
      assertThat(tables(ours, "PUBLIC")).isEqualTo(tables(theirs, "PUBLIC")).isNotEmpty();
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

  private static Connection memory() throws SQLException {
    return DriverManager.getConnection("jdbc:h2:mem:" + UUID.randomUUID(), "sa", "");
  }

  private static List<Path> journal(String database) throws IOException {
    return list(Path.of(MIGRATIONS, "journal", database));
  }

  private static List<String> script(String resource) throws IOException {
    try (var script = MigrationsTest.class.getResourceAsStream(resource)) {
      return statements(new String(script.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private static List<String> statements(String script) {
    return Stream.of(script.split(";")).filter(sql -> !sql.isBlank()).toList();
  }

  private static void run(Connection connection, List<String> statements) throws SQLException {
    try (var statement = connection.createStatement()) {
      for (var sql : statements) statement.execute(sql);
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
