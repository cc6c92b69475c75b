package io.dayu.settings;

import java.util.List;
import java.util.stream.Collectors;

/** Settings that cannot be used; the message lists every problem on a line of its own. */
public final class ConfigurationException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final transient List<Problem> problems;

  /**
   * @param keys whose values cause it, from {@code dayu} on
   * @param text begins with the key, and says what the value is and what to do
   */
  record Problem(List<String> keys, String text) {}

  ConfigurationException(List<Problem> problems) {
    super(problems.stream().map(Problem::text).collect(Collectors.joining("\n")));
    this.problems = List.copyOf(problems);
  }

  List<Problem> problems() {
    return problems;
  }
}
