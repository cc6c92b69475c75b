package io.dayu.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The processes of nodes as the operating system shows them, where it does: below {@code /proc}.
 * Not by {@link ProcessHandle}, which shows no arguments if a class path makes them long.
 */
final class NodeProcesses {
  private static final Path ALL = Path.of("/proc");
  private static final String DATA = "-Ddayu.node.data-dir=";
  private static final String NAME = "-Ddayu.node.name=";

  private NodeProcesses() {}

  /** A process and the directory that it was given for its data. */
  record Found(String name, boolean cloud, long pid, Path dataDir) {}

  /** Those that have their data below a directory; none where there is no {@code /proc}. */
  static List<Found> below(Path directory) {
    return all().stream()
        .flatMap(process -> found(process.pid(), process.arguments(), directory).stream())
        .toList();
  }

  /** A process of this machine. */
  record Running(long pid, List<String> arguments) {}

  /** As far as this user may see them. */
  static List<Running> all() {
    if (!Files.isDirectory(ALL)) return List.of();
    try (var entries = Files.list(ALL)) {
      return entries
          .filter(entry -> entry.getFileName().toString().matches("[0-9]+"))
          .flatMap(
              entry ->
                  arguments(entry).stream()
                      .map(
                          arguments ->
                              new Running(
                                  Long.parseLong(entry.getFileName().toString()), arguments)))
          .toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }

  private static Optional<Found> found(long pid, List<String> arguments, Path directory) {
    var data = value(arguments, DATA).map(Path::of).filter(path -> path.startsWith(directory));
    boolean cloud = arguments.contains(NodeOptions.Role.CLOUD.mainClass());
    boolean edge = arguments.contains(NodeOptions.Role.EDGE.mainClass());
    if (data.isEmpty() || !cloud && !edge) return Optional.empty();
    return Optional.of(
        new Found(value(arguments, NAME).orElse(data.get().toString()), cloud, pid, data.get()));
  }

  /** The directory of a node's data, if that is what the process is. */
  static Optional<Path> dataDir(Running process) {
    return value(process.arguments(), DATA).map(Path::of);
  }

  /** The name of a node. */
  static Optional<String> name(Running process) {
    return value(process.arguments(), NAME);
  }

  private static Optional<String> value(List<String> arguments, String key) {
    return arguments.stream()
        .filter(argument -> argument.startsWith(key))
        .map(argument -> argument.substring(key.length()))
        .findFirst();
  }

  /**
   * Whether a process has its data in a directory; empty where there is no {@code /proc} to tell.
   */
  static Optional<Boolean> uses(long pid, Path dataDir) {
    var entry = ALL.resolve(Long.toString(pid));
    if (!Files.isReadable(entry.resolve("cmdline"))) return Optional.empty();
    return Optional.of(arguments(entry).orElse(List.of()).contains(DATA + dataDir));
  }

  /** Empty if the process has gone, or belongs to somebody else. */
  private static Optional<List<String>> arguments(Path entry) {
    try {
      return Optional.of(Arrays.asList(Files.readString(entry.resolve("cmdline")).split("\0")));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
