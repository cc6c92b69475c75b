package io.dayu.local;

import io.dayu.console.UserException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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
   * @param classData where its archive of class data is, or is to be; see {@link #options}
   */
  public record Program(String classPath, String mainClass, Optional<Path> classData) {
    public Program {
      Objects.requireNonNull(classPath, "classPath");
      Objects.requireNonNull(mainClass, "mainClass");
      Objects.requireNonNull(classData, "classData");
    }

    /** A program without class data. */
    public Program(String classPath, String mainClass) {
      this(classPath, mainClass, Optional.empty());
    }

    /**
     * Options with which a JVM starts it faster, where class data was made: it maps classes that
     * are parsed and verified already, and a node needs some 40 to 60 % of the CPU time until it is
     * ready. Another JVM than the one that made it, or jars that have changed since, make it read
     * the classes as usual.
     */
    List<String> options(NodeJava java) {
      return classData.filter(Files::isRegularFile).map(java::mapping).orElse(List.of());
    }

    /** The same with entries behind its class path: class data then stays valid. */
    Program with(List<Path> entries) {
      var path = new StringBuilder(classPath);
      for (var entry : entries) path.append(File.pathSeparator).append(entry);
      return new Program(path.toString(), mainClass, classData);
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
          own(module, target) + File.pathSeparator + Files.readString(list).strip(),
          mainClass,
          Optional.of(target.resolve(NodeJava.find().classDataName())));
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
