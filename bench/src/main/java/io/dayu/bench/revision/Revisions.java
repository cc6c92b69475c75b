package io.dayu.bench.revision;

/** What a revision of the bench's service does; see {@code revision.py}. */
enum Revisions {
  GOOD("takes over", true),
  NEVER_READY("is never ready", false),
  GARBAGE("answers garbage", false),
  CRASHES("crashes when it is called", false),
  ERRORS("fails at every second call", false);

  private final String words;
  private final boolean takesOver;

  Revisions(String words, boolean takesOver) {
    this.words = words;
    this.takesOver = takesOver;
  }

  String words() {
    return words;
  }

  /** Whether it is to stay. */
  boolean takesOver() {
    return takesOver;
  }
}
