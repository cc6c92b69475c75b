package io.dayu.cli.migrate;

/**
 * What is not as it was.
 *
 * @param byHand whether somebody has something to do before the pipeline does what it did
 * @param where the stage, source or setting it is about
 */
public record Note(boolean byHand, String where, String text) {
  @Override
  public String toString() {
    return "%s: %s: %s".formatted(byHand ? "by hand" : "changed", where, text);
  }
}
