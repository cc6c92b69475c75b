package io.dayu.image;

import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Classes of a program that are parsed, verified and laid out already (application class data, JEP
 * 310), made in the root file system that maps them: the JVM holds them against its own build and
 * the jars. From the same list and the same jars comes the same file, bit for bit, because the
 * collector that never collects leaves no times in the archived objects.
 */
final class ClassData {
  private static final Path FILE = Path.of("opt/dayu/class-data.jsa");

  private ClassData() {}

  /**
   * @param root all other layers in one tree
   * @param classPath with which the program's class path begins
   * @return where it is in the image; empty for a program without a list of classes, and for
   *     another processor than this machine's, on which its JVM does not run
   */
  static Optional<Path> write(Layers.Order order, Path root, List<Path> classPath, Path layer)
      throws IOException {
    if (order.platform() != Platform.own()) return Optional.empty();
    var tmp = Files.createTempDirectory("dayu-class-data");
    try (var list = ClassData.class.getResourceAsStream(order.program().module() + ".classes")) {
      if (list == null) return Optional.empty();
      Files.copy(list, tmp.resolve("classes"));
      var command = new ArrayList<>(List.of(Layers.JAVA + "/bin/java"));
      command.addAll(Layers.FIXED);
      command.addAll(
          List.of(
              "-Xshare:dump",
              "-Xint", // what the compilers' threads do beside it must not matter to the result
              "-XX:+UnlockExperimentalVMOptions",
              "-XX:+UseEpsilonGC",
              "-Xmx1g",
              "-Xlog:cds*=error,aot*=error",
              "-XX:SharedClassListFile=/tmp/classes",
              "-XX:SharedArchiveFile=/tmp/class-data",
              "-cp",
              Layers.joined(classPath)));
      var output = Tools.runIn(root, tmp, command);
      var written = tmp.resolve("class-data");
      if (!Files.isRegularFile(written))
        throw new UserException("Java has made no class data:\n" + output);
      var file = layer.resolve(FILE);
      Files.createDirectories(file.getParent());
      Files.move(written, file, StandardCopyOption.REPLACE_EXISTING);
      return Optional.of(Path.of("/").resolve(FILE));
    } finally {
      Trees.delete(tmp);
    }
  }
}
