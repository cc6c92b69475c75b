package io.dayu.process;

import io.dayu.stage.Outcome;
import java.util.HashSet;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * Which call a stage is in. Its actor takes one message after the other, and a call, into natives
 * above all, cannot be interrupted: while it lasts, whatever is sent waits behind it. Calls are
 * known by the actor that gets their answer. Used by the processor and by the stage's actor;
 * thread-safe.
 */
final class StageCalls {
  /** How far a call is whose answer is no longer waited for. */
  enum GivenUp {
    /** It waits behind another one, and will not begin any more. */
    NOT_BEGUN,
    /** The stage is in it; when it returns is told. */
    RUNNING,
    /** The call is over and its answer owed, if it ever comes. */
    RETURNED
  }

  private final Runnable returned;
  private final Set<ActorRef<Outcome>> waiting = new HashSet<>(); // at most the parallelism
  private @Nullable ActorRef<Outcome> running;
  private boolean overdue;

  /**
   * @param returned called by the stage's actor when a call has returned that was given up while it
   *     ran
   */
  StageCalls(Runnable returned) {
    this.returned = returned;
  }

  synchronized void sent(ActorRef<Outcome> call) {
    waiting.add(call);
  }

  synchronized boolean isRunning(ActorRef<Outcome> call) {
    return call.equals(running);
  }

  synchronized GivenUp giveUp(ActorRef<Outcome> call) {
    if (waiting.remove(call)) return GivenUp.NOT_BEGUN;
    if (!call.equals(running)) return GivenUp.RETURNED;
    overdue = true;
    return GivenUp.RUNNING;
  }

  /** Whether the call is to be made: it was not given up meanwhile. */
  synchronized boolean begin(ActorRef<Outcome> call) {
    if (!waiting.remove(call)) return false;
    running = call;
    return true;
  }

  void end() {
    boolean late;
    synchronized (this) {
      late = overdue;
      overdue = false;
      running = null;
    }
    if (late) returned.run();
  }
}
