package io.dayu.flow;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.testkit.typed.CapturedLogEvent;
import org.apache.pekko.actor.testkit.typed.Effect;
import org.apache.pekko.actor.testkit.typed.javadsl.BehaviorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.slf4j.event.Level;

/**
 * An actor for tests of a part of one: it does what it is given at once and on the caller's thread.
 * What it is told to spawn, watch and stop is noted down, and what its children are told stays in
 * their inboxes.
 */
final class StillActor {
  private final BehaviorTestKit<Runnable> kit;
  private final List<Effect> effects = new ArrayList<>();
  private ActorContext<?> context;

  StillActor() {
    kit =
        BehaviorTestKit.create(
            Behaviors.setup(
                c -> {
                  context = c;
                  return Behaviors.receiveMessage(
                      work -> {
                        work.run();
                        return Behaviors.same();
                      });
                }));
  }

  /** A part of this actor. */
  <P> P part(Function<ActorContext<?>, P> make) {
    return call(() -> make.apply(context));
  }

  <T> T call(Supplier<T> work) {
    var answer = new AtomicReference<T>();
    run(() -> answer.set(work.get()));
    return answer.get();
  }

  void run(Runnable work) {
    kit.run(work);
    effects.addAll(kit.getAllEffects());
  }

  /** A child that has been spawned under this name. */
  <M> ActorRef<M> child(String name) {
    return kit.<M>childInbox(name).getRef();
  }

  /** What a child was told since this was last asked for. */
  <M> List<M> told(ActorRef<M> child) {
    return kit.<M>childInbox(child.path().name()).getAllReceived();
  }

  /** The names of the children that it has stopped. */
  List<String> stopped() {
    return effects.stream()
        .filter(Effect.Stopped.class::isInstance)
        .map(effect -> ((Effect.Stopped) effect).childName())
        .toList();
  }

  boolean watches(ActorRef<?> other) {
    return effects.stream()
        .anyMatch(effect -> effect instanceof Effect.Watched<?> w && w.other().equals(other));
  }

  /** What it has logged at this level. */
  List<String> logged(Level level) {
    return kit.getAllLogEntries().stream()
        .filter(entry -> entry.level() == level)
        .map(CapturedLogEvent::message)
        .toList();
  }
}
