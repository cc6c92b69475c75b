package io.dayu.image;

import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Packages of this machine's distribution, for any of its processors, as files. They come from the
 * mirrors that this machine's apt is set up with; apt checks their signatures. Nothing is
 * installed, and root is not needed. A package that was fetched stays the one that is used until
 * the directory is removed, so that a build can be repeated.
 */
final class Packages {
  /** One package. */
  record Deb(String name, String version, Path file) {}

  private static final Path RELEASE = Path.of("/etc/os-release");

  private final Path directory;
  private final String suite;
  private final String distribution;

  /**
   * @param directory where everything is kept
   * @param suite the release of the distribution; where it is empty, Debian 13 on Debian, which is
   *     the first one with a Java 25, elsewhere this machine's
   */
  Packages(Path directory, Optional<String> suite) {
    this.directory = directory;
    this.distribution = release("ID");
    this.suite =
        suite.orElse(distribution.equals("debian") ? "trixie" : release("VERSION_CODENAME"));
  }

  String suite() {
    return suite;
  }

  String distribution() {
    return distribution;
  }

  /** One of a package's newest version at the time when it was first asked for. */
  Deb fetch(Platform platform, String name) {
    var own = directory.resolve(suite).resolve(platform.architecture()).resolve(name);
    try {
      var there = file(own);
      if (there.isEmpty()) {
        Files.createDirectories(own);
        apt(own, platform, "download", name);
        there = file(own);
      }
      var file =
          there.orElseThrow(() -> new UserException("apt-get has left no package in " + own));
      return new Deb(
          name, Tools.run(own, "dpkg-deb", "-f", file.toString(), "Version").strip(), file);
    } catch (IOException e) {
      throw new UserException("cannot keep packages in %s: %s".formatted(own, e.getMessage()), e);
    }
  }

  private static Optional<Path> file(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) return Optional.empty();
    try (var files = Files.list(directory)) {
      return files.filter(file -> file.toString().endsWith(".deb")).findFirst();
    }
  }

  private void apt(Path workDirectory, Platform platform, String... command) throws IOException {
    var state = directory.resolve(suite).resolve("apt-" + platform.architecture());
    var environment = Map.of("APT_CONFIG", state.resolve("apt.conf").toString());
    var updated = state.resolve("updated");
    if (!Files.exists(updated)) {
      configure(state, platform);
      Tools.run(directory, environment, List.of("apt-get", "-q", "update"));
      Files.createFile(updated);
    }
    var all = new ArrayList<>(List.of("apt-get", "-q"));
    all.addAll(List.of(command));
    try {
      Tools.run(workDirectory, environment, all);
    } catch (UserException e) {
      Files.deleteIfExists(updated); // mirrors drop versions: the next try reads new lists
      throw e;
    }
  }

  /** An apt of its own, with the machine's mirrors and another release and processor. */
  private void configure(Path state, Platform platform) throws IOException {
    for (var directory : List.of("lists/partial", "archives/partial"))
      Files.createDirectories(state.resolve(directory));
    var sources = state.resolve("sources.list");
    Files.write(sources, sources(platform));
    Files.writeString(state.resolve("status"), "");
    Files.writeString(
        state.resolve("apt.conf"),
        """
        Dir::State "%1$s";
        Dir::State::Lists "%1$s/lists";
        Dir::State::Status "%1$s/status";
        Dir::Cache "%1$s";
        Dir::Etc::SourceList "%1$s/sources.list";
        Dir::Etc::SourceParts "/dev/null";
        Dir::Etc::PreferencesParts "/dev/null";
        APT::Architecture "%2$s";
        APT::Architectures { "%2$s"; };
        APT::Sandbox::User "";
        Acquire::Languages "none";
        Acquire::Retries "3";
        """
            .formatted(state, platform.architecture()));
  }

  private SortedSet<String> sources(Platform platform) {
    var here = release("VERSION_CODENAME");
    var keys = Path.of("/usr/share/keyrings/%s-archive-keyring.gpg".formatted(distribution));
    var signed = Files.exists(keys) ? " signed-by=" + keys : "";
    var lines = new TreeSet<String>();
    for (var target :
        Tools.run(
                directory,
                "apt-get",
                "indextargets",
                "--format",
                "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)",
                "Created-By: Packages")
            .lines()
            .toList()) {
      var fields = target.split("\\|", -1);
      if (fields.length == 4 && fields[0].equalsIgnoreCase(distribution))
        lines.add(
            "deb [arch=%s%s] %s %s %s"
                .formatted(
                    platform.architecture(),
                    signed,
                    fields[1],
                    fields[2].replace(here, suite),
                    fields[3]));
    }
    if (lines.isEmpty())
      throw new UserException(
          "apt knows no mirror of %s: run apt-get update".formatted(distribution));
    return lines;
  }

  /** A value of this machine's os-release. */
  private static String release(String key) {
    try (var lines = Files.lines(RELEASE)) {
      return lines
          .filter(line -> line.startsWith(key + "="))
          .map(line -> line.substring(key.length() + 1).replace("\"", ""))
          .findFirst()
          .orElseThrow(() -> new UserException("%s does not tell %s".formatted(RELEASE, key)));
    } catch (IOException e) {
      throw new UserException(
          "images are built on Debian or Ubuntu; there is no " + RELEASE + " here", e);
    }
  }
}
