package io.dayu.deliver;

import io.dayu.element.Element;
import io.dayu.element.Element.Unstored;
import io.dayu.element.Ending;
import io.dayu.element.Outputs;
import io.dayu.facts.FailureCause;
import io.dayu.facts.InstanceName;
import io.dayu.link.CreditReturn;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSettings;
import io.dayu.link.Parcel;
import io.dayu.pipeline.StreamName;
import io.dayu.process.JoinBuffer;
import io.dayu.process.ProcessSettings;
import io.dayu.process.Router;
import io.dayu.settings.Budget;
import io.dayu.stage.Causes;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * The way out of a node's stages: joins the leaves of each element and sends it to the distributor,
 * on this node if it is a cloud node, else on one of those known. Spawned by the controller, one
 * per node.
 *
 * <p>While no cloud node can be reached, results of this node's own streams are written to the disk
 * and the controller is told; those of other nodes go to their origin's outbox, which does the
 * same. When the cloud is back the {@link Replay} hands over what waits, and results that come now
 * go directly. What cannot be written waits in memory, and nothing more is taken, which holds back
 * the stages before it.
 *
 * <p>Results that the cloud sends back, because it cannot store them now, are written to the disk
 * too. From then on until one of their stream is settled, those that may ({@link
 * Unstored#AT_ORIGIN}) are written at once, and one at a time is handed over. What the disk does
 * not take goes to the cloud and waits there.
 */
public final class Outbox extends AbstractBehavior<Inlet.Command> {
  /**
   * The cloud nodes that are known, the best first.
   *
   * @param suspects those of them that give no sign of life
   */
  public record Clouds(List<String> nodes, Set<String> suspects) implements Inlet.Command {
    public Clouds {
      nodes = List.copyOf(nodes);
      suspects = Set.copyOf(suspects);
    }

    boolean reachable() {
      return !suspects.containsAll(nodes);
    }

    /** Where results go. */
    private Optional<String> target() {
      return reachable() ? Optional.of(nodes.get(0)) : Optional.empty();
    }
  }

  /** What the owner hears. */
  public sealed interface Event {}

  /**
   * Results of a stream wait on this node's disk for the cloud.
   *
   * @param failed why, of those that failed
   */
  public record Kept(StreamName stream, Ranges seqs, Map<Long, FailureCause> failed)
      implements Event {
    public Kept {
      failed = Map.copyOf(failed);
    }
  }

  /** These elements are settled, durably; their results can be removed from the disk. */
  public record Forget(StreamName stream, Ranges seqs) implements Inlet.Command {}

  private record Granted(Inlet.Grant grant) implements Inlet.Command {}

  private record Found(Router.Located located) implements Inlet.Command {}

  private record Written(@Nullable Throwable error) implements Inlet.Command {}

  private record Forgotten(StreamName stream, Ranges seqs, Throwable error)
      implements Inlet.Command {}

  private record Read(Replay.Lane lane, List<Element> elements, Throwable error)
      implements Inlet.Command {}

  private enum Timer implements Inlet.Command {
    EXPIRE,
    REPLAY,
    WRITE,
    FORGET
  }

  private record Held(Parcel parcel, ActorRef<Inlet.Grant> producer) {
    Held {
      // What cannot be handled must not come to the head of the queue, where it would stay.
      Objects.requireNonNull(parcel, "parcel");
    }
  }

  private static final Duration REPLAY_EVERY = Duration.ofMillis(20);

  /**
   * How often the disk is looked at while nothing waits there: rarely, so that an idle edge can
   * sleep.
   */
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  /** How long to wait before a failed disk operation is tried again. */
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private final TimerScheduler<Inlet.Command> timers;
  private final ProcessSettings settings;
  private final String node;
  private final OutboxStore disk;
  private final ActorRef<Event> owner;
  private final Clock clock;
  private final LongSupplier nanos;
  private final CreditReturn credits;
  private final Router router;
  private final JoinBuffer join;
  private final Replay replay;
  private final ArrayDeque<Held> queue = new ArrayDeque<>(); // bounded by the producers' windows
  private List<Element> gathered = new ArrayList<>(); // for the next write
  private long gatheredBytes;
  private List<Element> writing = List.of();
  private boolean writable = true;
  private boolean full;
  private final Map<StreamName, Ranges> unforgotten = new HashMap<>(); // bounded by what is there

  /**
   * Streams whose results the cloud has sent back, by the text in the elements, so that nothing is
   * made for each of them. Bounded by the streams of this node.
   */
  private final Set<String> sentBack = new HashSet<>();

  private boolean readable = true;
  private Clouds clouds = new Clouds(List.of(), Set.of());

  private Outbox(
      ActorContext<Inlet.Command> context,
      TimerScheduler<Inlet.Command> timers,
      ProcessSettings settings,
      LinkSettings links,
      Budget memory,
      String node,
      OutboxStore disk,
      ActorRef<Event> owner,
      ActorRef<Router.Locate> locator,
      Clock clock,
      LongSupplier nanos) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.node = node;
    this.disk = disk;
    this.owner = owner;
    this.clock = clock;
    this.nanos = nanos;
    this.credits = new CreditReturn(context.getSelf());
    this.router =
        new Router(
            context,
            locator,
            context.messageAdapter(Router.Located.class, Found::new),
            context.messageAdapter(Inlet.Grant.class, Granted::new),
            links);
    this.join =
        new JoinBuffer(Outbox::complete, settings.joinCapacity(), settings.joinPatience(), memory);
    this.replay = new Replay(disk, nanos.getAsLong());
    timers.startTimerWithFixedDelay(Timer.EXPIRE, settings.joinPatience().dividedBy(4));
    timers.startSingleTimer(Timer.REPLAY, LOOK_EVERY);
  }

  /**
   * @param memory of the node, on which draws what waits here for other branches
   */
  public static Behavior<Inlet.Command> create(
      ProcessSettings settings,
      LinkSettings links,
      Budget memory,
      String node,
      OutboxStore disk,
      ActorRef<Event> owner,
      ActorRef<Router.Locate> locator,
      Clock clock,
      LongSupplier nanos) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Outbox.class);
                  return new Outbox(
                      context, timers, settings, links, memory, node, disk, owner, locator, clock,
                      nanos);
                }));
  }

  @Override
  public Receive<Inlet.Command> createReceive() {
    return router.flushing(
        credits
            .receive(newReceiveBuilder())
            .onMessage(
                Inlet.Offer.class,
                offer -> {
                  for (var parcel : offer.parcels()) queue.add(new Held(parcel, offer.producer()));
                  pump();
                  return this;
                })
            .onMessage(
                Granted.class,
                granted -> {
                  router.granted(granted.grant());
                  pump();
                  return this;
                })
            .onMessage(
                Found.class,
                found -> {
                  router.located(found.located());
                  return this;
                })
            .onMessage(Clouds.class, this::onClouds)
            .onMessage(
                Forget.class,
                forget -> {
                  sentBack.remove(forget.stream().toString());
                  replay.forget(forget.stream(), forget.seqs());
                  forget(forget.stream(), forget.seqs());
                  return this;
                })
            .onMessage(Forgotten.class, this::onForgotten)
            .onMessageEquals(
                Timer.FORGET,
                () -> {
                  unforgotten.forEach(this::forget);
                  return this;
                })
            .onMessage(Written.class, this::onWritten)
            .onMessage(Read.class, this::onRead)
            .onMessageEquals(Timer.REPLAY, this::onReplay)
            .onMessageEquals(
                Timer.WRITE,
                () -> {
                  write();
                  pump();
                  return this;
                })
            .onMessageEquals(
                Timer.EXPIRE,
                () -> {
                  join.expire(nanos.getAsLong());
                  join.tooSmall().ifPresent(what -> getContext().getLog().warn(what));
                  return this;
                })
            .onSignal(
                Terminated.class,
                terminated -> {
                  router.terminated(terminated.getRef());
                  return this;
                })
            .onSignal(
                PostStop.class,
                stop -> {
                  router.close();
                  return this;
                })
            .build());
  }

  private Behavior<Inlet.Command> onClouds(Clouds known) {
    // What was handed over to another cloud node may be lost.
    if (clouds.reachable() && !clouds.target().equals(known.target())) replay.rewind();
    clouds = known;
    // A link shows whether its peer is alive, so links are opened before there are results. While
    // the best peers do not answer, links to the next ones are opened as well.
    for (var cloud : clouds.nodes()) {
      router.prepare(cloud, InstanceName.DISTRIBUTOR);
      if (!clouds.suspects().contains(cloud)) break;
    }
    if (!writable) write();
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onWritten(Written written) {
    var batch = writing;
    writing = List.of();
    if (written.error() == null) {
      if (!writable) getContext().getLog().info("results can be kept on the disk again");
      writable = true;
      // By the text in the elements, so that nothing is made for each of them.
      var byStream = new HashMap<String, Ranges>();
      for (var element : batch)
        byStream.computeIfAbsent(element.getStream(), s -> new Ranges()).add(element.getSeq());
      var failed = new HashMap<String, Map<Long, FailureCause>>();
      for (var element : batch)
        if (element.getEnding().getKind() == Ending.Kind.FAILED)
          failed
              .computeIfAbsent(element.getStream(), s -> new HashMap<>())
              .put(element.getSeq(), FailureCause.of(element.getEnding()));
      byStream.forEach(
          (stream, seqs) ->
              owner.tell(
                  new Kept(StreamName.parse(stream), seqs, failed.getOrDefault(stream, Map.of()))));
      write();
      pump();
      return this;
    }
    if (writable)
      getContext()
          .getLog()
          .warn(
              "{} results cannot be kept on the disk now and no more are taken; tried again every"
                  + " {} ms (dayu.outbox.quota, dayu.node.data-dir): {}",
              batch.size() + gathered.size(),
              AGAIN.toMillis(),
              Causes.words(written.error()));
    writable = false;
    gathered.addAll(0, batch);
    timers.startSingleTimer(Timer.WRITE, AGAIN);
    return this;
  }

  private void forget(StreamName stream, Ranges seqs) {
    getContext()
        .pipeToSelf(disk.remove(stream, seqs), (done, error) -> new Forgotten(stream, seqs, error));
  }

  private Behavior<Inlet.Command> onForgotten(Forgotten forgotten) {
    if (forgotten.error() == null) {
      unforgotten.computeIfPresent(
          forgotten.stream(),
          (stream, seqs) -> {
            var left = seqs.where(seq -> !forgotten.seqs().contains(seq));
            return left.isEmpty() ? null : left;
          });
      return this;
    }
    if (unforgotten.isEmpty())
      getContext()
          .getLog()
          .warn(
              "{}: results that are stored cannot be removed from the disk now and are handed over"
                  + " again meanwhile; tried again in {} ms (dayu.node.data-dir): {}",
              forgotten.stream(),
              AGAIN.toMillis(),
              Causes.words(forgotten.error()));
    unforgotten.merge(forgotten.stream(), forgotten.seqs(), Ranges::plus);
    timers.startSingleTimer(Timer.FORGET, AGAIN);
    return this;
  }

  private Behavior<Inlet.Command> onReplay() {
    boolean idle = disk.backlog(OutboxStore.Kind.RESULT).isEmpty();
    timers.startSingleTimer(Timer.REPLAY, idle ? LOOK_EVERY : REPLAY_EVERY);
    pump();
    // Live results are sent before those that waited.
    if (!clouds.reachable() || router.waiting() > 0) return this;
    replay
        .next(nanos.getAsLong(), sentBack)
        .ifPresent(
            lane ->
                getContext()
                    .pipeToSelf(
                        replay.read(lane),
                        (elements, error) ->
                            new Read(lane, error == null ? elements : List.of(), error)));
    return this;
  }

  private Behavior<Inlet.Command> onRead(Read read) {
    if (read.error() != null) {
      if (readable)
        getContext()
            .getLog()
            .warn(
                "{}: results that wait on the disk cannot be read now; tried again every {} ms"
                    + " (dayu.node.data-dir): {}",
                read.lane().stream(),
                AGAIN.toMillis(),
                Causes.words(read.error()));
      timers.startSingleTimer(Timer.REPLAY, AGAIN);
    }
    readable = read.error() == null;
    replay
        .sent(read.lane(), read.elements(), clouds.reachable(), nanos.getAsLong())
        .forEach(this::handOver);
    return this;
  }

  /**
   * Sends a result that waited on the disk to the cloud. Its age comes from this node's clock
   * alone, because this node is its origin.
   */
  private void handOver(Element element) {
    long waitedUs = (clock.millis() - element.getCreatedAtMs()) * 1_000;
    long bornNanos = nanos.getAsLong() - Math.max(element.getElapsedUs(), waitedUs) * 1_000;
    send(new Parcel(element, bornNanos, 0));
  }

  /** Only while the cloud can be reached. */
  private void send(Parcel parcel) {
    router.send(clouds.nodes().get(0), InstanceName.DISTRIBUTOR, parcel);
  }

  private void pump() {
    while (!queue.isEmpty() && hasRoom(queue.peek().parcel().element())) {
      var held = queue.poll();
      credits.taken(held.producer(), held.parcel().weight());
      join.add(held.parcel(), nanos.getAsLong()).ifPresent(this::dispatch);
    }
    tellQuota();
    if (writable) write();
  }

  private void tellQuota() {
    boolean now = disk.isFull();
    if (now && !full)
      getContext()
          .getLog()
          .warn(
              "no more results are kept for the cloud: they use up dayu.outbox.quota = {} bytes;"
                  + " sources wait or shed",
              disk.settings().quota());
    full = now;
  }

  /** Whether the result can be sent, or gathered for the next write. */
  private boolean hasRoom(Element element) {
    boolean sendable = router.waiting() < settings.maxWaiting();
    if (clouds.reachable()) return staysHere(element) ? batchHasRoom() : sendable;
    return diskHasRoom() && batchHasRoom() && sendable;
  }

  private boolean diskHasRoom() {
    return writable && disk.room() > gatheredBytes;
  }

  private boolean batchHasRoom() {
    return gathered.size() < disk.settings().batch()
        && gatheredBytes < disk.settings().batchBytes();
  }

  /** Whether the disk keeps it although the cloud can be reached. */
  private boolean staysHere(Element element) {
    return element.getUnstored() != Unstored.AT_CLOUD
        && (element.getUnstored() == Unstored.SENT_BACK || sentBack.contains(element.getStream()))
        && element.getOrigin().equals(node)
        && diskHasRoom();
  }

  private void dispatch(Parcel parcel) {
    var element = parcel.element();
    boolean back = element.getUnstored() == Unstored.SENT_BACK;
    if (back && element.getOrigin().equals(node)) sentBack.add(element.getStream());
    if (clouds.reachable() && !staysHere(element)) {
      send(back ? parcel.with(element.toBuilder().clearUnstored().build()) : parcel);
    } else if (!element.getOrigin().equals(node)) {
      router.send(element.getOrigin(), InstanceName.OUTBOX, parcel);
    } else {
      var aged = element.toBuilder().setElapsedUs(parcel.ageUs(nanos.getAsLong())).clearUnstored();
      if (!element.getKeep()) aged.clearPayload();
      gathered.add(aged.build());
      gatheredBytes += parcel.weight();
    }
  }

  /**
   * Writes the gathered results; those that come while the disk is busy are left for the next
   * write.
   */
  private void write() {
    if (gathered.isEmpty() || !writing.isEmpty()) return;
    writing = gathered;
    gathered = new ArrayList<>();
    gatheredBytes = 0;
    if (!writable && clouds.reachable()) {
      writable = true;
      writing.forEach(this::handOver);
      writing = List.of();
      return;
    }
    getContext()
        .pipeToSelf(
            disk.put(OutboxStore.Kind.RESULT, writing), (done, error) -> new Written(error));
  }

  /** An element is a result when it has ended or every stage of its path has added its output. */
  private static boolean complete(Element element) {
    if (element.hasEnding()) return true;
    for (var step : element.getPathList()) if (!Outputs.has(element, step.getStage())) return false;
    return true;
  }
}
