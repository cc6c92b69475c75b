package io.dayu.generate;

import io.dayu.deliver.Ranges;

/**
 * What is settled and may be removed from the disk, once the counts that tell so are durable. The
 * other way round a crash between the two would leave elements that are neither on the disk nor
 * counted. Belongs to one actor.
 */
final class SettledNumbers {
  private Ranges settled = new Ranges(); // since the last save began
  private Ranges saving = new Ranges(); // before it, and not durable yet

  void add(long seq) {
    settled.add(seq);
  }

  /** A save begins that counts all that are settled; one that fails leaves them to the next. */
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

  /** All that are settled, where the counts that tell so are durable already. */
  Ranges all() {
    saveBegins();
    return saved();
  }
}
