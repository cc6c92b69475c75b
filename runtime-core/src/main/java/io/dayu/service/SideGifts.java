package io.dayu.service;

import io.dayu.service.Answers.Answer;
import io.dayu.stage.Causes;
import io.dayu.stage.SideInput;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Gives a service over HTTP the side inputs of an element before the element, each value once. A
 * service that does not have one any more says so ({@link #LACKS}) and is given it again. Safe for
 * any thread.
 */
final class SideGifts {
  /** Where a value goes, by its digest. */
  static final String PATH = "/side/";

  /** The status by which a service says that it does not have a value that a call names. */
  static final int LACKS = 428;

  /** So many values a service keeps at least. */
  static final int KEPT = 64;

  /** The service has not taken a value. */
  static final class NotTaken extends Exception {
    private static final long serialVersionUID = 1;
    final boolean retryable;

    NotTaken(String message, boolean retryable) {
      super(message);
      this.retryable = retryable;
    }
  }

  private final BiFunction<Request, IntFunction<BoundedBody>, CompletableFuture<Answer>> send;
  private final Set<String> given = new LinkedHashSet<>(); // digests; guarded by this

  SideGifts(BiFunction<Request, IntFunction<BoundedBody>, CompletableFuture<Answer>> send) {
    this.send = send;
  }

  /** The service may have begun anew. */
  synchronized void forget() {
    given.clear();
  }

  /**
   * Makes a call after what it needs was given. Cancelling the result cancels what is under way.
   *
   * @param there where the service is
   */
  CompletableFuture<Answer> before(
      URI there, Collection<SideInput> sides, Supplier<CompletableFuture<Answer>> call) {
    if (sides.isEmpty()) return call.get();
    var whole = new CompletableFuture<Answer>();
    give(whole, there, sides, lacking(sides).iterator(), call, true);
    return whole;
  }

  private synchronized List<SideInput> lacking(Collection<SideInput> sides) {
    var lacking = new ArrayList<SideInput>();
    for (var side : sides) if (!given.contains(side.digest())) lacking.add(side);
    return lacking;
  }

  private synchronized void has(String digest) {
    given.add(digest);
    if (given.size() > KEPT) given.remove(given.iterator().next());
  }

  private synchronized void lacks(Collection<SideInput> sides) {
    for (var side : sides) given.remove(side.digest());
  }

  private void give(
      CompletableFuture<Answer> whole,
      URI there,
      Collection<SideInput> sides,
      Iterator<SideInput> left,
      Supplier<CompletableFuture<Answer>> call,
      boolean first) {
    if (whole.isDone()) return;
    if (!left.hasNext()) {
      then(
          whole,
          call,
          answer -> {
            if (answer.status() != LACKS) {
              whole.complete(answer);
              return;
            }
            lacks(sides);
            if (first) give(whole, there, sides, List.copyOf(sides).iterator(), call, false);
            else
              whole.completeExceptionally(
                  new NotTaken("the service does not keep the side inputs that it is given", true));
          });
      return;
    }
    var side = left.next();
    then(
        whole,
        () ->
            send.apply(
                Request.put(there.resolve(PATH + side.digest()), side.json().toByteArray())
                    .header("content-type", "application/json"),
                status -> BoundedBody.beginning()),
        answer -> {
          if (answer.status() / 100 != 2) {
            whole.completeExceptionally(refusal(answer));
            return;
          }
          has(side.digest());
          give(whole, there, sides, left, call, first);
        });
  }

  private static NotTaken refusal(Answer answer) {
    int status = answer.status();
    if (status == 404 || status == 405 || status == 501)
      return new NotTaken(
          "the service takes no side inputs: it answers PUT %s… with status %s"
              .formatted(PATH, status),
          false);
    var said = new String(answer.body(), StandardCharsets.UTF_8).strip();
    return new NotTaken(
        Causes.cut("the service refuses a side input with status %s: %s".formatted(status, said)),
        status / 100 == 5 || Answers.asksToWait(status));
  }

  private interface Next {
    void accept(Answer answer);
  }

  private static void then(
      CompletableFuture<Answer> whole, Supplier<CompletableFuture<Answer>> step, Next next) {
    CompletableFuture<Answer> made;
    try {
      made = step.get();
    } catch (RuntimeException e) {
      whole.completeExceptionally(e);
      return;
    }
    var unused =
        whole.whenComplete(
            (answer, error) -> {
              if (whole.isCancelled()) made.cancel(true);
            });
    var unusedToo =
        made.whenComplete(
            (@Nullable Answer answer, @Nullable Throwable error) -> {
              if (answer == null)
                whole.completeExceptionally(Causes.of(java.util.Objects.requireNonNull(error)));
              else next.accept(answer);
            });
  }
}
