package io.dayu.link;

import io.dayu.settings.Budget;

/** Bounds the windows of all inbound links of a node together. Safe for any thread. */
final class NodeBytes {
  /** What a link gets even when nothing is left, so that it can work at all. */
  static final long LEAST = 64 << 10;

  private final Budget budget;
  private final long all;

  private NodeBytes(Budget budget, long all) {
    this.budget = budget;
    this.all = all;
  }

  /** As many as the settings say, but no more than the budget has. */
  static NodeBytes of(LinkSettings settings, Budget budget) {
    return new NodeBytes(budget, Math.min(settings.nodeBytes(), budget.limit()));
  }

  /**
   * A window of at most {@code wanted} and at most half of what is left, at least {@link #LEAST}.
   */
  synchronized long take(long wanted) {
    long window = Math.max(LEAST, Math.min(wanted, (all - budget.used()) / 2));
    budget.add(window);
    return window;
  }

  void giveBack(long window) {
    budget.add(-window);
  }
}
