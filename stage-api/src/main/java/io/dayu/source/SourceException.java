package io.dayu.source;

import org.jspecify.annotations.Nullable;

/** A source cannot be read; the message says what is wrong and what to do. */
public final class SourceException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final boolean permanent;

  /**
   * @param permanent whether opening it again is useless (a corrupt file), as opposed to a lost
   *     connection
   */
  public SourceException(String message, boolean permanent, @Nullable Throwable cause) {
    super(message, cause);
    this.permanent = permanent;
  }

  public boolean permanent() {
    return permanent;
  }
}
