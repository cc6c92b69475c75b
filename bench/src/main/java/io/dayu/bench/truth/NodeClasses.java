package io.dayu.bench.truth;

import io.dayu.console.UserException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** Brings this package's stage and source to nodes. */
public final class NodeClasses {
  /** Stage type of the {@link #service}. */
  public static final String SERVICE = "checksum-service";

  private NodeClasses() {}

  /**
   * Copies what makes a node know {@link ChecksumStage} and {@link CountedSource} into a directory
   * for its class path: this package alone, for a node has its own of everything else.
   */
  public static Path copy(Path directory) {
    try {
      var home =
          Path.of(NodeClasses.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      if (Files.isDirectory(home)) {
        copy(home, directory);
      } else {
        try (var jar = FileSystems.newFileSystem(home)) {
          copy(jar.getPath("/"), directory);
        }
      }
      return directory;
    } catch (IOException | URISyntaxException e) {
      throw new UserException("cannot make " + directory + ": " + e.getMessage(), e);
    }
  }

  /**
   * The program in Python that does what {@link ChecksumStage} does, where it was {@link
   * #copy(Path) copied} to.
   */
  public static Path service(Path directory) {
    return directory
        .resolve(NodeClasses.class.getPackageName().replace('.', '/'))
        .resolve("checksum.py");
  }

  private static void copy(Path from, Path to) throws IOException {
    var own = NodeClasses.class.getPackageName().replace('.', '/');
    for (var part : List.of(own, "META-INF/services"))
      try (var files = Files.walk(from.resolve(part))) {
        for (var file : files.filter(Files::isRegularFile).toList()) {
          var copy = to.resolve(from.relativize(file).toString());
          Files.createDirectories(copy.getParent());
          Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
        }
      }
  }
}
