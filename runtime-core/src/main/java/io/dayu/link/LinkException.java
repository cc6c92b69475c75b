package io.dayu.link;

/** The peer does not keep to the link protocol; the connection ends with this message. */
final class LinkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  LinkException(String message) {
    super(message);
  }
}
