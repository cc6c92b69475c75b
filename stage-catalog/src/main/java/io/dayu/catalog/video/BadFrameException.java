package io.dayu.catalog.video;

/** A frame that cannot be decoded; the message says why. Trying again is useless. */
final class BadFrameException extends Exception {
  private static final long serialVersionUID = 1L;

  BadFrameException(String message) {
    super(message);
  }
}
