package io.dayu.stage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CausesTest {
  private final IllegalStateException failure = new IllegalStateException("disk full");

  @Test
  void aFailureIsTheSameWhicheverWayItTook() {
    var direct = CompletableFuture.<Integer>failedFuture(failure);
    var dependent = direct.thenApply(n -> n + 1).thenApply(n -> n + 1);
    assertThat(seenBy(direct)).isSameAs(failure);
    assertThat(seenBy(dependent)).isInstanceOf(CompletionException.class);
    assertThat(Causes.of(seenBy(direct))).isSameAs(failure);
    assertThat(Causes.of(seenBy(dependent))).isSameAs(failure);
    try {
      dependent.get();
    } catch (ExecutionException | InterruptedException e) {
      assertThat(Causes.of(e)).isSameAs(failure);
    }
    assertThat(Causes.of(new CompletionException(new ExecutionException(failure))))
        .isSameAs(failure);
  }

  @Test
  void causesOfTheFailureItselfStayInside() {
    var told = new IllegalStateException("cannot store", failure);
    assertThat(Causes.of(new CompletionException(told))).isSameAs(told);
  }

  @Test
  void aWrapperOfNothingIsTheFailure() {
    var empty = new CompletionException("nobody knows", null);
    assertThat(Causes.of(empty)).isSameAs(empty);
  }

  private static Throwable seenBy(CompletableFuture<?> future) {
    var seen = new AtomicReference<Throwable>();
    future.whenComplete((done, error) -> seen.set(error));
    return seen.get();
  }
}
