package io.dayu.source;

import java.util.Locale;

/** Which part of its earlier data a source gives again when it is opened after a crash. */
public enum Repeat {
  /** Nothing: a camera. What was under way is lost. */
  NONE,

  /**
   * What was not settled, from an origin that keeps it: a message broker. Positions count on, and
   * after a crash the same one may stand for something else.
   */
  UNSETTLED,

  /**
   * The same content between the same positions, however often it is read: a file. What is read
   * again is recognised, so its elements keep their numbers.
   */
  EXACT;

  /** As the API says it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
