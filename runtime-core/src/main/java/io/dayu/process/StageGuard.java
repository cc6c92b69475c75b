package io.dayu.process;

import io.dayu.stage.CallErrors;
import io.dayu.stage.Causes;
import io.dayu.stage.FunctionStage;
import io.dayu.stage.Outcome;
import io.dayu.stage.StageCommand;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * Around a stage: makes the calls of a {@link StageCalls.Turn}, leaves out those that were given up
 * before they began, and turns an {@link Error} that tells of one call alone ({@link CallErrors}),
 * such as a native library that is missing, into a crash of this stage: Pekko takes it as fatal and
 * would end the whole node.
 *
 * <p>A {@link FunctionStage} is called here, and its answers are told together, or at the latest
 * some milliseconds later while a call does not return; any other stage gets a message for each
 * element.
 */
final class StageGuard<C extends StageCalls.Call>
    extends BehaviorInterceptor<StageCalls.Turn<C>, StageCommand> {
  /** Answers wait no longer than this for the rest of a turn, as far as calls return. */
  private static final long TELL_AFTER_NANOS = Duration.ofMillis(1).toNanos();

  /** For a call that does not return. The system's scheduler takes up to 10 ms longer. */
  private static final Duration LOOK_AFTER = Duration.ofMillis(5);

  private final StageCalls<C> calls;
  private final Runnable answered;
  private final LongSupplier nanos;
  private @Nullable FunctionStage function; // null if the stage takes messages
  private final AtomicBoolean lookIsDue = new AtomicBoolean();
  private volatile boolean inTurn; // of several calls: one alone holds no answer back

  /**
   * @param answered called when there are answers in {@code calls}
   * @param nanos a clock as {@link System#nanoTime}
   */
  @SuppressWarnings({"unchecked", "rawtypes"}) // there is no class of a generic message
  StageGuard(StageCalls<C> calls, Runnable answered, LongSupplier nanos) {
    super((Class) StageCalls.Turn.class);
    this.calls = calls;
    this.answered = answered;
    this.nanos = nanos;
  }

  @Override
  public Behavior<StageCommand> aroundStart(
      TypedActorContext<StageCalls.Turn<C>> context, PreStartTarget<StageCommand> target) {
    try {
      var started = target.start(context);
      if (started instanceof FunctionStage f) {
        function = f;
        calls.isFunction();
      }
      return started;
    } catch (Error e) {
      throw crash(e);
    }
  }

  @Override
  public Behavior<StageCommand> aroundReceive(
      TypedActorContext<StageCalls.Turn<C>> context,
      StageCalls.Turn<C> turn,
      ReceiveTarget<StageCommand> target) {
    if (function != null) {
      inTurn = turn.calls().size() > 1;
      if (inTurn) lookLater(context.asJava().getSystem());
      try {
        call(function, turn);
      } finally {
        inTurn = false;
      }
      return Behaviors.same();
    }
    var call = turn.calls().get(0); // of a turn of one
    if (!calls.begin(call)) return Behaviors.same();
    try {
      return target.apply(context, call.message());
    } catch (Error e) {
      throw crash(e);
    } finally {
      calls.end(call, null);
    }
  }

  /** One timer at a time, however many turns there are meanwhile. Safe for any thread. */
  private void lookLater(ActorSystem<?> system) {
    if (!lookIsDue.compareAndSet(false, true)) return;
    system.scheduler().scheduleOnce(LOOK_AFTER, () -> look(system), system.executionContext());
  }

  private void look(ActorSystem<?> system) {
    lookIsDue.set(false); // before it is asked for turns: one that begins now looks for itself
    if (!inTurn) return;
    if (calls.hasAnswers()) answered.run();
    lookLater(system);
  }

  private void call(FunctionStage called, StageCalls.Turn<C> turn) {
    long told = nanos.getAsLong();
    boolean untold = false;
    for (var call : turn.calls()) {
      if (!calls.begin(call)) continue;
      Outcome outcome = null;
      try {
        outcome = called.answer(call.element());
      } catch (Error e) {
        throw crash(e);
      } finally {
        calls.end(call, outcome);
      }
      untold = true;
      long now = nanos.getAsLong();
      if (now - told < TELL_AFTER_NANOS) continue;
      answered.run();
      told = now;
      untold = false;
    }
    if (untold) answered.run();
  }

  @Override
  public Behavior<StageCommand> aroundSignal(
      TypedActorContext<StageCalls.Turn<C>> context,
      Signal signal,
      SignalTarget<StageCommand> target) {
    try {
      return target.apply(context, signal);
    } catch (Error e) {
      throw crash(e);
    }
  }

  static IllegalStateException crash(Error error) {
    if (!CallErrors.isSurvivable(error)) throw error;
    return new IllegalStateException(Causes.words(error), error);
  }
}
