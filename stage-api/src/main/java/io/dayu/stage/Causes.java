package io.dayu.stage;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** What futures fail of. */
public final class Causes {
  private Causes() {}

  /**
   * The failure itself, without what futures wrap around it: one that fails because another one did
   * wraps the other's failure, and so does whoever waits for it, so that the same failure comes
   * wrapped or not, depending on the way it took.
   */
  public static Throwable of(Throwable error) {
    var cause = error;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) cause = cause.getCause();
    return cause;
  }
}
