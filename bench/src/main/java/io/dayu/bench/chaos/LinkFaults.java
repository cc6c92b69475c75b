package io.dayu.bench.chaos;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Which nodes are apart, and how fast what passes may be. Not safe for several threads. */
final class LinkFaults {
  /** So much passes at once at most. */
  static final int BURST = 32 * 1024;

  private final Set<String> cut = new HashSet<>();
  private final Set<Set<String>> apart = new HashSet<>();
  private final Map<String, Bucket> sends = new HashMap<>();
  private final Map<String, Bucket> gets = new HashMap<>();

  void cut(String node) {
    cut.add(node);
  }

  void cut(String node, String other) {
    apart.add(Set.of(node, other));
  }

  /** Limits what a node sends and what it gets, each over all its connections. */
  void slow(String node, int kbit) {
    sends.put(node, new Bucket(kbit));
    gets.put(node, new Bucket(kbit));
  }

  void heal(String node) {
    cut.remove(node);
    apart.removeIf(pair -> pair.contains(node));
    sends.remove(node);
    gets.remove(node);
  }

  /** Whether what passes depends on the time. */
  boolean slow() {
    return !sends.isEmpty();
  }

  /** Whether nothing passes between two nodes. */
  boolean apart(String one, String other) {
    return cut.contains(one) || cut.contains(other) || apart.contains(Set.of(one, other));
  }

  /** Bytes that may be sent now, at most {@link #BURST}. */
  int room(String sender, String receiver) {
    int sent = sends.containsKey(sender) ? sends.get(sender).room() : BURST;
    int got = gets.containsKey(receiver) ? gets.get(receiver).room() : BURST;
    return Math.min(sent, got);
  }

  void sent(String sender, String receiver, int bytes) {
    if (sends.containsKey(sender)) sends.get(sender).take(bytes);
    if (gets.containsKey(receiver)) gets.get(receiver).take(bytes);
  }

  /** A token bucket. */
  private static final class Bucket {
    private final double bytesPerNano;
    private double tokens = BURST;
    private long at = System.nanoTime();

    Bucket(int kbit) {
      this.bytesPerNano = kbit * 1e3 / 8 / 1e9;
    }

    int room() {
      long now = System.nanoTime();
      tokens = Math.min(BURST, tokens + (now - at) * bytesPerNano);
      at = now;
      return (int) tokens;
    }

    void take(int bytes) {
      tokens -= bytes;
    }
  }
}
