package io.dayu.generate;

import io.dayu.deliver.Ranges;

/**
 * Settled elements, which may be removed from the disk once the counts that include them are
 * durable. If they were removed earlier, a crash in between would leave elements that are neither
 * on the disk nor counted. Belongs to one actor.
 */
final class SettledNumbers {
  private Ranges settled = new Ranges(); // since the last save began
  private Ranges saving = new Ranges(); // before it, and not durable yet

  void add(long seq) {
    settled.add(seq);
  }

  /**
   * A save begins that counts all settled elements. If it fails, they are left to the next save.
   */
  void saveBegins() {
    settled.forEach(saving::add);
    settled = new Ranges();
  }

  /** The save is durable: what may be removed. */
  Ranges saved() {
    var removable = saving;
    saving = new Ranges();
    return removable;
  }

  /**
   * All settled elements; only for a caller who knows that the counts which include them are
   * durable.
   */
  Ranges all() {
    saveBegins();
    return saved();
  }
}
