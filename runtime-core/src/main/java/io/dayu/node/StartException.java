package io.dayu.node;

/** The node cannot start; the message says what is wrong and what to do. */
public final class StartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StartException(String message, Throwable cause) {
    super(message, cause);
  }
}
