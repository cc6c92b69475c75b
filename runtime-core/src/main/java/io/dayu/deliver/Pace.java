package io.dayu.deliver;

/**
 * A token bucket for elements and for bytes, so that a backlog leaves room for what is live. It
 * holds what a fifth of a second allows. A larger element may pass too; then the next ones wait
 * longer. Belongs to one actor.
 */
public final class Pace {
  private static final double BURST_SECONDS = 0.2;

  private final double perSecond;
  private final double bytesPerSecond;
  private double elements;
  private double bytes;
  private long sinceNanos;

  public Pace(OutboxSettings settings, long nowNanos) {
    this.perSecond = settings.replayPerSecond();
    this.bytesPerSecond = settings.replayBytesPerSecond();
    this.sinceNanos = nowNanos;
  }

  /** How many elements may pass now; their size is limited by {@link #bytes}. */
  public int elements(long nowNanos) {
    double seconds = (nowNanos - sinceNanos) / 1e9;
    sinceNanos = nowNanos;
    elements = Math.min(Math.max(1, perSecond * BURST_SECONDS), elements + seconds * perSecond);
    bytes = Math.min(bytesPerSecond * BURST_SECONDS, bytes + seconds * bytesPerSecond);
    return bytes > 0 ? (int) elements : 0;
  }

  /** How many bytes may pass, as of the last call of {@link #elements}. */
  public long bytes() {
    return (long) Math.max(0, bytes);
  }

  public void spend(int count, long size) {
    elements -= count;
    bytes -= size;
  }
}
