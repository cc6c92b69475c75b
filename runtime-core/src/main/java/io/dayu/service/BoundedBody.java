package io.dayu.service;

import java.io.IOException;

/**
 * How much of the body of an answer is read. What goes beyond is not read: its connection is
 * closed.
 *
 * @param limit in bytes
 * @param whole whether a longer body is a failure, {@link TooLong}; else its beginning is enough
 */
record BoundedBody(int limit, boolean whole) {
  private static final int OF_AN_ERROR = 64 << 10;

  /** An answer that is longer than it may be. */
  static final class TooLong extends IOException {
    private static final long serialVersionUID = 1;

    TooLong(int limit) {
      super("the answer is longer than max-answer, %s bytes".formatted(limit));
    }
  }

  /** Fails with {@link TooLong} beyond the limit. */
  static BoundedBody whole(int limit) {
    return new BoundedBody(limit, true);
  }

  /** The beginning, as much as a reason needs. */
  static BoundedBody beginning() {
    return new BoundedBody(OF_AN_ERROR, false);
  }

  /** Nothing of it, and nothing else from this connection. */
  static BoundedBody refused() {
    return new BoundedBody(0, false);
  }
}
