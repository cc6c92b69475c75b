package io.dayu.settings;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of its memory one part of a node has taken, and how much it may. Safe for any thread.
 */
public final class Budget {
  private final String name;
  private final long limit;
  private final AtomicLong used = new AtomicLong();

  /**
   * @param name the key of {@code dayu.memory} that sets it
   * @param limit in bytes
   */
  public Budget(String name, long limit) {
    this.name = name;
    this.limit = limit;
  }

  public String name() {
    return name;
  }

  public long limit() {
    return limit;
  }

  public long used() {
    return used.get();
  }

  /** Takes what is there already, also beyond the limit; gives back what is negative. */
  public void add(long bytes) {
    used.addAndGet(bytes);
  }

  /** Takes as many bytes as are asked for, or none if there would be more than {@code most}. */
  public boolean take(long bytes, long most) {
    while (true) {
      long now = used.get();
      if (most - now < bytes) return false;
      if (used.compareAndSet(now, now + bytes)) return true;
    }
  }

  /** Whether whoever can wait, or give something up, is to do so. */
  public boolean isFull() {
    return used.get() >= limit;
  }
}
