package io.dayu.link;

import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Keeps strangers from filling the log: what is wrong with connections is told a few times a minute
 * for each address. Safe for any thread.
 */
final class Complaints {
  private static final int EACH = 5;
  private static final int ALL = 100;
  private static final long WINDOW = Duration.ofMinutes(1).toNanos();

  private final Map<InetAddress, Integer> told = new HashMap<>(); // bounded by ALL
  private long began;
  private int all;

  Complaints(long nanos) {
    this.began = nanos;
  }

  /** Whether one more is told. */
  synchronized boolean allows(InetAddress from, long nanos) {
    if (nanos - began >= WINDOW) {
      told.clear();
      all = 0;
      began = nanos;
    }
    if (all >= ALL || told.getOrDefault(from, 0) >= EACH) return false;
    all++;
    told.merge(from, 1, Integer::sum);
    return true;
  }
}
