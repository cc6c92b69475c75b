package io.dayu.source;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A source cannot be read; the message says what is wrong and what to do. */
public final class SourceException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final boolean permanent;
  private final Duration wait;

  /**
   * @param permanent whether opening it again is useless (a corrupt file), as opposed to a lost
   *     connection
   */
  public SourceException(String message, boolean permanent, @Nullable Throwable cause) {
    this(message, permanent, cause, Duration.ZERO);
  }

  private SourceException(
      String message, boolean permanent, @Nullable Throwable cause, Duration wait) {
    super(message, cause);
    this.permanent = permanent;
    this.wait = wait;
  }

  /**
   * A failure that passes, after which the origin asks to be left alone for a while.
   *
   * @param wait at least so long
   */
  public static SourceException passing(String message, Duration wait) {
    return new SourceException(message, false, null, wait);
  }

  public boolean permanent() {
    return permanent;
  }

  /** How long to wait at least before it is opened again; zero if nobody asks for it. */
  public Duration atLeast() {
    return wait;
  }
}
