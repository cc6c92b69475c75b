package io.dayu.stage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnknownHostException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.ActorInitializationException;
import org.apache.pekko.pattern.AskTimeoutException;
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

  @Test
  void wordsForPeopleHaveNoPackagesAndNoActors() {
    assertThat(Causes.words(new CompletionException(failure))).isEqualTo("disk full");
    assertThat(Causes.words(new IOException("the camera is gone"))).isEqualTo("the camera is gone");
    assertThat(Causes.words(new ArithmeticException("/ by zero")))
        .isEqualTo("ArithmeticException: / by zero");
    assertThat(Causes.words(new NullPointerException())).isEqualTo("NullPointerException");
    assertThat(Causes.words(new UncheckedIOException(new NoSuchFileException("/a/b"))))
        .isEqualTo("there is no file /a/b");
    assertThat(Causes.words(new RuntimeException(new IllegalStateException("no model"))))
        .isEqualTo("no model");
    assertThat(Causes.words(new UnknownHostException("nowhere")))
        .isEqualTo("there is no host nowhere");
    assertThat(Causes.words(new AskTimeoutException("Ask timed out on [Actor[pekko://x]]")))
        .isEqualTo("there was no answer in time");
    assertThat(Causes.words(new TimeoutException("the model took more than 5 s")))
        .isEqualTo("the model took more than 5 s");
    assertThat(Causes.words(new FileAlreadyExistsException("/a")))
        .isEqualTo("FileAlreadyExistsException: /a");
  }

  private static Throwable seenBy(CompletableFuture<?> future) {
    var seen = new AtomicReference<Throwable>();
    future.whenComplete((done, error) -> seen.set(error));
    return seen.get();
  }

  @Test
  void wordsAreOneLineOfFiveHundredCharacters() {
    assertThat(Causes.words(new IllegalStateException("a\n  b\r\nc"))).isEqualTo("a b c");
    assertThat(Causes.words(new IllegalStateException("x".repeat(400_000))))
        .isEqualTo("x".repeat(500) + "…");
    assertThat(Causes.words(new IllegalStateException("x".repeat(499) + "🚲🚲")))
        .isEqualTo("x".repeat(499) + "…");
    assertThat(new Outcome.Failed("y".repeat(400_000), false).reason()).hasSize(501);
  }

  @Test
  void whatAnActorWrapsAroundAFailureWhileItIsMadeIsLeftOut() {
    var failure = new ModelException("no model", new IOException("no bytes"));
    assertThat(
            Causes.words(
                new ActorInitializationException(null, "exception during creation", failure) {}))
        .isEqualTo("no model");
  }
}
