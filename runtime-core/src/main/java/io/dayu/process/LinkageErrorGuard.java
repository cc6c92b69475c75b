package io.dayu.process;

import io.dayu.stage.Causes;
import io.dayu.stage.StageCommand;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.TypedActorContext;

/**
 * Turns a {@link LinkageError} of a stage, such as a native library that is missing, into a crash
 * of this stage alone: Pekko takes the error as fatal and would end the whole node.
 */
final class LinkageErrorGuard extends BehaviorInterceptor<StageCommand, StageCommand> {
  LinkageErrorGuard() {
    super(StageCommand.class);
  }

  @Override
  public Behavior<StageCommand> aroundStart(
      TypedActorContext<StageCommand> context, PreStartTarget<StageCommand> target) {
    try {
      return target.start(context);
    } catch (LinkageError e) {
      throw crash(e);
    }
  }

  @Override
  public Behavior<StageCommand> aroundReceive(
      TypedActorContext<StageCommand> context,
      StageCommand message,
      ReceiveTarget<StageCommand> target) {
    try {
      return target.apply(context, message);
    } catch (LinkageError e) {
      throw crash(e);
    }
  }

  @Override
  public Behavior<StageCommand> aroundSignal(
      TypedActorContext<StageCommand> context, Signal signal, SignalTarget<StageCommand> target) {
    try {
      return target.apply(context, signal);
    } catch (LinkageError e) {
      throw crash(e);
    }
  }

  private static IllegalStateException crash(LinkageError error) {
    return new IllegalStateException(Causes.words(error), error);
  }
}
