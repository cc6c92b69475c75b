package io.dayu.deliver;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.facts.Wire;
import io.dayu.pipeline.StreamName;
import io.dayu.stage.Causes;
import io.dayu.store.ResultStore;
import io.dayu.store.StoredResult;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
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
 * Collects the results of one stream: stores them idempotently, answers the ingress that sent them,
 * which tells the generator's node, and publishes the new ones. A sharded entity of the cloud, one
 * per stream; it keeps nothing that the store does not have, so it may move or restart at any time.
 * While a batch is being written the next ones are gathered; their number is bounded by one per
 * ingress.
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

  /**
   * @param failed the numbers, of all batches, of those that stand as failed
   */
  private record Written(
      List<Store> batches, List<StoredResult> fresh, Set<Long> failed, @Nullable Throwable error)
      implements Command {}

  private final StreamName stream;
  private final ResultStore store;
  private final Executor blocking;
  private final BiConsumer<StreamName, List<StoredResult>> published;
  private final List<Store> gathered = new ArrayList<>();
  private boolean writing;

  private Distributor(
      ActorContext<Command> context,
      StreamName stream,
      ResultStore store,
      Executor blocking,
      BiConsumer<StreamName, List<StoredResult>> published) {
    super(context);
    this.stream = stream;
    this.store = store;
    this.blocking = blocking;
    this.published = published;
  }

  /**
   * @param blocking runs the writes
   * @param published is told of new results, on the entity's thread; must not block
   */
  public static Behavior<Command> create(
      StreamName stream,
      ResultStore store,
      Executor blocking,
      BiConsumer<StreamName, List<StoredResult>> published) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(Distributor.class);
          return new Distributor(context, stream, store, blocking, published);
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
      for (var batch : written.batches())
        batch.replyTo().tell(new Stored(Optional.empty(), failed(batch, written.failed())));
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
                error == null ? written : new Written(batches, List.of(), Set.of(), error));
  }

  /** Runs on the blocking executor; touches no field but the store. */
  private Written written(List<Store> batches) {
    var results = new ArrayList<StoredResult>();
    for (var batch : batches)
      for (var element : batch.elements()) {
        results.add(new StoredResult(element, element.getKeep()));
      }
    var fresh = store.store(results);
    var failed = new HashSet<Long>();
    for (var result : fresh) if (failed(result.element())) failed.add(result.element().getSeq());
    // The first result of an element is kept, so a resend with another outcome is answered with the
    // stored one.
    if (fresh.size() < results.size())
      store
          .outcomes(stream, others(results, fresh))
          .forEach(
              (seq, delivered) -> {
                if (!delivered) failed.add(seq);
              });
    return new Written(batches, fresh, failed, null);
  }

  /** The numbers of those that are not fresh. */
  private static List<Long> others(List<StoredResult> results, List<StoredResult> fresh) {
    var isFresh = new HashSet<Long>();
    for (var result : fresh) isFresh.add(result.element().getSeq());
    return results.stream()
        .map(result -> result.element().getSeq())
        .filter(seq -> !isFresh.contains(seq))
        .toList();
  }

  private static List<Long> failed(Store batch, Set<Long> failed) {
    if (failed.isEmpty()) return List.of();
    return batch.elements().stream().map(Element::getSeq).filter(failed::contains).toList();
  }

  private static boolean failed(Element element) {
    return element.getEnding().getKind() == Ending.Kind.FAILED;
  }
}
