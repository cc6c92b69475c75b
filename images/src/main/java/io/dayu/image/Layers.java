package io.dayu.image;

import io.dayu.local.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * What an image is made of: one directory for each layer, from what changes seldom to what changes
 * with each build.
 *
 * @param directories in their order
 * @param sbom the inventory, in CycloneDX; it is in the last layer too
 */
record Layers(List<Path> directories, Path sbom) {
  /** The user that programs run as, and its group. */
  static final int USER = 10001;

  /** What a program writes is here, and in {@code /tmp}. */
  static final String STATE = "/var/lib/dayu/node";

  /** The time of all files and of the image; the one of the jars. */
  static final Instant TIME = Instant.parse("2026-01-01T00:00:00Z");

  static final String JAVA = "/opt/java";
  private static final String DAYU = "opt/dayu";

  /** Options that class data depends on, or without which libraries warn of what they do. */
  static final List<String> FIXED =
      List.of(
          "-XX:+UseCompactObjectHeaders",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  /** What is to be built. */
  record Order(Program program, Platform platform, boolean video) {}

  /** The file that the entry point gives to {@code java}: options, class path and main class. */
  static String arguments(Program program) {
    return "/%s/%s.args".formatted(DAYU, program.image());
  }

  /**
   * Writes all layers.
   *
   * @param work a directory that is empty
   */
  static Layers write(Home home, Order order, JavaRuntime java, Packages packages, Path work)
      throws IOException {
    var layers = new ArrayList<Path>();
    var base = layer(work, layers, "base");
    var debs = BaseFiles.write(order.platform(), packages, layer(work, "work"), base);
    Files.createDirectories(base.resolve(STATE.substring(1)));
    var runtime = layer(work, layers, "java").resolve(JAVA.substring(1));
    java.link(order.platform(), packages, layer(work, "work"), runtime);

    var libraries = layer(work, layers, "libraries");
    var natives = layer(work, layers, "natives");
    var models = layer(work, layers, "models");
    var program = layer(work, layers, "program");
    var jars = new ArrayList<Libraries.Jar>();
    var first = new ArrayList<Path>();
    var last = new ArrayList<Path>(); // class data is valid with and without these
    for (var jar : Libraries.of(home, order.program(), order.platform())) {
      if (!order.video() && (jar.natives() || jar.models())) continue;
      jars.add(jar);
      if (jar.natives()) pack(jar, order, jar::uses, natives, last);
      else if (jar.models()) pack(jar, order, jar::uses, models, last);
      else {
        var apart = apart(jar);
        pack(jar, order, apart.negate(), jar.own() ? program : libraries, first);
        if (order.video()) pack(jar, order, apart, jar.own() ? models : natives, last, "-data");
      }
    }
    var classPath = new ArrayList<>(first);
    classPath.addAll(last);

    var sbom = work.resolve("sbom.cdx.json");
    Files.writeString(sbom, Sbom.of(order, jars, debs, packages, JavaRuntime.release(runtime)));
    Files.createDirectories(program.resolve(DAYU));
    Files.copy(sbom, program.resolve(DAYU).resolve(sbom.getFileName().toString()));
    Files.copy(home.root().resolve("LICENSE"), program.resolve(DAYU).resolve("LICENSE"));
    Files.copy(home.root().resolve("NOTICE"), program.resolve(DAYU).resolve("NOTICE"));
    for (var directory : layers) date(directory);
    var data =
        ClassData.write(order, merged(work, layers), first, layer(work, layers, "class-data"));
    var options = new ArrayList<>(FIXED);
    options.add("-XX:-UsePerfData");
    options.add("-XX:+ExitOnOutOfMemoryError");
    data.ifPresent(
        file -> {
          options.addAll(List.of("-XX:SharedArchiveFile=" + file, "-Xlog:cds*=error"));
          // Where it was made for. Elsewhere the JVM has to write into nearly every page of it, of
          // which it then has a copy of its own.
          options.addAll(List.of("-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0"));
        });
    options.addAll(List.of("-cp", joined(classPath), order.program().mainClass()));
    Files.write(program.resolve(arguments(order.program()).substring(1)), options);
    date(program);
    date(layers.get(layers.size() - 1));
    layers.removeIf(Layers::isEmpty);
    return new Layers(List.copyOf(layers), sbom);
  }

  /**
   * Entries that are packed apart from the code beside them: large, and of no use without video.
   */
  private static Predicate<String> apart(Libraries.Jar jar) {
    if (jar.artifact().equals("onnxruntime")) return Repack::isNative;
    if (jar.artifact().equals("stage-catalog")) return entry -> entry.startsWith("models/");
    return entry -> false;
  }

  private static void pack(
      Libraries.Jar jar, Order order, Predicate<String> wanted, Path layer, List<Path> classPath)
      throws IOException {
    pack(jar, order, wanted, layer, classPath, "");
  }

  private static void pack(
      Libraries.Jar jar,
      Order order,
      Predicate<String> wanted,
      Path layer,
      List<Path> classPath,
      String suffix)
      throws IOException {
    var name = jar.file().getFileName().toString().replaceFirst("\\.jar$", suffix + ".jar");
    var path = Path.of(DAYU, "lib", name);
    Repack.copy(jar.file(), order.platform(), wanted, layer.resolve(path));
    if (Files.exists(layer.resolve(path))) classPath.add(Path.of("/").resolve(path));
  }

  static String joined(List<Path> classPath) {
    return String.join(":", classPath.stream().map(Path::toString).toList());
  }

  private static Path layer(Path work, List<Path> layers, String name) throws IOException {
    var directory = layer(work, "%s-%s".formatted(layers.size() + 1, name));
    layers.add(directory);
    return directory;
  }

  private static Path layer(Path work, String name) throws IOException {
    return Files.createDirectories(work.resolve(name));
  }

  /** One tree of them all, by links. */
  private static Path merged(Path work, List<Path> layers) throws IOException {
    var root = layer(work, "root");
    for (var layer : layers)
      try (var files = Files.walk(layer)) {
        for (var file : files.toList()) {
          var target = root.resolve(layer.relativize(file));
          if (Files.isDirectory(file)) Files.createDirectories(target);
          else Files.createLink(target, file);
        }
      }
    return root;
  }

  private static void date(Path layer) throws IOException {
    try (var files = Files.walk(layer)) {
      for (var file : files.toList()) Files.setLastModifiedTime(file, FileTime.from(TIME));
    }
  }

  private static boolean isEmpty(Path layer) {
    var entries = layer.toFile().list();
    return entries == null || entries.length == 0;
  }
}
