package io.dayu.stage;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** The causes of failed futures. */
public final class Causes {
  private Causes() {}

  /**
   * The failure itself, without the exceptions that futures wrap around it. A future that fails
   * because another one failed wraps its failure, and so does a caller that waits for it, so that
   * the same failure may come wrapped or not.
   */
  public static Throwable of(Throwable error) {
    var cause = error;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) cause = cause.getCause();
    return cause;
  }
}
