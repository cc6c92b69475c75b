package io.dayu.k8s.reconcile;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Gives memory back when everything was looked at for the first time, in a process that does
 * nothing else. What was read until then and is not kept has outlived young collections, and the
 * serial collector leaves it where it is until the heap is as large as it may be: hours or never.
 * Safe for any thread.
 */
final class FirstLook {
  private final AtomicBoolean over = new AtomicBoolean();

  /** Does something the first time only. The process stands still for up to a second. */
  void isOver() {
    if (over.compareAndSet(false, true)) System.gc();
  }
}
