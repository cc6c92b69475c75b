package io.dayu.link;

import io.dayu.settings.Budget;

/**
 * What a node keeps for inbound elements that are larger than their link's window, all links
 * together. Safe for any thread.
 */
final class LargeBytes {
  private final Budget budget;
  private final long all;

  LargeBytes(long all) {
    this(new Budget("large-elements", all), all);
  }

  private LargeBytes(Budget budget, long all) {
    this.budget = budget;
    this.all = all;
  }

  /**
   * Enough for one element of the largest size that comes in parts, which are there twice while
   * they are joined; but no more than the budget has.
   */
  static LargeBytes of(LinkSettings settings, Budget budget) {
    return new LargeBytes(
        budget,
        Math.min(Math.max(2L * settings.maxElement(), settings.nodeBytes()), budget.limit()));
  }

  /** The largest element that can be taken in parts. */
  long largest() {
    return all / 2;
  }

  boolean take(long bytes) {
    return budget.take(bytes, all);
  }

  void giveBack(long bytes) {
    budget.add(-bytes);
  }

  long left() {
    return all - budget.used();
  }
}
