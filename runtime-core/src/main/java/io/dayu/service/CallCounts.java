package io.dayu.service;

import io.dayu.stage.ServiceCalls;

/** Counts how calls to a service have ended. Not safe for several threads. */
final class CallCounts {
  private final long[] ended = new long[CallEnd.Kind.values().length];

  void add(CallEnd.Kind kind) {
    ended[kind.ordinal()]++;
  }

  private long of(CallEnd.Kind kind) {
    return ended[kind.ordinal()];
  }

  /**
   * @param open calls that are under way
   * @param fallback see {@link ServiceCalls}
   */
  ServiceCalls at(String address, int open, boolean fallback) {
    return new ServiceCalls(
        address,
        open,
        of(CallEnd.Kind.ANSWERED),
        of(CallEnd.Kind.FAILED),
        of(CallEnd.Kind.UNREADABLE),
        of(CallEnd.Kind.LATE),
        of(CallEnd.Kind.BROKEN),
        fallback);
  }
}
