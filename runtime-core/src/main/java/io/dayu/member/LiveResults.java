package io.dayu.member;

import io.dayu.facts.Wire;
import io.dayu.pipeline.StreamName;
import io.dayu.store.StoredResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.QueueOfferResult;
import org.apache.pekko.stream.javadsl.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands new results to whoever watches a pipeline, on this cloud node or another. A watcher that
 * cannot keep up misses results, and so does one on a node that cannot be reached; the store has
 * them all. Safe for any thread.
 */
public final class LiveResults {
  static final ServiceKey<Command> KEY = ServiceKey.create(Command.class, "dayu-live-results");

  private static final int BUFFER = 512;

  /** Far below the largest message between cloud nodes. */
  private static final int MAX_SHOWN_BYTES = 4 << 20;

  private record Watcher(
      String pipeline, BoundedSourceQueue<StoredResult> queue, LongAdder missed) {}

  private static final Logger LOG = LoggerFactory.getLogger(LiveResults.class);

  private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();
  private volatile Map<ActorRef<Command>, Set<String>> elsewhere = Map.of(); // pipelines watched
  private volatile Consumer<Command> exchange = changed -> {};

  /**
   * Costs nothing while nobody watches.
   *
   * @param results all of {@code stream}
   */
  public void publish(StreamName stream, List<StoredResult> results) {
    if (!watchers.isEmpty()) show(stream, results);
    elsewhere.forEach(
        (node, pipelines) -> {
          if (pipelines.contains(stream.pipeline())) send(results, node);
        });
  }

  /** Results of a pipeline as they are stored from now on. */
  public Source<StoredResult, NotUsed> watch(String pipeline) {
    return Source.<StoredResult>queue(BUFFER)
        .watchTermination(
            (queue, done) -> {
              var watcher = new Watcher(pipeline, queue, new LongAdder());
              watchers.add(watcher);
              exchange.accept(Local.WATCHERS_CHANGED);
              done.whenComplete(
                  (d, error) -> {
                    watchers.remove(watcher);
                    if (watcher.missed().sum() > 0)
                      LOG.info(
                          "a watcher of {} was too slow and missed {} results; they are stored",
                          pipeline,
                          watcher.missed());
                    exchange.accept(Local.WATCHERS_CHANGED);
                  });
              return NotUsed.getInstance();
            });
  }

  /** What connects this node's watchers with the other cloud nodes; to be spawned once. */
  public Behavior<Command> exchange() {
    return Behaviors.setup(context -> new Exchange(context, this));
  }

  /** Whether results go to another cloud node. */
  boolean isWatchedElsewhere() {
    return !elsewhere.isEmpty();
  }

  private void show(StreamName stream, List<StoredResult> results) {
    for (var watcher : watchers)
      if (watcher.pipeline().equals(stream.pipeline())) show(results, watcher);
  }

  private static void show(List<StoredResult> results, Watcher watcher) {
    for (var result : results)
      // A result that does not fit is not shown live, but counted: watchers may miss results.
      if (watcher.queue().offer(result).equals(QueueOfferResult.dropped()))
        watcher.missed().increment();
  }

  private static void send(List<StoredResult> results, ActorRef<Command> node) {
    var shown = new ArrayList<StoredResult>();
    int bytes = 0;
    for (var result : results) {
      int size = result.element().getSerializedSize();
      if (bytes + size > MAX_SHOWN_BYTES && !shown.isEmpty()) {
        node.tell(new Shown(shown));
        shown = new ArrayList<>();
        bytes = 0;
      }
      shown.add(result);
      bytes += size;
    }
    if (!shown.isEmpty()) node.tell(new Shown(shown));
  }

  /** Between cloud nodes. */
  public interface Command {}

  /** All pipelines that are watched at {@code node} now. */
  public record Watched(ActorRef<Command> node, Set<String> pipelines) implements Command, Wire {
    public Watched {
      pipelines = Set.copyOf(pipelines);
    }
  }

  /** Results that were stored at another node. */
  public record Shown(List<StoredResult> results) implements Command, Wire {
    public Shown {
      results = List.copyOf(results);
    }
  }

  private record Listed(Receptionist.Listing listing) implements Command {}

  private enum Local implements Command {
    WATCHERS_CHANGED
  }

  /** Tells the other cloud nodes what is watched here, and remembers what is watched there. */
  private static final class Exchange extends AbstractBehavior<Command> {
    private final LiveResults live;
    private final Map<ActorRef<Command>, Set<String>> others = new HashMap<>();
    private Set<ActorRef<Command>> known = Set.of();
    private Set<String> told = Set.of();

    Exchange(ActorContext<Command> context, LiveResults live) {
      super(context);
      this.live = live;
      live.exchange = context.getSelf()::tell;
      context.getSelf().tell(Local.WATCHERS_CHANGED); // some may have come before
      var receptionist = context.getSystem().receptionist();
      receptionist.tell(Receptionist.register(KEY, context.getSelf()));
      receptionist.tell(
          Receptionist.subscribe(
              KEY, context.messageAdapter(Receptionist.Listing.class, Listed::new)));
    }

    @Override
    public Receive<Command> createReceive() {
      return newReceiveBuilder()
          .onMessage(Listed.class, this::onListed)
          .onMessage(Watched.class, this::onWatched)
          .onMessage(Shown.class, this::onShown)
          .onMessageEquals(Local.WATCHERS_CHANGED, this::onWatchersChanged)
          .build();
    }

    private Behavior<Command> onListed(Listed listed) {
      var nodes = listed.listing().getServiceInstances(KEY);
      // A node's message may have come before the receptionist has listed the node: it is kept.
      others.keySet().removeIf(node -> known.contains(node) && !nodes.contains(node));
      var before = known;
      known = Set.copyOf(nodes);
      known.stream().filter(node -> !before.contains(node)).forEach(this::tell);
      remember();
      return this;
    }

    private Behavior<Command> onWatched(Watched watched) {
      others.put(watched.node(), watched.pipelines());
      remember();
      return this;
    }

    private Behavior<Command> onShown(Shown shown) {
      var byStream =
          shown.results().stream().collect(Collectors.groupingBy(r -> r.element().getStream()));
      byStream.forEach(
          (stream, results) -> {
            if (StreamName.isName(stream)) live.show(StreamName.parse(stream), results);
            else
              LOG.warn(
                  "{} results are not shown: \"{}\" is not the name of a stream",
                  results.size(),
                  stream);
          });
      return this;
    }

    private Behavior<Command> onWatchersChanged() {
      var now = live.watchers.stream().map(Watcher::pipeline).collect(Collectors.toSet());
      if (now.equals(told)) return this;
      told = now;
      known.forEach(this::tell);
      return this;
    }

    private void tell(ActorRef<Command> node) {
      var self = getContext().getSelf();
      if (!node.equals(self)) node.tell(new Watched(self, told));
    }

    private void remember() {
      live.elsewhere =
          others.entrySet().stream()
              .filter(other -> !other.getValue().isEmpty())
              .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }
  }
}
