package io.dayu.bench.chaos;

import io.dayu.local.NodeOptions.Role;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What is done to a node, and for how long. */
public enum Fault {
  KILL_EDGE(Role.EDGE, Need.NOTHING, 1, 8, "kill -9, started again at the same address"),
  KILL_CLOUD(Role.CLOUD, Need.NOTHING, 1, 8, "kill -9, started again at the same address"),
  FREEZE_EDGE(Role.EDGE, Need.NOTHING, 2, 15, "SIGSTOP, then SIGCONT"),
  FREEZE_CLOUD(Role.CLOUD, Need.NOTHING, 1, 8, "SIGSTOP, then SIGCONT"),
  CUT_EDGE(Role.EDGE, Need.LINKS, 2, 20, "its cable is pulled"),
  CUT_FROM_CLOUD(Role.EDGE, Need.LINKS, 2, 20, "nothing passes between it and the cloud"),
  SLOW_LINK(Role.EDGE, Need.LINKS, 3, 20, "1 Mbit/s up and down"),
  LOSSY_LINK(Role.EDGE, Need.PACKETS, 3, 20, "5 % of packets vanish, up and down"),
  FULL_DISK_EDGE(Role.EDGE, Need.DISKS, 2, 12, "no space is left"),
  FULL_DISK_CLOUD(Role.CLOUD, Need.DISKS, 2, 12, "no space is left"),
  STORE_OUTAGE(Role.CLOUD, Need.STORE, 2, 20, "the database is stopped");

  /** What must be there to do it. */
  public enum Need {
    NOTHING("nothing"),
    LINKS("a network of proxies (Linux) or of namespaces"),
    PACKETS("a network of namespaces (root, and the commands ip and tc)"),
    DISKS("root, and the command mount"),
    STORE("PostgreSQL (Debian's package postgresql)");

    private final String words;

    Need(String words) {
      this.words = words;
    }

    @Override
    public String toString() {
      return words;
    }
  }

  private final Role role;
  private final Need need;
  private final Duration shortest;
  private final Duration longest;
  private final String how;

  Fault(Role role, Need need, int shortestSeconds, int longestSeconds, String how) {
    this.role = role;
    this.need = need;
    this.shortest = Duration.ofSeconds(shortestSeconds);
    this.longest = Duration.ofSeconds(longestSeconds);
    this.how = how;
  }

  Role role() {
    return role;
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
