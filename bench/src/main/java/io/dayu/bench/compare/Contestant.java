package io.dayu.bench.compare;

/** What does the work. */
enum Contestant {
  DAYU("dayu", "Dayu", "two processes, a TCP hop, acknowledged one by one"),
  JET("jet", "Hazelcast Jet 5.7.0", "two processes, a TCP hop"),
  FLINK("flink", "Flink 2.3.0", "one process, every stage a hop, one of them TCP"),
  FLINK_CHAINED("flinkChained", "Flink 2.3.0, chained", "one process, no hop");

  private final String key;
  private final String title;
  private final String how;

  Contestant(String key, String title, String how) {
    this.key = key;
    this.title = title;
    this.how = how;
  }

  /** In reports. */
  String key() {
    return key;
  }

  /** For people. */
  String title() {
    return title;
  }

  /** How it is set up, for people. */
  String how() {
    return how;
  }
}
