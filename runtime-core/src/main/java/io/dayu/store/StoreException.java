package io.dayu.store;

import org.jspecify.annotations.Nullable;

/**
 * The store could not do what was asked; nothing was half done. The message says what failed and
 * what to do.
 */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final boolean retryable;

  /**
   * @param retryable whether the same call may work later without anybody changing the data: a full
   *     disk, a lost connection, a lock held too long
   */
  public StoreException(String message, boolean retryable, @Nullable Throwable cause) {
    super(message, cause);
    this.retryable = retryable;
  }

  public boolean retryable() {
    return retryable;
  }
}
