package io.dayu.catalog.video;

/** A frame that cannot be decoded; the message says why. */
final class BadFrameException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean retryable;

  /** Trying again is useless. */
  BadFrameException(String message) {
    this(message, false);
  }

  BadFrameException(String message, boolean retryable) {
    super(message);
    this.retryable = retryable;
  }

  boolean retryable() {
    return retryable;
  }
}
