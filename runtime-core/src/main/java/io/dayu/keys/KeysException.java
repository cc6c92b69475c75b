package io.dayu.keys;

/** Keys cannot be read, made or used; the message says what is wrong and what to do. */
public final class KeysException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public KeysException(String message) {
    super(message);
  }

  KeysException(String message, Throwable cause) {
    super(message, cause);
  }
}
