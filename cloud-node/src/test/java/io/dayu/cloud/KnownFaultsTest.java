package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Compares the class path, which has all that nodes have, with {@code dependencies.known-faults}.
 */
class KnownFaultsTest {
  /**
   * {@code …/group/artifact/version/artifact-version[-classifier].jar}, as in a Maven repository.
   */
  private static final Pattern JAR =
      Pattern.compile(".*/([^/]+)/([^/]+)/([^/]+)/\\2-\\3[^/]*\\.jar");

  private record Fault(String group, String artifact, String fixed, String number) {
    static Fault parse(String line) {
      var words = line.split("\\s+");
      assertThat(words).as(line).hasSize(3);
      var name = words[0].split(":");
      return new Fault(name[0], name[1], words[1], words[2]);
    }

    boolean isIn(String jar) {
      var parts = JAR.matcher(jar.replace(File.separatorChar, '/'));
      return parts.matches()
          && parts.group(2).equals(artifact)
          && jar.replace(File.separatorChar, '/').contains("/" + group.replace('.', '/') + "/")
          && compare(parts.group(3), fixed) < 0;
    }
  }

  private static int compare(String a, String b) {
    var left = numbers(a);
    var right = numbers(b);
    for (int i = 0; i < Math.max(left.size(), right.size()); i++) {
      int order =
          Integer.compare(i < left.size() ? left.get(i) : 0, i < right.size() ? right.get(i) : 0);
      if (order != 0) return order;
    }
    return 0;
  }

  private static List<Integer> numbers(String version) {
    return Stream.of(version.split("[.-]"))
        .takeWhile(part -> part.matches("[0-9]{1,9}"))
        .map(Integer::valueOf)
        .toList();
  }

  private static List<Fault> faults() throws IOException {
    return Files.readAllLines(Path.of("../dependencies.known-faults")).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .map(Fault::parse)
        .toList();
  }

  private static List<String> jars() {
    var classPath = System.getProperty("surefire.test.class.path");
    return List.of(
        (classPath == null ? System.getProperty("java.class.path") : classPath)
            .split(Pattern.quote(File.pathSeparator)));
  }

  @Test
  void noReleaseWithAKnownFaultIsOnTheClassPath() throws IOException {
    assertThat(jars())
        .anyMatch(jar -> jar.contains("logback-core"))
        .anyMatch(jar -> jar.contains("netty-codec"));
    for (var fault : faults())
      assertThat(jars().stream().filter(fault::isIn))
          .as(fault.number() + ": raise " + fault.artifact() + " to " + fault.fixed())
          .isEmpty();
  }

  @Test
  void aReleaseBeforeTheFixIsFoundAndALaterOneIsNot() {
    var fault = new Fault("io.netty", "netty-codec", "4.1.125.Final", "CVE-2025-58057");
    var repository = "/home/me/.m2/repository/io/netty/netty-codec/";
    for (var bad : List.of("4.1.122.Final", "4.0.200.Final", "4.1.9.Final"))
      assertThat(fault.isIn(repository + bad + "/netty-codec-" + bad + ".jar")).as(bad).isTrue();
    for (var good : List.of("4.1.125.Final", "4.1.140.Final", "4.2.0.Final", "5.0"))
      assertThat(fault.isIn(repository + good + "/netty-codec-" + good + ".jar"))
          .as(good)
          .isFalse();
    assertThat(fault.isIn("/r/io/netty/netty-codec-dns/4.1.1/netty-codec-dns-4.1.1.jar")).isFalse();
  }
}
