package io.dayu.deliver;

import io.dayu.element.Element;
import io.dayu.element.Element.Unstored;
import io.dayu.element.Ending;
import io.dayu.element.Media;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.FailureCause;
import io.dayu.facts.InstanceName;
import io.dayu.link.CreditReturn;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSettings;
import io.dayu.link.Parcel;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Router;
import io.dayu.stage.Causes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Where results enter a cloud node: gathers those of a stream while its last batch is being stored
 * and hands them to the stream's distributor, which may be on another cloud node. Payloads that are
 * to be kept are stored from here, before the result that promises one; only results go on. Spawned
 * by the controller of a cloud node.
 *
 * <p>Nothing is given up here: while the store or the distributor is away, or takes longer than
 * {@link #PATIENCE}, batches are tried again. A result that may ({@link Unstored#AT_ORIGIN}) is
 * sent back to its origin's outbox meanwhile, so that its source need not shed; one of them per
 * stream is tried as a copy, which shows when results are stored again. Producers of the others get
 * no credit.
 */
public final class Ingress extends AbstractBehavior<Inlet.Command> {
  private static final int MAX_BATCH = 1_000;
  private static final int MAX_BATCH_BYTES = 4 << 20;

  /**
   * Largest result. A batch, or a single result alone, travels as one message, which must be
   * smaller than {@code maximum-large-frame-size} in {@code dayu-cloud.conf}: what is larger is
   * dropped there, and the sender is not told.
   */
  static final int MAX_RESULT_BYTES = 15 << 20;

  private static final Duration RETRY = Duration.ofMillis(500);

  /**
   * How long a batch may take before results are sent back. A live source has room for about half a
   * second; a distributor without a home is noticed only after seconds.
   */
  static final Duration PATIENCE = Duration.ofMillis(500);

  /** Results that may wait here for the link to their origin. */
  private static final int MAX_WAITING = 64;

  /** What the owner hears. */
  public sealed interface Event {}

  /**
   * Results that {@code origin} generates are in the store.
   *
   * @param again whether some were sent more than once, perhaps because their origin did not hear
   *     an earlier acknowledgement
   */
  public record Acknowledged(String origin, Acknowledgement acknowledgement, boolean again)
      implements Event {}

  private record Delivered(Lane lane, List<Long> failed) implements Inlet.Command {}

  private record NotDelivered(Lane lane, Throwable cause) implements Inlet.Command {}

  private record Retry(Lane lane) implements Inlet.Command {}

  /** The batch is not answered yet. */
  private record Late(Lane lane, long batch) implements Inlet.Command {}

  private record Granted(Inlet.Grant grant) implements Inlet.Command {}

  private record Found(Router.Located located) implements Inlet.Command {}

  /**
   * @param result as it is to be stored
   * @param parcel as it came
   */
  private record Held(
      Element result, Optional<Media> frame, Parcel parcel, ActorRef<Inlet.Grant> producer) {
    boolean mayGoBack() {
      return parcel.element().getUnstored() == Unstored.AT_ORIGIN;
    }

    /** For the outbox of the origin, which keeps it until the cloud takes it. */
    Parcel back() {
      var element = result.toBuilder().setUnstored(Unstored.SENT_BACK);
      frame.ifPresent(element::setPayload);
      return parcel.with(element.build());
    }
  }

  private static final class Lane {
    final StreamName stream;
    final ArrayDeque<Held> waiting = new ArrayDeque<>(); // bounded by the producers' windows
    final List<Held> sent = new ArrayList<>();
    final Set<Held> wentBack = Collections.newSetFromMap(new IdentityHashMap<>()); // of those sent
    long batch; // counts them
    boolean failing;
    boolean late;

    Lane(StreamName stream) {
      this.stream = stream;
    }

    /** Whether results can be stored, as far as is known. */
    boolean isAway() {
      return failing || late;
    }
  }

  private final TimerScheduler<Inlet.Command> timers;
  private final CreditReturn credits;
  private final Uplink uplink;
  private final ActorRef<Event> owner;
  private final Router router;
  private final LongSupplier nanos;

  /**
   * Only streams with something to store, by the text in their elements, so that no name is made of
   * it for each of them.
   */
  private final Map<String, Lane> lanes = new HashMap<>();

  private Ingress(
      ActorContext<Inlet.Command> context,
      TimerScheduler<Inlet.Command> timers,
      Uplink uplink,
      LinkSettings links,
      ActorRef<Event> owner,
      ActorRef<Router.Locate> locator,
      LongSupplier nanos) {
    super(context);
    this.timers = timers;
    this.credits = new CreditReturn(context.getSelf());
    this.uplink = uplink;
    this.owner = owner;
    this.router =
        new Router(
            context,
            locator,
            context.messageAdapter(Router.Located.class, Found::new),
            context.messageAdapter(Inlet.Grant.class, Granted::new),
            links);
    this.nanos = nanos;
  }

  /**
   * @param locator answers where the outboxes of origins are
   */
  public static Behavior<Inlet.Command> create(
      Uplink uplink,
      LinkSettings links,
      ActorRef<Event> owner,
      ActorRef<Router.Locate> locator,
      LongSupplier nanos) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Ingress.class);
                  return new Ingress(context, timers, uplink, links, owner, locator, nanos);
                }));
  }

  @Override
  public Receive<Inlet.Command> createReceive() {
    return router.flushing(
        credits
            .receive(newReceiveBuilder())
            .onMessage(Inlet.Offer.class, this::onOffer)
            .onMessage(Delivered.class, this::onDelivered)
            .onMessage(NotDelivered.class, this::onNotDelivered)
            .onMessage(
                Retry.class,
                retry -> {
                  hand(retry.lane());
                  return this;
                })
            .onMessage(Late.class, this::onLate)
            .onMessage(
                Granted.class,
                granted -> {
                  router.granted(granted.grant());
                  for (var lane : lanes.values()) if (lane.isAway()) sendBack(lane);
                  return this;
                })
            .onMessage(
                Found.class,
                found -> {
                  router.located(found.located());
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

  private Behavior<Inlet.Command> onOffer(Inlet.Offer offer) {
    Set<Lane> offered = new LinkedHashSet<>();
    for (var parcel : offer.parcels()) {
      var lane =
          lanes.computeIfAbsent(parcel.element().getStream(), s -> new Lane(StreamName.parse(s)));
      lane.waiting.add(held(parcel, offer.producer()));
      offered.add(lane);
    }
    for (var lane : offered)
      if (lane.sent.isEmpty()) next(lane);
      else if (lane.isAway()) sendBack(lane);
    return this;
  }

  private Behavior<Inlet.Command> onDelivered(Delivered delivered) {
    var lane = delivered.lane();
    if (lane.failing) getContext().getLog().info("{}: results are stored again", lane.stream);
    lane.failing = false;
    lane.late = false;
    timers.cancel(lateTimer(lane));
    for (var held : lane.sent) if (!lane.wentBack.contains(held)) taken(held);
    tellOrigins(lane, delivered.failed());
    lane.sent.clear();
    lane.wentBack.clear();
    if (lane.waiting.isEmpty()) lanes.remove(lane.stream.toString());
    else next(lane);
    return this;
  }

  /**
   * Tells every origin what is stored, those of one origin that follow each other together. Almost
   * always that is the whole batch, since a stream is generated on one node at a time.
   */
  private void tellOrigins(Lane lane, List<Long> failed) {
    int next;
    for (int first = 0; first < lane.sent.size(); first = next) {
      var origin = lane.sent.get(first).result().getOrigin();
      for (next = first + 1; next < lane.sent.size(); next++)
        if (!lane.sent.get(next).result().getOrigin().equals(origin)) break;
      tellOrigin(origin, lane.stream, lane.sent.subList(first, next), failed);
    }
  }

  private void tellOrigin(String origin, StreamName stream, List<Held> stored, List<Long> failed) {
    var seqs = new long[stored.size()];
    boolean again = false;
    for (int i = 0; i < seqs.length; i++) {
      var result = stored.get(i).result();
      seqs[i] = result.getSeq();
      again |= result.getAttempt() > 1;
    }
    owner.tell(new Acknowledged(origin, acknowledgement(stream, seqs, failed, stored), again));
  }

  private static Acknowledgement acknowledgement(
      StreamName stream, long[] seqs, List<Long> failed, List<Held> stored) {
    if (failed.isEmpty()) return new Acknowledgement(stream, seqs, new long[0]);
    var bad = Set.copyOf(failed);
    var causes = new HashMap<Long, FailureCause>();
    for (var held : stored) {
      var result = held.result();
      // One that stands as failed by an earlier attempt may itself have gone well.
      if (bad.contains(result.getSeq()) && result.getEnding().getKind() == Ending.Kind.FAILED)
        causes.put(result.getSeq(), FailureCause.of(result.getEnding()));
    }
    return new Acknowledgement(
        stream,
        LongStream.of(seqs).filter(seq -> !bad.contains(seq)).toArray(),
        LongStream.of(seqs).filter(bad::contains).toArray(),
        causes);
  }

  private Behavior<Inlet.Command> onNotDelivered(NotDelivered notDelivered) {
    var lane = notDelivered.lane();
    if (!lane.failing)
      getContext()
          .getLog()
          .warn(
              "{}: {} results cannot be stored now and are tried again every {} ms: {}",
              lane.stream,
              lane.sent.size(),
              RETRY.toMillis(),
              Causes.words(notDelivered.cause()));
    lane.failing = true;
    timers.cancel(lateTimer(lane));
    sendBack(lane);
    leaveACopy(lane);
    timers.startSingleTimer(lane.stream, new Retry(lane), RETRY);
    return this;
  }

  private Behavior<Inlet.Command> onLate(Late late) {
    var lane = late.lane();
    if (lane.batch != late.batch() || lane.sent.isEmpty()) return this;
    getContext().getLog().debug("{}: {} results wait", lane.stream, lane.sent.size());
    lane.late = true;
    sendBack(lane);
    return this;
  }

  /**
   * Sends results to the outboxes of their origins, as far as these take them. Those that are being
   * stored go too, since nobody knows whether they will be.
   */
  private void sendBack(Lane lane) {
    for (var held : lane.sent)
      if (!lane.wentBack.contains(held) && goesBack(held)) lane.wentBack.add(held);
    lane.waiting.removeIf(this::goesBack);
  }

  private boolean goesBack(Held held) {
    var origin = held.result().getOrigin();
    if (!held.mayGoBack() || router.waiting(origin) >= MAX_WAITING) return false;
    router.send(origin, InstanceName.OUTBOX, held.back());
    taken(held);
    return true;
  }

  private void taken(Held held) {
    credits.taken(held.producer(), held.parcel().weight());
  }

  /** What went back need not be tried here, but for one where there is nothing else to try. */
  private static void leaveACopy(Lane lane) {
    var copy = lane.sent.get(0);
    lane.sent.removeIf(lane.wentBack::contains);
    lane.wentBack.clear();
    if (!lane.sent.isEmpty()) return;
    lane.sent.add(copy);
    lane.wentBack.add(copy);
  }

  private static String lateTimer(Lane lane) {
    return "late " + lane.stream;
  }

  private void next(Lane lane) {
    long bytes = 0;
    while (!lane.waiting.isEmpty() && lane.sent.size() < MAX_BATCH) {
      bytes += lane.waiting.peek().result().getSerializedSize();
      if (bytes > MAX_BATCH_BYTES && !lane.sent.isEmpty()) break;
      lane.sent.add(lane.waiting.poll());
    }
    hand(lane);
  }

  private void hand(Lane lane) {
    var late = new Late(lane, ++lane.batch);
    if (!lane.failing) timers.startSingleTimer(lateTimer(lane), late, PATIENCE);
    var results = lane.sent.stream().map(Held::result).toList();
    var frames = new TreeMap<Long, Media>();
    for (var held : lane.sent)
      held.frame().ifPresent(frame -> frames.put(held.result().getSeq(), frame));
    getContext()
        .pipeToSelf(
            deliver(lane.stream, results, frames),
            (failed, error) ->
                error == null ? new Delivered(lane, failed) : new NotDelivered(lane, error));
  }

  private CompletionStage<List<Long>> deliver(
      StreamName stream, List<Element> results, Map<Long, Media> frames) {
    try {
      // The frame is stored first: a result that refers to a frame must have it.
      return frames.isEmpty()
          ? uplink.deliver(stream, results)
          : uplink.keep(stream, frames).thenCompose(kept -> uplink.deliver(stream, results));
    } catch (RuntimeException e) {
      // If it were thrown, this batch would never be answered, and later ones wait for it.
      return CompletableFuture.failedStage(e);
    }
  }

  /**
   * The element as it is stored: with its final age, its complete trace, and whether its frame is
   * kept.
   */
  private Held held(Parcel parcel, ActorRef<Inlet.Grant> producer) {
    var element = parcel.element();
    boolean keep = element.getKeep() && element.hasPayload();
    var result =
        element.toBuilder()
            .setElapsedUs(parcel.ageUs(nanos.getAsLong()))
            .setKeep(keep)
            .clearUnstored()
            .clearPayload()
            .clearPath()
            .build();
    if (result.getSerializedSize() > MAX_RESULT_BYTES) result = tooLarge(result);
    var frame = keep ? Optional.of(element.getPayload()) : Optional.<Media>empty();
    return new Held(result, frame, parcel, producer);
  }

  private static Element tooLarge(Element result) {
    var hops = result.getTraceList();
    var ending =
        Ending.newBuilder()
            .setKind(Ending.Kind.FAILED)
            .setStage(hops.isEmpty() ? "" : hops.get(hops.size() - 1).getStage())
            .setReason(
                "the result has %s bytes, %s can be stored: let stages put out less"
                    .formatted(result.getSerializedSize(), MAX_RESULT_BYTES));
    return result.toBuilder().clearOutputs().setEnding(ending).build();
  }
}
