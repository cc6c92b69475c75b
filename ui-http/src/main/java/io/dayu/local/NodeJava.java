package io.dayu.local;

import io.dayu.console.UserException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;

/**
 * The Java that runs nodes. It need not be that of this process: from 25 on nodes start in about
 * half of the CPU time, with an AOT cache (JEP 483, 514).
 *
 * @param home its directory, absolute
 * @param feature the first number of its version
 */
public record NodeJava(Path home, int feature) {
  /** The system property that names the directory of another Java for nodes. */
  public static final String PROPERTY = "dayu.node.java";

  private static final int WITH_AOT_CACHE = 25;

  public NodeJava {
    home = home.toAbsolutePath();
  }

  /**
   * The one that {@link #PROPERTY} names, else that of this process.
   *
   * @throws UserException if there is no Java in the directory that is named
   */
  public static NodeJava find() {
    var named = System.getProperty(PROPERTY, "");
    return named.isEmpty()
        ? new NodeJava(Path.of(System.getProperty("java.home")), Runtime.version().feature())
        : in(Path.of(named));
  }

  /** Its version is in the file that every distribution has since Java 9; nothing is run. */
  private static NodeJava in(Path home) {
    var release = home.resolve("release");
    try {
      var lines = new Properties();
      lines.load(new StringReader(Files.readString(release)));
      var version = lines.getProperty("JAVA_VERSION", "").replace("\"", "");
      return new NodeJava(home, Runtime.Version.parse(version).feature());
    } catch (IOException | IllegalArgumentException e) {
      throw new UserException(
          "%s has no readable version of a Java (%s); set DAYU_NODE_JAVA to the directory of a JDK"
              .formatted(release, e.getMessage()),
          e);
    }
  }

  Path executable() {
    return home.resolve("bin").resolve("java");
  }

  /**
   * Whether class data is an AOT cache; else it is an archive of application class-data sharing.
   */
  public boolean hasAotCache() {
    return feature >= WITH_AOT_CACHE;
  }

  String classDataName() {
    return hasAotCache() ? "class-data.aot" : "class-data.jsa";
  }

  /** Options that map class data. */
  List<String> mapping(Path classData) {
    return hasAotCache()
        ? List.of("-XX:AOTCache=" + classData, "-Xlog:aot*=error,cds*=error")
        : List.of("-XX:SharedArchiveFile=" + classData, "-Xlog:cds*=error");
  }

  /**
   * Options for every program that it runs. An AOT cache is valid only under those with which it
   * was made.
   */
  List<String> options() {
    return hasAotCache()
        ? List.of(
            // 8 bytes less for every object (JEP 519).
            "-XX:+UseCompactObjectHeaders",
            // Libraries load natives and use Unsafe; Java would warn of it in every log.
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow")
        : List.of();
  }
}
