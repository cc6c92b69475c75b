package io.dayu.catalog;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Tells a reader that nobody listens to it any longer. Safe for any thread. */
public final class Stop {
  private final CompletableFuture<Boolean> asked = new CompletableFuture<>();

  public void ask() {
    asked.complete(true);
  }

  public boolean asked() {
    return asked.isDone();
  }

  /**
   * Does something as soon as it is asked for, on the thread that asks; at once if it was. For what
   * ends a call that blocks, and must not block itself.
   */
  public void then(Runnable action) {
    var unused = asked.thenRun(action);
  }

  /** Waits so long at most; whether it was asked for. */
  public boolean await(long micros) {
    try {
      return asked.get(micros, TimeUnit.MICROSECONDS);
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    } catch (ExecutionException e) {
      throw new AssertionError("it is never completed with a failure", e);
    }
  }
}
