package io.dayu.bench.chaos;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What is done to a node or to a pipeline, and for how long. */
public enum Fault {
  KILL_EDGE(Victim.EDGE, Need.NOTHING, 1, 8, "kill -9, started again at the same address"),
  KILL_CLOUD(Victim.CLOUD, Need.NOTHING, 1, 8, "kill -9, started again at the same address"),
  FREEZE_EDGE(Victim.EDGE, Need.NOTHING, 2, 15, "SIGSTOP, then SIGCONT"),
  FREEZE_CLOUD(Victim.CLOUD, Need.NOTHING, 1, 8, "SIGSTOP, then SIGCONT"),
  CUT_EDGE(Victim.EDGE, Need.LINKS, 2, 20, "its cable is pulled"),
  CUT_FROM_CLOUD(Victim.EDGE, Need.LINKS, 2, 20, "nothing passes between it and the cloud"),
  SLOW_LINK(Victim.EDGE, Need.LINKS, 3, 20, "1 Mbit/s up and down"),
  LOSSY_LINK(Victim.EDGE, Need.PACKETS, 3, 20, "5 % of packets vanish, up and down"),
  FULL_DISK_EDGE(Victim.EDGE, Need.DISKS, 2, 12, "no space is left"),
  FULL_DISK_CLOUD(Victim.CLOUD, Need.DISKS, 2, 12, "no space is left"),
  STORE_OUTAGE(Victim.CLOUD, Need.STORE, 2, 20, "the database is stopped"),
  KILL_SERVICE(Victim.EDGE, Need.PROGRAMS, 1, 4, "kill -9 of a service's program"),
  FREEZE_SERVICE(Victim.EDGE, Need.PROGRAMS, 1, 15, "SIGSTOP of a service's program, then SIGCONT"),
  CHANGE_STAGES(
      Victim.PIPELINE, Need.NOTHING, 1, 8, "a stage is replaced and one added; then back"),
  CHANGE_PARAMETERS(Victim.PIPELINE, Need.PROGRAMS, 1, 8, "a stage gets other parameters, twice"),
  PAUSE(Victim.PIPELINE, Need.NOTHING, 1, 8, "paused, then resumed");

  /** To what it is done. */
  enum Victim {
    CLOUD,
    EDGE,
    PIPELINE;

    /** Such as {@code edge-1} for rank 0; of a pipeline its place among all. */
    String name(int rank) {
      return name().toLowerCase(Locale.ROOT) + "-" + (rank + 1);
    }
  }

  /** What must be there to do it. */
  public enum Need {
    NOTHING("nothing"),
    LINKS("a network of proxies (Linux) or of namespaces"),
    PACKETS("a network of namespaces (root, and the commands ip and tc)"),
    DISKS("root, and the command mount"),
    STORE("PostgreSQL (Debian's package postgresql)"),
    PROGRAMS("python3");

    private final String words;

    Need(String words) {
      this.words = words;
    }

    @Override
    public String toString() {
      return words;
    }
  }

  private final Victim victim;
  private final Need need;
  private final Duration shortest;
  private final Duration longest;
  private final String how;

  Fault(Victim victim, Need need, int shortestSeconds, int longestSeconds, String how) {
    this.victim = victim;
    this.need = need;
    this.shortest = Duration.ofSeconds(shortestSeconds);
    this.longest = Duration.ofSeconds(longestSeconds);
    this.how = how;
  }

  Victim victim() {
    return victim;
  }

  Need need() {
    return need;
  }

  Duration shortest() {
    return shortest;
  }

  Duration longest() {
    return longest;
  }

  /** For people. */
  public String how() {
    return how;
  }

  /** A node that was killed starts again before anything else is done to it. */
  Duration recovery() {
    return Duration.ofSeconds(this == KILL_EDGE || this == KILL_CLOUD ? 8 : 2);
  }

  /** Such as {@code kill-edge}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * @throws IllegalArgumentException if there is no such fault; it names all
   */
  static Fault of(String word) {
    return Arrays.stream(values())
        .filter(f -> f.word().equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "'%s' is none of %s"
                        .formatted(
                            word,
                            Arrays.stream(values())
                                .map(Fault::word)
                                .collect(Collectors.joining(", ")))));
  }
}
