package io.dayu.node;

import io.dayu.stage.Causes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;

/**
 * The file by which a node tells that it is ready and where it is reached: {@code
 * <data-dir>/endpoints.properties}. It appears at once and complete.
 */
public final class Endpoints {
  private static final String FILE = "endpoints.properties";

  private Endpoints() {}

  /** Removes the file of an earlier run; makes the directory. */
  public static void clear(Path dataDir) {
    try {
      Files.createDirectories(dataDir);
      Files.deleteIfExists(dataDir.resolve(FILE));
    } catch (IOException e) {
      throw new StartException(
          "dayu.node.data-dir = %s cannot be written: %s".formatted(dataDir, Causes.words(e)), e);
    }
  }

  public static void write(Path dataDir, Map<String, String> endpoints) {
    var text = new StringBuilder();
    new TreeMap<>(endpoints)
        .forEach((key, value) -> text.append(key).append('=').append(value).append('\n'));
    try {
      var temporary = Files.createTempFile(dataDir, "endpoints", ".tmp");
      Files.writeString(temporary, text);
      Files.move(temporary, dataDir.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new StartException(
          "dayu.node.data-dir = %s cannot be written: %s".formatted(dataDir, Causes.words(e)), e);
    }
  }
}
