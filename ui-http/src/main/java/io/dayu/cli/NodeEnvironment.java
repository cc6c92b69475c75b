package io.dayu.cli;

import java.util.List;
import java.util.Set;

/** The variables of the environment that nodes read. */
final class NodeEnvironment {
  /** Of the command line, or without importance for what a node does. */
  private static final Set<String> OTHERS =
      Set.of("DAYU_API", "DAYU_TOKEN", "DAYU_SKIP_BUILD", "DAYU_LOG_LEVEL");

  private NodeEnvironment() {}

  /** The names of those that are set here. */
  static List<String> names() {
    return System.getenv().keySet().stream()
        .filter(name -> name.startsWith("DAYU_") && !OTHERS.contains(name))
        .sorted()
        .toList();
  }

  /** Those of {@code names} that are not set here. */
  static List<String> missing(List<String> names) {
    return names.stream().filter(name -> System.getenv(name) == null).toList();
  }
}
