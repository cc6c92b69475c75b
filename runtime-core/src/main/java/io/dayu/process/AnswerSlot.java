package io.dayu.process;

import io.dayu.link.Inlet;
import io.dayu.stage.Outcome;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * A place at a stage that takes messages. Answers come to small actors of the slot's own, which is
 * cheaper than an ask. Two take turns, so that a second answer to one element is not taken for the
 * answer to the next; one is replaced when an element is given up, so that a late answer is
 * received by nobody. Belongs to the actor that gets {@link Answered}.
 */
final class AnswerSlot {
  /** The stage has answered. */
  record Answered(AnswerSlot slot, long turn, Outcome outcome) implements StageHost.Event {}

  private record Listener(long turn, ActorRef<Outcome> ref) {}

  private final ActorContext<Inlet.Command> context;
  private long turns;
  private Listener listener;
  private Listener spare;
  private StageHost.@Nullable Visit visit; // null while it is free

  AnswerSlot(ActorContext<Inlet.Command> context) {
    this.context = context;
    this.listener = listen();
    this.spare = listen();
  }

  /** Where the stage is to answer. */
  ActorRef<Outcome> replyTo() {
    return listener.ref();
  }

  void take(StageHost.Visit taken) {
    visit = taken;
  }

  /** The element that was answered; null if the answer is to an earlier one. */
  StageHost.@Nullable Visit answered(Answered answered) {
    return listener.turn() == answered.turn() ? visit : null;
  }

  /** No answer is waited for any more. */
  void giveUp() {
    context.stop(listener.ref());
    listener = listen();
  }

  /** It is free for the next element. */
  void free() {
    visit = null;
    var next = spare;
    spare = listener;
    listener = next;
  }

  private Listener listen() {
    var self = context.getSelf();
    long turn = ++turns;
    return new Listener(
        turn,
        context.spawnAnonymous(
            Behaviors.receiveMessage(
                outcome -> {
                  self.tell(new Answered(this, turn, outcome));
                  return Behaviors.same();
                })));
  }
}
