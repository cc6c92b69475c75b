package io.dayu.flow;

import io.dayu.link.Inlet;
import io.dayu.process.Router;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * Questions where an instance is that cannot be answered yet. Part of the {@link Controller}, and
 * on its thread.
 */
final class PendingLookups {
  private final Function<PeerLinks.Key, Optional<ActorRef<Inlet.Command>>> locate;
  private final Map<PeerLinks.Key, List<ActorRef<Router.Located>>> askers = new HashMap<>();

  /**
   * @param locate finds an instance, if it is known where it is
   */
  PendingLookups(Function<PeerLinks.Key, Optional<ActorRef<Inlet.Command>>> locate) {
    this.locate = locate;
  }

  /** Answers now, or at the first {@link #lookAgain} that finds the instance. */
  void ask(Router.Locate question) {
    var key = new PeerLinks.Key(question.node(), question.instance());
    locate
        .apply(key)
        .ifPresentOrElse(
            found -> answer(key, found, question.replyTo()),
            () -> {
              var waiting = askers.computeIfAbsent(key, k -> new ArrayList<>());
              if (!waiting.contains(question.replyTo())) waiting.add(question.replyTo());
            });
  }

  /** Something has changed that may answer questions. */
  void lookAgain() {
    for (var asked : List.copyOf(askers.entrySet()))
      locate
          .apply(asked.getKey())
          .ifPresent(
              found -> {
                askers.remove(asked.getKey());
                for (var asker : asked.getValue()) answer(asked.getKey(), found, asker);
              });
  }

  private static void answer(
      PeerLinks.Key key, ActorRef<Inlet.Command> found, ActorRef<Router.Located> asker) {
    asker.tell(new Router.Located(key.node(), key.instance(), found));
  }
}
