package io.dayu.service;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Calls of a service that nobody has sent yet, in the order in which they are to be sent: that in
 * which they came, but for those that wait again. Bounded by the slots of the stages. Guarded by
 * its service.
 */
final class WaitingCalls<C extends ServiceCall> {
  private final ArrayDeque<C> calls = new ArrayDeque<>();

  boolean isEmpty() {
    return calls.isEmpty();
  }

  int size() {
    return calls.size();
  }

  void add(C call) {
    calls.add(call);
  }

  /** The next one, which stays; there must be one. */
  C peek() {
    return calls.element();
  }

  /** The next one, which waits no longer; there must be one. */
  C remove() {
    return calls.remove();
  }

  /** These wait again, before all others, and have not cost a try. */
  void putBack(List<C> again) {
    for (int i = again.size() - 1; i >= 0; i--) calls.addFirst(again.get(i));
  }

  /** All; none waits here any longer. */
  List<C> removeAll() {
    var all = List.copyOf(calls);
    calls.clear();
    return all;
  }

  /** Those whose deadline is over; they wait no longer. */
  List<C> removeLate(long now) {
    var late = new ArrayList<C>();
    // Those at the head have waited longest.
    while (!calls.isEmpty() && now - calls.element().deadlineNanos() >= 0) late.add(calls.remove());
    return late;
  }
}
