package io.dayu.stage;

import io.dayu.element.Element;
import java.util.Objects;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ExtensibleBehavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * A stage that is a plain function of one element: what {@link Stages#sync} and {@link
 * Stages#using} give. A processor that finds one calls the function itself, on the stage's thread,
 * for several elements in a row, which saves the messages for each of them.
 */
public final class FunctionStage extends ExtensibleBehavior<StageCommand> {
  private final Stages.Work work;
  private final Runnable close;

  FunctionStage(Stages.Work work, Runnable close) {
    this.work = Objects.requireNonNull(work, "work");
    this.close = close;
  }

  /**
   * Works on an element. To be called on the thread of the stage's actor, one call after the other.
   * An exception of the function is an outcome as well, see {@link Stages}.
   */
  public Outcome answer(Element element) {
    return Stages.run(work, element);
  }

  @Override
  public Behavior<StageCommand> receive(
      TypedActorContext<StageCommand> context, StageCommand command) {
    if (!(command instanceof StageCommand.Process process)) return Behaviors.unhandled();
    process.replyTo().tell(answer(process.element()));
    return Behaviors.same();
  }

  @Override
  public Behavior<StageCommand> receiveSignal(
      TypedActorContext<StageCommand> context, Signal signal) {
    if (!(signal instanceof PostStop) && !(signal instanceof PreRestart))
      return Behaviors.unhandled();
    close.run();
    return Behaviors.same();
  }
}
