package io.dayu.process;

import io.dayu.element.Element;
import io.dayu.stage.Outcome;
import io.dayu.stage.StageCommand;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * Which call a stage is in. Its actor takes one call after the other, and a call, into natives
 * above all, cannot be interrupted: while it lasts, whatever was sent waits behind it. Used by the
 * processor and by the stage's actor; thread-safe.
 *
 * @param <C> a call as the processor knows it
 */
final class StageCalls<C extends StageCalls.Call> {
  /** What a stage's actor is sent: calls that it makes one after the other. */
  record Turn<C extends Call>(List<C> calls) {}

  /** One element at the stage. */
  static class Call {
    private final Element element;
    private final @Nullable ActorRef<Outcome> replyTo; // null if a function is called

    // The rest is guarded by the StageCalls.
    private State state = State.WAITING;
    private long changedNanos; // when it got into its state
    private long begunNanos;

    Call(Element element, @Nullable ActorRef<Outcome> replyTo, long nowNanos) {
      this.element = element;
      this.replyTo = replyTo;
      this.changedNanos = nowNanos;
    }

    Element element() {
      return element;
    }

    /** For a stage that answers by a message. */
    StageCommand.Process message() {
      return new StageCommand.Process(element, Objects.requireNonNull(replyTo, "replyTo"));
    }
  }

  /** A function has answered. */
  record Answer<C extends Call>(C call, Outcome outcome, long begunNanos, long endedNanos) {}

  private enum State {
    WAITING,
    RUNNING,
    RETURNED,
    GIVEN_UP
  }

  /** How far a call is whose answer is no longer waited for. */
  enum GivenUp {
    /** It waits behind another one, and will not begin any more. */
    NOT_BEGUN,
    /** The stage is in it; when it returns is told. */
    RUNNING,
    /** The call is over and its answer owed, if it ever comes. */
    RETURNED
  }

  private final LongSupplier nanos;
  private final Runnable returned;
  private List<Answer<C>> answers = new ArrayList<>(); // at most what the processor has sent
  private long movedNanos; // when a call began or ended
  private boolean function;

  /**
   * @param nanos a clock as {@link System#nanoTime}
   * @param returned called by the stage's actor when a call has returned that was given up while it
   *     ran
   */
  StageCalls(LongSupplier nanos, Runnable returned) {
    this.nanos = nanos;
    this.returned = returned;
    this.movedNanos = nanos.getAsLong();
  }

  /** The stage is a function: its calls need no actor for the answer. */
  synchronized void isFunction() {
    function = true;
  }

  synchronized boolean callsFunction() {
    return function;
  }

  synchronized boolean isRunning(C call) {
    return state(call) == State.RUNNING;
  }

  synchronized boolean hasBegun(C call) {
    return state(call) != State.WAITING;
  }

  /**
   * From when on the time for the call counts, of one whose answer is {@link #answers() kept here}:
   * what waits behind another one is not late by itself.
   */
  synchronized long sinceNanos(C call) {
    Call any = call;
    boolean behind = any.state == State.WAITING && movedNanos - any.changedNanos > 0;
    return behind ? movedNanos : any.changedNanos;
  }

  synchronized GivenUp giveUp(C call) {
    Call any = call;
    var was = any.state;
    if (was != State.RETURNED) any.state = State.GIVEN_UP;
    return switch (was) {
      case WAITING -> GivenUp.NOT_BEGUN;
      case RUNNING -> GivenUp.RUNNING;
      case RETURNED, GIVEN_UP -> GivenUp.RETURNED;
    };
  }

  /** Whether the call is to be made: it was not given up meanwhile. */
  synchronized boolean begin(C call) {
    Call any = call;
    if (any.state != State.WAITING) return false;
    any.state = State.RUNNING;
    movedNanos = nanos.getAsLong();
    any.changedNanos = movedNanos;
    any.begunNanos = movedNanos;
    return true;
  }

  /**
   * The call has returned.
   *
   * @param outcome of a function; null if there is none, or it comes as a message
   */
  void end(C call, @Nullable Outcome outcome) {
    boolean late;
    synchronized (this) {
      Call any = call;
      movedNanos = nanos.getAsLong();
      late = any.state == State.GIVEN_UP;
      if (!late) {
        any.state = State.RETURNED;
        any.changedNanos = movedNanos;
        if (outcome != null) answers.add(new Answer<>(call, outcome, any.begunNanos, movedNanos));
      }
    }
    if (late) returned.run();
  }

  /** What functions have answered since the last call of this, in their order. */
  synchronized List<Answer<C>> answers() {
    var some = answers;
    answers = new ArrayList<>();
    return some;
  }

  synchronized boolean hasAnswers() {
    return !answers.isEmpty();
  }

  private State state(Call call) {
    return call.state;
  }
}
