package io.dayu.local;

import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * The directory Dayu was built in: where its modules' jars and class paths are found.
 *
 * @param root absolute
 */
public record Home(Path root) {
  public Home {
    root = root.toAbsolutePath().normalize();
  }

  /**
   * A main class with its class path.
   *
   * @param classPath entries joined by the platform's separator
   */
  public record Program(String classPath, String mainClass) {
    public Program {
      Objects.requireNonNull(classPath, "classPath");
      Objects.requireNonNull(mainClass, "mainClass");
    }
  }

  /**
   * The home named by the system property {@code dayu.home}, or the nearest directory above the
   * current one that has the launcher in it.
   */
  public static Home find() {
    var named = System.getProperty("dayu.home");
    if (named != null) return new Home(Path.of(named));
    for (var dir = Path.of("").toAbsolutePath(); dir != null; dir = dir.getParent())
      if (Files.isRegularFile(dir.resolve("dayu")) && Files.isDirectory(dir.resolve("edge-node")))
        return new Home(dir);
    throw new UserException(
        "Dayu's directory is not known: start it with its launcher ./dayu, or set -Ddayu.home");
  }

  /**
   * The program of a module: its jar (its classes if it has not been packaged) and all it needs.
   */
  public Program program(String module, String mainClass) {
    var target = root.resolve(module).resolve("target");
    var list = target.resolve("classpath");
    try {
      if (!Files.isRegularFile(list)) throw notBuilt(module);
      return new Program(
          own(module, target) + java.io.File.pathSeparator + Files.readString(list).strip(),
          mainClass);
    } catch (IOException e) {
      throw new UserException("cannot read " + list + ": " + e.getMessage(), e);
    }
  }

  private Path own(String module, Path target) throws IOException {
    // Only the version may follow the name: test kits and sources have a classifier behind it.
    var name = Pattern.compile(Pattern.quote(module) + "-\\d+(\\.\\d+)*(-SNAPSHOT)?\\.jar");
    try (var files = Files.list(target)) {
      var jar = files.filter(f -> name.matcher(f.getFileName().toString()).matches()).findFirst();
      if (jar.isPresent()) return jar.get();
    }
    var classes = target.resolve("classes");
    if (Files.isDirectory(classes)) return classes;
    throw notBuilt(module);
  }

  private UserException notBuilt(String module) {
    return new UserException(
        "module %s is not built in %s: run ./dayu there, or mvn -DskipTests package"
            .formatted(module, root));
  }

  /** Where local state of this home is kept; not part of the sources. */
  Path state() {
    return root.resolve(".dayu");
  }
}
