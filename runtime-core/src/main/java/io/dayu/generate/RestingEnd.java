package io.dayu.generate;

import java.util.Optional;

/**
 * What asks an open source to end by itself, which the source gives as soon as it is opened. Safe
 * for any thread.
 */
final class RestingEnd {
  private Optional<Runnable> source = Optional.empty(); // guarded by this
  private boolean asked; // guarded by this

  /** Of the source; run at once if it is to end already. */
  void take(Runnable end) {
    synchronized (this) {
      source = Optional.of(end);
      if (!asked) return;
    }
    end.run();
  }

  /** Asks the source, unless it takes no part in its end; whether it does. */
  boolean ask() {
    Optional<Runnable> end;
    synchronized (this) {
      asked = true;
      end = source;
    }
    end.ifPresent(Runnable::run);
    return end.isPresent();
  }
}
