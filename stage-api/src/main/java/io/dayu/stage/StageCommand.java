package io.dayu.stage;

import io.dayu.element.Element;
import org.apache.pekko.actor.typed.ActorRef;

/** What a processor asks of a stage. */
public sealed interface StageCommand {
  /**
   * Work on one element. Exactly one {@link Outcome} is owed to {@code replyTo}; a later or second
   * one is ignored.
   *
   * @param element holds the payload if the stage declares to read it, and the outputs of all
   *     stages before this one; immutable
   */
  record Process(Element element, ActorRef<Outcome> replyTo) implements StageCommand {}
}
