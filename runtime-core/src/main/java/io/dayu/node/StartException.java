package io.dayu.node;

import org.jspecify.annotations.Nullable;

/** The node cannot start; the message says what is wrong and what to do. */
public final class StartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
