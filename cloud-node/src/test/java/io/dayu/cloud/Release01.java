package io.dayu.cloud;

import io.dayu.pipeline.StreamName;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.zip.ZipInputStream;

/**
 * What nodes of release 0.1 left behind: {@code release-0.1/data.zip}, the data directory of a
 * cloud node, and {@code release-0.1/database.sql}, a PostgreSQL. Each has 20 elements of a
 * pipeline {@code kept}, which was changed once, after its first decision.
 */
final class Release01 {
  static final String PIPELINE = "kept";
  static final StreamName STREAM = new StreamName("kept", "numbers");
  static final int DELIVERED = 18;
  static final int FAILED = 2;
  static final int DECISIONS = 3;

  private Release01() {}

  /** Makes the data directory. */
  static Path data(Path directory) {
    try (var zip = new ZipInputStream(open("data.zip"))) {
      Files.createDirectories(directory);
      for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry())
        Files.copy(zip, directory.resolve(entry.getName()));
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fills an empty database. */
  static void database(String url, String user) {
    try (var script = open("database.sql");
        var connection = DriverManager.getConnection(url, user, "");
        var statement = connection.createStatement()) {
      statement.execute(new String(script.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException | SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static InputStream open(String name) {
    return Release01.class.getResourceAsStream("/release-0.1/" + name);
  }
}
