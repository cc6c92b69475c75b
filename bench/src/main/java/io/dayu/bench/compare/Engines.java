package io.dayu.bench.compare;

import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The programs of the engines, with all they need.
 *
 * @param classPath entries joined by the platform's separator
 */
record Engines(String classPath) {
  private static final int SHOWN = 20;

  /**
   * Compiles the programs in {@code bench/compare}; Maven fetches the engines when they are not in
   * its repository yet. Blocks meanwhile.
   *
   * @throws UserException if that does not work
   */
  static Engines resolve(Home home, Progress progress) {
    progress.now("resolving Flink and Hazelcast …");
    var project = home.root().resolve("bench").resolve("compare");
    maven(project);
    var target = project.resolve("target");
    try {
      return new Engines(
          target.resolve("classes")
              + File.pathSeparator
              + Files.readString(target.resolve("classpath")).strip());
    } catch (IOException e) {
      throw new UserException("cannot read the class path of the engines: " + e.getMessage(), e);
    }
  }

  private static void maven(Path project) {
    try {
      var maven =
          new ProcessBuilder("mvn", "-B", "-ntp", "-q", "-f", project.toString(), "compile")
              .redirectErrorStream(true)
              .start();
      maven.getOutputStream().close();
      var said = new String(maven.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (maven.waitFor() == 0) return;
      var lines = said.lines().toList();
      throw new UserException(
          "Flink and Hazelcast cannot be fetched or used; the end of what Maven says:%n%s"
              .formatted(
                  String.join(
                      System.lineSeparator(),
                      lines.subList(Math.max(0, lines.size() - SHOWN), lines.size()))));
    } catch (IOException e) {
      throw new UserException("cannot run mvn: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    }
  }

  Home.Program program(String mainClass) {
    return new Home.Program(classPath, "io.dayu.compare." + mainClass);
  }
}
