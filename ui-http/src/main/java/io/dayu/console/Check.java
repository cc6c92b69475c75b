package io.dayu.console;

import java.io.PrintWriter;
import java.util.List;

/**
 * What a look at one thing has shown.
 *
 * @param what was looked at; of a way through a network, the hop
 * @param found in a few words
 * @param remedy what to do, a command where there is one; empty if there is nothing to do
 */
public record Check(String what, Grade grade, String found, String remedy) {
  /** How bad it is. */
  public enum Grade {
    OK("ok"),
    /** Works, but somebody should look. */
    HINT("hint"),
    /** Keeps something from working. */
    PROBLEM("PROBLEM");

    private final String word;

    Grade(String word) {
      this.word = word;
    }
  }

  /**
   * Prints what was found as a table, and what to do below it.
   *
   * @return the exit code: 1 if there is a problem, else 0
   */
  public static int print(List<Check> checks, PrintWriter out) {
    var table = Table.of("", "CHECK", "FOUND");
    checks.forEach(c -> table.row(c.grade().word, c.what(), c.found()));
    out.print(table.render(""));
    for (var check : checks)
      if (!check.remedy().isEmpty()) out.printf("→ %s: %s%n", check.what(), check.remedy());
    out.flush();
    return checks.stream().anyMatch(c -> c.grade() == Grade.PROBLEM) ? 1 : 0;
  }
}
