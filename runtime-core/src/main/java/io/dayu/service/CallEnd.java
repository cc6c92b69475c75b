package io.dayu.service;

import io.dayu.stage.Outcome;
import java.time.Duration;

/**
 * How a call ended.
 *
 * @param outcome for its element
 * @param kind as it counts for the service
 */
record CallEnd(Outcome outcome, Kind kind) {
  enum Kind {
    ANSWERED,
    /** The service says so. */
    FAILED,
    /** What came is nothing that it should give. */
    UNREADABLE,
    LATE,
    BROKEN
  }

  static CallEnd answered(Outcome outcome) {
    return new CallEnd(outcome, Kind.ANSWERED);
  }

  static CallEnd failed(String reason, boolean retryable) {
    return new CallEnd(new Outcome.Failed(reason, retryable), Kind.FAILED);
  }

  static CallEnd unreadable(String reason, boolean retryable) {
    return new CallEnd(new Outcome.Failed(reason, retryable), Kind.UNREADABLE);
  }

  /**
   * @param timeout of the service
   */
  static CallEnd late(Duration timeout) {
    var reason = "the service did not answer within %s ms".formatted(timeout.toMillis());
    return new CallEnd(new Outcome.Failed(reason, true), Kind.LATE);
  }

  static CallEnd broken(String reason, boolean retryable) {
    return new CallEnd(new Outcome.Failed(reason, retryable), Kind.BROKEN);
  }
}
