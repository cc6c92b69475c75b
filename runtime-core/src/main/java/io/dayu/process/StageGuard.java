package io.dayu.process;

import io.dayu.stage.CallErrors;
import io.dayu.stage.Causes;
import io.dayu.stage.StageCommand;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Around a stage: keeps {@link StageCalls}, leaves out calls that were given up before they began,
 * and turns an {@link Error} that tells of one call alone ({@link CallErrors}), such as a native
 * library that is missing, into a crash of this stage: Pekko takes it as fatal and would end the
 * whole node.
 */
final class StageGuard extends BehaviorInterceptor<StageCommand, StageCommand> {
  private final StageCalls calls;

  StageGuard(StageCalls calls) {
    super(StageCommand.class);
    this.calls = calls;
  }

  @Override
  public Behavior<StageCommand> aroundStart(
      TypedActorContext<StageCommand> context, PreStartTarget<StageCommand> target) {
    try {
      return target.start(context);
    } catch (Error e) {
      throw crash(e);
    }
  }

  @Override
  public Behavior<StageCommand> aroundReceive(
      TypedActorContext<StageCommand> context,
      StageCommand message,
      ReceiveTarget<StageCommand> target) {
    var call = ((StageCommand.Process) message).replyTo();
    if (!calls.begin(call)) return Behaviors.same();
    try {
      return target.apply(context, message);
    } catch (Error e) {
      throw crash(e);
    } finally {
      calls.end();
    }
  }

  @Override
  public Behavior<StageCommand> aroundSignal(
      TypedActorContext<StageCommand> context, Signal signal, SignalTarget<StageCommand> target) {
    try {
      return target.apply(context, signal);
    } catch (Error e) {
      throw crash(e);
    }
  }

  private static IllegalStateException crash(Error error) {
    if (!CallErrors.isSurvivable(error)) throw error;
    return new IllegalStateException(Causes.words(error), error);
  }
}
