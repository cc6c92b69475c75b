package io.dayu.process;

import io.dayu.stage.StageCommand;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.TypedActorContext;

/**
 * Around a stage that runs below another one: an {@link Error} of one call crashes the stage, and
 * not the node, as {@link StageGuard} does for the others.
 */
final class SurvivedErrors extends BehaviorInterceptor<StageCommand, StageCommand> {
  SurvivedErrors() {
    super(StageCommand.class);
  }

  @Override
  public Behavior<StageCommand> aroundStart(
      TypedActorContext<StageCommand> context, PreStartTarget<StageCommand> target) {
    try {
      return target.start(context);
    } catch (Error e) {
      throw StageGuard.crash(e);
    }
  }

  @Override
  public Behavior<StageCommand> aroundReceive(
      TypedActorContext<StageCommand> context,
      StageCommand command,
      ReceiveTarget<StageCommand> target) {
    try {
      return target.apply(context, command);
    } catch (Error e) {
      throw StageGuard.crash(e);
    }
  }

  @Override
  public Behavior<StageCommand> aroundSignal(
      TypedActorContext<StageCommand> context, Signal signal, SignalTarget<StageCommand> target) {
    try {
      return target.apply(context, signal);
    } catch (Error e) {
      throw StageGuard.crash(e);
    }
  }
}
