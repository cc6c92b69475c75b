package io.dayu.deliver;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.Wire;
import io.dayu.pipeline.StreamName;
import io.dayu.stage.Causes;
import io.dayu.store.ResultStore;
import io.dayu.store.StoredResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.jspecify.annotations.Nullable;

/**
 * Collects the results of one stream: stores them idempotently, acknowledges them to the
 * generator's node, and publishes the new ones. A sharded entity of the cloud, one per stream; it
 * keeps nothing that the store does not have, so it may move or restart at any time. While a batch
 * is being written the next ones are gathered; their number is bounded by one per ingress.
 */
public final class Distributor extends AbstractBehavior<Distributor.Command> {
  public static final EntityTypeKey<Command> TYPE =
      EntityTypeKey.create(Command.class, "Distributor");

  public interface Command {}

  /**
   * Store these results of the stream, which carry no payload; those to be kept are in the store.
   * Always answered; nothing of a batch is stored that has a result of another stream.
   */
  public record Store(StreamName stream, List<Element> elements, ActorRef<Stored> replyTo)
      implements Command, Wire {
    public Store {
      Objects.requireNonNull(stream, "stream");
      elements = List.copyOf(elements);
    }
  }

  /**
   * @param problem why they are not stored; they may be sent again
   * @param failed the numbers of those that stand as failed
   */
  public record Stored(Optional<String> problem, List<Long> failed) implements Wire {
    public Stored {
      failed = List.copyOf(failed);
    }
  }

  private record Written(
      List<Store> batches,
      List<StoredResult> fresh,
      Map<Long, Boolean> known,
      @Nullable Throwable error)
      implements Command {}

  private final StreamName stream;
  private final ResultStore store;
  private final Executor blocking;
  private final BiConsumer<String, Acknowledgement> origins;
  private final BiConsumer<StreamName, List<StoredResult>> published;
  private final List<Store> gathered = new ArrayList<>();
  private boolean writing;

  private Distributor(
      ActorContext<Command> context,
      StreamName stream,
      ResultStore store,
      Executor blocking,
      BiConsumer<String, Acknowledgement> origins,
      BiConsumer<StreamName, List<StoredResult>> published) {
    super(context);
    this.stream = stream;
    this.store = store;
    this.blocking = blocking;
    this.origins = origins;
    this.published = published;
  }

  /**
   * @param blocking runs the writes
   * @param origins tells a node, by its name, what of its elements is stored; must not block
   * @param published is told of new results, on the entity's thread; must not block
   */
  public static Behavior<Command> create(
      StreamName stream,
      ResultStore store,
      Executor blocking,
      BiConsumer<String, Acknowledgement> origins,
      BiConsumer<StreamName, List<StoredResult>> published) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(Distributor.class);
          return new Distributor(context, stream, store, blocking, origins, published);
        });
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Store.class, this::onStore)
        .onMessage(Written.class, this::onWritten)
        .build();
  }

  private Behavior<Command> onStore(Store batch) {
    var name = stream.toString();
    if (!batch.elements().stream().allMatch(element -> element.getStream().equals(name))) {
      var problem = "not all results of the batch are of " + name;
      getContext().getLog().warn("{} results are not stored: {}", batch.elements().size(), problem);
      batch.replyTo().tell(new Stored(Optional.of(problem), List.of()));
      return this;
    }
    gathered.add(batch);
    if (!writing) write();
    return this;
  }

  private Behavior<Command> onWritten(Written written) {
    writing = false;
    if (written.error() != null) {
      var problem = Causes.words(written.error());
      getContext().getLog().debug("{}: not stored", stream, written.error());
      written.batches().forEach(b -> b.replyTo().tell(new Stored(Optional.of(problem), List.of())));
    } else {
      var delivered = outcomes(written);
      for (var batch : written.batches())
        batch.replyTo().tell(new Stored(Optional.empty(), failed(batch, delivered)));
      acknowledge(written, delivered);
      if (!written.fresh().isEmpty()) published.accept(stream, written.fresh());
    }
    if (!gathered.isEmpty()) write();
    return this;
  }

  private void write() {
    writing = true;
    var batches = List.copyOf(gathered);
    gathered.clear();
    getContext()
        .pipeToSelf(
            CompletableFuture.supplyAsync(() -> written(batches), blocking),
            (written, error) ->
                error == null ? written : new Written(batches, List.of(), Map.of(), error));
  }

  /** Runs on the blocking executor; touches no field but the store. */
  private Written written(List<Store> batches) {
    var results = new ArrayList<StoredResult>();
    for (var batch : batches)
      for (var element : batch.elements()) {
        results.add(new StoredResult(element, element.getKeep()));
      }
    var fresh = store.store(results);
    // The first result of an element is kept, so a resend with another outcome is answered with the
    // stored one.
    Map<Long, Boolean> known = Map.of();
    if (fresh.size() < results.size()) {
      var isFresh = new HashMap<Long, Boolean>();
      for (var result : fresh) isFresh.put(result.element().getSeq(), true);
      var again =
          results.stream()
              .map(r -> r.element().getSeq())
              .filter(seq -> !isFresh.containsKey(seq))
              .toList();
      known = store.outcomes(stream, again);
    }
    return new Written(batches, fresh, known, null);
  }

  /** Whether each of them was delivered, by number. */
  private static Map<Long, Boolean> outcomes(Written written) {
    var delivered = new HashMap<Long, Boolean>(written.known());
    for (var result : written.fresh())
      delivered.put(result.element().getSeq(), !failed(result.element()));
    return delivered;
  }

  private static List<Long> failed(Store batch, Map<Long, Boolean> delivered) {
    var failed = new ArrayList<Long>();
    for (var element : batch.elements())
      if (!delivered.getOrDefault(element.getSeq(), true)) failed.add(element.getSeq());
    return failed;
  }

  private void acknowledge(Written written, Map<Long, Boolean> seen) {
    var byOrigin = new HashMap<String, List<Element>>();
    for (var batch : written.batches())
      for (var element : batch.elements())
        byOrigin.computeIfAbsent(element.getOrigin(), o -> new ArrayList<>()).add(element);
    byOrigin.forEach(
        (origin, elements) -> {
          var ok =
              elements.stream().mapToLong(Element::getSeq).filter(s -> seen.getOrDefault(s, true));
          var bad =
              elements.stream().mapToLong(Element::getSeq).filter(s -> !seen.getOrDefault(s, true));
          origins.accept(
              origin,
              new Acknowledgement(stream, ok.distinct().toArray(), bad.distinct().toArray()));
        });
  }

  private static boolean failed(Element element) {
    return element.getEnding().getKind() == Ending.Kind.FAILED;
  }
}
