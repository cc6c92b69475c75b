package io.dayu.settings;

import com.typesafe.config.Config;
import io.dayu.stage.ModelFiles;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Which models the stages of this node may load; {@code dayu.models}.
 *
 * @param directory where names are looked up
 * @param allowed directories in which files named by a URI may lie; absolute paths
 * @param maxSize of a file, in bytes
 */
public record ModelSettings(Path directory, List<Path> allowed, long maxSize) {
  public ModelSettings {
    var checks =
        new Checks("dayu.models")
            .positive("max-size", maxSize)
            .that(
                maxSize <= Integer.MAX_VALUE,
                "max-size",
                "is %s; models of 2 GiB and more cannot be loaded".formatted(maxSize));
    for (var path : allowed)
      checks.that(
          path.isAbsolute(),
          "allowed-dirs",
          "has \"%s\"; write absolute paths of directories, separated by commas".formatted(path));
    checks.enforce();
    allowed = List.copyOf(allowed);
  }

  /**
   * Reads the section.
   *
   * @param dayu the whole of {@code dayu}: without a directory of its own, models lie in the node's
   *     data directory
   * @throws ConfigurationException with all problems at once
   */
  public static ModelSettings from(Config dayu) {
    return Section.read("dayu", dayu, ModelSettings::read);
  }

  private static ModelSettings read(Section dayu) {
    var own = dayu.text("models.dir");
    var directory =
        own.isBlank() ? Path.of(dayu.text("node.data-dir"), "models") : Path.of(own.strip());
    var allowed =
        Arrays.stream(dayu.text("models.allowed-dirs").split(","))
            .map(String::strip)
            .filter(s -> !s.isEmpty())
            .map(Path::of)
            .toList();
    return new ModelSettings(
        directory,
        allowed.isEmpty() ? List.of(directory.toAbsolutePath()) : allowed,
        dayu.bytes("models.max-size"));
  }

  public ModelFiles files() {
    return new ModelFiles(directory, allowed, maxSize);
  }
}
