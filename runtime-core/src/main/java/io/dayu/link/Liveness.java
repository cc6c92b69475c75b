package io.dayu.link;

import java.time.Duration;

/**
 * Since when a peer is silent. It owes a sign of life only while something waits for it: an element
 * for its credit, a link for its connection. Times are of a clock as {@link System#nanoTime}.
 * Belongs to one actor.
 */
final class Liveness {
  private boolean expected;
  private long expectedSince;
  private long lastSign;
  private long connected;

  /** Begins with waiting for a connection. */
  Liveness(long now) {
    this.expected = true;
    this.expectedSince = now;
    this.lastSign = now;
    this.connected = now;
  }

  /** Something waits for the peer from now on, if nothing did before. */
  void expect(long now) {
    if (expected) return;
    expected = true;
    expectedSince = now;
  }

  /** Nothing waits for the peer any more. */
  void expectNothing() {
    expected = false;
  }

  /**
   * The peer gave a sign of life.
   *
   * @param more whether something still waits for it
   */
  void sign(long now, boolean more) {
    lastSign = now;
    expected = more;
    expectedSince = now;
  }

  /** A connection was begun. */
  void connect(long now) {
    connected = now;
  }

  /** Whether something has waited for longer than {@code patience} without a sign of life. */
  boolean isLate(long now, Duration patience) {
    return expected && now - later(expectedSince, lastSign) > patience.toNanos();
  }

  /** Whether this connection has brought no sign of life for longer than {@code patience}. */
  boolean isSilent(long now, Duration patience) {
    return now - later(connected, lastSign) > patience.toNanos();
  }

  /** Whether the connection, or the try for one, is older than {@code age}. */
  boolean isOlder(long now, Duration age) {
    return now - connected > age.toNanos();
  }

  private static long later(long a, long b) {
    return a - b > 0 ? a : b;
  }
}
