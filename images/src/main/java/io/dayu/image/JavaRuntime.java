package io.dayu.image;

import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The Java of an image: a JDK 25 reduced by jlink to the modules that nodes use. */
final class JavaRuntime {
  private static final String RELEASE = "25";
  private static final String PACKAGE = "openjdk-25-jdk-headless";
  private static final String PACKAGE_BELOW = "openjdk-25-jre-headless";
  private static final Path INSTALLED = Path.of("/usr/lib/jvm");
  private static final Path OWN = Path.of(System.getProperty("java.home"));
  private static final String AUTHORITIES = "lib/security/cacerts";

  /** What libraries look up by name is among it, so jdeps alone does not tell. */
  private static final String MODULES =
      String.join(
          ",",
          "java.base",
          "java.desktop",
          "java.instrument",
          "java.logging",
          "java.management",
          "java.naming",
          "java.net.http",
          "java.security.jgss",
          "java.sql",
          "jdk.crypto.ec",
          "jdk.httpserver",
          "jdk.jfr",
          "jdk.management",
          "jdk.net",
          "jdk.unsupported",
          "jdk.zipfs");

  /** In place of a directory: the distribution's package, whatever is installed here. */
  static final Path PACKAGED = Path.of("packages");

  private final Optional<Path> jdk;

  /**
   * @param named the JDK 25 to take, or {@link #PACKAGED}; where it is empty, the one of {@code
   *     JAVA_HOME_25}, of this process or in {@code /usr/lib/jvm}, and the package where there is
   *     none
   */
  JavaRuntime(Optional<Path> named) {
    this.jdk =
        named.isEmpty()
            ? installed()
            : named.filter(directory -> !directory.equals(PACKAGED)).map(Path::toAbsolutePath);
    jdk.ifPresent(
        directory -> {
          if (!isJdk25(directory))
            throw new UserException(
                "%s is no JDK 25 with jlink; name one, or --jdk %s".formatted(directory, PACKAGED));
        });
  }

  private static Optional<Path> installed() {
    var candidates = new ArrayList<Path>();
    Optional.ofNullable(System.getenv("JAVA_HOME_25")).map(Path::of).ifPresent(candidates::add);
    candidates.add(OWN);
    if (Files.isDirectory(INSTALLED))
      try (var directories = Files.list(INSTALLED)) {
        directories.sorted().forEach(candidates::add);
      } catch (IOException e) {
        throw new UserException("cannot read %s: %s".formatted(INSTALLED, e.getMessage()), e);
      }
    return candidates.stream().filter(JavaRuntime::isJdk25).findFirst();
  }

  private static boolean isJdk25(Path directory) {
    return Files.isExecutable(directory.resolve("bin/jlink"))
        && release(directory).startsWith(RELEASE);
  }

  /** The version in a Java's own words, or nothing where there is none. */
  static String release(Path java) {
    try (var lines = Files.lines(java.resolve("release"))) {
      return lines
          .filter(line -> line.startsWith("JAVA_VERSION="))
          .map(line -> line.replaceAll("^JAVA_VERSION=|\"", ""))
          .findFirst()
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }

  /**
   * Links the runtime into a directory that does not exist yet. For another processor than this
   * machine's the modules are those of the distribution's package.
   *
   * @param work a directory for what is needed meanwhile
   */
  void link(Platform platform, Packages packages, Path work, Path into) throws IOException {
    Files.createDirectories(into.getParent());
    boolean foreign = platform != Platform.own();
    if (jdk.isPresent()) {
      var options = options(into);
      if (foreign)
        options.addAll(
            List.of("--module-path", modules(unpacked(platform, packages, work)).toString()));
      options.add(0, jdk.get().resolve("bin/jlink").toString());
      Tools.run(work, Map.of(), options);
    } else {
      linkByPackage(foreign ? Optional.of(platform) : Optional.empty(), packages, work, into);
    }
    try (var files = Files.walk(into)) {
      for (var symbols : files.filter(file -> file.toString().endsWith(".debuginfo")).toList())
        Files.delete(symbols);
    }
    var authorities = into.resolve(AUTHORITIES);
    if (!Files.isRegularFile(authorities)) // packages leave them to the machine
    Files.copy(
          jdk.orElse(OWN).resolve(AUTHORITIES), authorities, StandardCopyOption.REPLACE_EXISTING);
  }

  private static List<String> options(Path into) {
    return new ArrayList<>(
        List.of(
            "--add-modules",
            MODULES,
            "--strip-java-debug-attributes",
            "--no-header-files",
            "--no-man-pages",
            // The layer is compressed as a whole, which is smaller and faster to load.
            "--compress=zip-0",
            "--output",
            into.toString()));
  }

  /** The package may need a newer C library than this machine's, so it runs above its own. */
  private static void linkByPackage(
      Optional<Platform> foreign, Packages packages, Path work, Path into) throws IOException {
    var root = unpacked(Platform.own(), packages, work);
    var below = packages.fetch(Platform.own(), PACKAGE_BELOW);
    Tools.run(work, "dpkg-deb", "-x", below.file().toString(), root.toString());
    BaseFiles.write(
        Platform.own(), packages, Files.createDirectories(work.resolve("below-jdk")), root);
    var tmp = Path.of("/tmp");
    var own = Path.of("/").resolve(root.relativize(modules(root)));
    var modules =
        foreign.isPresent()
            ? tmp.resolve(work.relativize(modules(unpacked(foreign.get(), packages, work))))
            : own;
    var options = options(tmp.resolve("java"));
    options.addAll(List.of("--module-path", modules.toString()));
    options.add(0, own.resolveSibling("bin/jlink").toString());
    Tools.runIn(root, work, options);
    Files.move(work.resolve("java"), into);
  }

  private static Path unpacked(Platform platform, Packages packages, Path work) throws IOException {
    var deb = packages.fetch(platform, PACKAGE);
    var directory = Files.createDirectories(work.resolve("jdk-" + platform.architecture()));
    Tools.run(work, "dpkg-deb", "-x", deb.file().toString(), directory.toString());
    return directory;
  }

  private static Path modules(Path unpacked) throws IOException {
    try (Stream<Path> files = Files.walk(unpacked)) {
      return files
          .filter(file -> file.endsWith("jmods"))
          .findFirst()
          .orElseThrow(() -> new UserException(PACKAGE + " has no modules for jlink"));
    }
  }
}
