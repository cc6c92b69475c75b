package io.dayu.member;

import io.dayu.deliver.Distributor;
import io.dayu.deliver.Uplink;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeReport;
import io.dayu.pipeline.StreamName;
import io.dayu.settings.Dispatchers;
import io.dayu.store.ResultStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * {@link Uplink} over whatever member system now runs; while none does, reports are left out and
 * questions fail. Safe for any thread.
 */
public final class MemberUplink implements Uplink {
  /**
   * A running member system as the streams see it.
   *
   * @param distributors only on cloud nodes; elsewhere it refuses
   */
  public record Member(
      ActorSystem<?> system,
      ActorRef<UplinkActor.Command> uplink,
      ActorRef<Gateway.Command> gateways,
      ActorRef<ShardingEnvelope<Distributor.Command>> distributors) {}

  /**
   * A distributor that moved to another node, or died with one, is found by asking again; the copy
   * of a batch that was only slow does no harm.
   */
  private static final Duration STORE_TIMEOUT = Duration.ofSeconds(4);

  private static final Duration ASK_TIMEOUT = Duration.ofSeconds(3);

  private final Optional<ResultStore> store;
  private final AtomicReference<Member> current = new AtomicReference<>();
  private volatile boolean reachesCloud;
  private volatile Supplier<Optional<String>> problem = Optional::empty;

  /** Of an edge. */
  public MemberUplink() {
    store = Optional.empty();
  }

  /** Of a cloud node. */
  public MemberUplink(ResultStore store) {
    this.store = Optional.of(store);
  }

  /** What else is wrong at this node, for its reports; must be quick and safe for any thread. */
  public void problem(Supplier<Optional<String>> what) {
    problem = what;
  }

  /** From now on this one is used. */
  public void attach(Member started) {
    current.set(started);
  }

  /** This one is going down; another that has taken its place stays. */
  public void detach(Member ended) {
    current.compareAndSet(ended, null);
  }

  /** Whether the cloud answers this node's links, as of the latest report. */
  public boolean reachesCloud() {
    return reachesCloud;
  }

  @Override
  public void report(NodeReport report) {
    // Only cloud nodes have a distributor; a round trip shows that it has answered.
    reachesCloud =
        report.links().stream()
            .anyMatch(
                link ->
                    link.instance().equals(InstanceName.DISTRIBUTOR)
                        && !link.suspect()
                        && link.rttMs() > 0);
    var now = current.get();
    var whole = problem.get().map(report::withProblem).orElse(report);
    if (now != null) now.uplink().tell(new UplinkActor.Publish(whole));
  }

  @Override
  public CompletionStage<List<Long>> deliver(StreamName stream, List<Element> elements) {
    var now = current.get();
    if (now == null) return unavailable();
    return AskPattern.<ShardingEnvelope<Distributor.Command>, Distributor.Stored>ask(
            now.distributors(),
            replyTo ->
                new ShardingEnvelope<>(
                    stream.toString(), new Distributor.Store(stream, elements, replyTo)),
            STORE_TIMEOUT,
            now.system().scheduler())
        .thenApply(
            stored -> {
              if (stored.problem().isPresent())
                throw new IllegalStateException(stored.problem().get());
              return stored.failed();
            });
  }

  @Override
  public CompletionStage<Done> keep(StreamName stream, Map<Long, Media> frames) {
    var now = current.get();
    if (now == null || store.isEmpty()) return unavailable();
    var blocking =
        now.system().dispatchers().lookup(DispatcherSelector.fromConfig(Dispatchers.BLOCKING));
    return CompletableFuture.supplyAsync(
        () -> {
          frames.forEach((seq, frame) -> store.get().keepFrame(stream, seq, frame));
          return Done.getInstance();
        },
        blocking);
  }

  /** By the {@link UplinkActor}s of all members of that name. */
  @Override
  public void acknowledge(String origin, Acknowledgement acknowledgement) {
    var now = current.get();
    if (now == null) return; // nobody is reached; the origin sends the elements again
    for (var member : NodeNames.members(Cluster.get(now.system()), origin))
      ActorRefResolver.get(now.system())
          .<UplinkActor.Command>resolveActorRef(member.address() + "/user/" + UplinkActor.NAME)
          .tell(new UplinkActor.Acknowledged(acknowledgement));
  }

  @Override
  public CompletionStage<Long> firstSeq(StreamName stream) {
    var now = current.get();
    if (now == null) return unavailable();
    return AskPattern.<Gateway.Command, Gateway.FirstSeqIs>ask(
            now.gateways(),
            replyTo -> new Gateway.FirstSeq(stream, replyTo),
            ASK_TIMEOUT,
            now.system().scheduler())
        .thenApply(
            answer -> {
              if (answer.problem().isPresent())
                throw new IllegalStateException(answer.problem().get());
              return answer.seq();
            });
  }

  @Override
  public CompletionStage<SidePart> side(String pipeline, String digest, int offset) {
    var now = current.get();
    if (now == null) return unavailable();
    return AskPattern.<Gateway.Command, Gateway.SidePart>ask(
            now.gateways(),
            replyTo -> new Gateway.AskSide(pipeline, digest, offset, replyTo),
            ASK_TIMEOUT,
            now.system().scheduler())
        .thenApply(answer -> new SidePart(answer.total(), answer.part()));
  }

  private static <T> CompletionStage<T> unavailable() {
    return CompletableFuture.failedStage(
        new IllegalStateException("this node is not a member of the cluster now"));
  }
}
