package io.dayu.conformance;

import java.util.Objects;

/**
 * What one check has found.
 *
 * @param remedy what its author should do; empty unless the grade is {@link Grade#WRONG}
 */
public record Check(String what, Grade grade, String found, String remedy) {
  /** Whether the contract is kept. */
  public enum Grade {
    OK("ok"),
    WRONG("WRONG"),
    /** Not tried, because an earlier check failed. */
    LEFT_OUT("left out");

    private final String word;

    Grade(String word) {
      this.word = word;
    }

    /** The word in a table. */
    public String word() {
      return word;
    }
  }

  public Check {
    Objects.requireNonNull(what, "what");
    Objects.requireNonNull(grade, "grade");
    Objects.requireNonNull(found, "found");
    Objects.requireNonNull(remedy, "remedy");
  }

  static Check ok(String what, String found) {
    return new Check(what, Grade.OK, found, "");
  }

  static Check wrong(String what, String found, String remedy) {
    return new Check(what, Grade.WRONG, found, remedy);
  }

  static Check leftOut(String what, String why) {
    return new Check(what, Grade.LEFT_OUT, why, "");
  }
}
