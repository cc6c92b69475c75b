package io.dayu.deliver;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Media;
import io.dayu.facts.Acknowledgement;
import io.dayu.link.CreditReturn;
import io.dayu.link.Inlet;
import io.dayu.pipeline.StreamName;
import io.dayu.stage.Causes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
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
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Where results enter a cloud node: gathers those of a stream while its last batch is being stored
 * and hands them to the stream's distributor, which may be on another cloud node. Payloads that are
 * to be kept are stored from here, before the result that promises one; only results go on. Spawned
 * by the controller of a cloud node. Nothing is given up here: while the store or the distributor
 * is away batches are tried again and producers get no credit.
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

  /** What the owner hears. */
  public sealed interface Event {}

  /** Results that {@code origin} generates are in the store. */
  public record Acknowledged(String origin, Acknowledgement acknowledgement) implements Event {}

  private record Delivered(Lane lane, List<Long> failed) implements Inlet.Command {}

  private record NotDelivered(Lane lane, Throwable cause) implements Inlet.Command {}

  private record Retry(Lane lane) implements Inlet.Command {}

  private record Held(
      Element result, Optional<Media> frame, int weight, ActorRef<Inlet.Grant> producer) {}

  private static final class Lane {
    final StreamName stream;
    final ArrayDeque<Held> waiting = new ArrayDeque<>(); // bounded by the producers' windows
    final List<Held> sent = new ArrayList<>();
    boolean failing;

    Lane(StreamName stream) {
      this.stream = stream;
    }
  }

  private final TimerScheduler<Inlet.Command> timers;
  private final CreditReturn credits;
  private final Uplink uplink;
  private final ActorRef<Event> owner;
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
      ActorRef<Event> owner,
      LongSupplier nanos) {
    super(context);
    this.timers = timers;
    this.credits = new CreditReturn(context.getSelf());
    this.uplink = uplink;
    this.owner = owner;
    this.nanos = nanos;
  }

  public static Behavior<Inlet.Command> create(
      Uplink uplink, ActorRef<Event> owner, LongSupplier nanos) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Ingress.class);
                  return new Ingress(context, timers, uplink, owner, nanos);
                }));
  }

  @Override
  public Receive<Inlet.Command> createReceive() {
    return credits
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
        .build();
  }

  private Behavior<Inlet.Command> onOffer(Inlet.Offer offer) {
    var stream = offer.parcel().element().getStream();
    var lane = lanes.computeIfAbsent(stream, s -> new Lane(StreamName.parse(s)));
    lane.waiting.add(held(offer));
    if (lane.sent.isEmpty()) next(lane);
    return this;
  }

  private Behavior<Inlet.Command> onDelivered(Delivered delivered) {
    var lane = delivered.lane();
    if (lane.failing) getContext().getLog().info("{}: results are stored again", lane.stream);
    lane.failing = false;
    for (var held : lane.sent) credits.taken(held.producer(), held.weight());
    tellOrigins(lane, Set.copyOf(delivered.failed()));
    lane.sent.clear();
    if (lane.waiting.isEmpty()) lanes.remove(lane.stream.toString());
    else next(lane);
    return this;
  }

  /**
   * Tells every origin what is stored. Almost always there is only one, since a stream is generated
   * on one node at a time.
   */
  private void tellOrigins(Lane lane, Set<Long> failed) {
    var byOrigin = new HashMap<String, LongStream.Builder[]>();
    for (var held : lane.sent) {
      long seq = held.result().getSeq();
      byOrigin
          .computeIfAbsent(
              held.result().getOrigin(),
              origin -> new LongStream.Builder[] {LongStream.builder(), LongStream.builder()})[
          failed.contains(seq) ? 1 : 0]
          .add(seq);
    }
    byOrigin.forEach(
        (origin, seqs) ->
            owner.tell(
                new Acknowledged(
                    origin,
                    new Acknowledgement(
                        lane.stream, seqs[0].build().toArray(), seqs[1].build().toArray()))));
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
              String.valueOf(Causes.of(notDelivered.cause()).getMessage()));
    lane.failing = true;
    timers.startSingleTimer(lane.stream, new Retry(lane), RETRY);
    return this;
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
  private Held held(Inlet.Offer offer) {
    var parcel = offer.parcel();
    var element = parcel.element();
    boolean keep = element.getKeep() && element.hasPayload();
    var result =
        element.toBuilder()
            .setElapsedUs(parcel.ageUs(nanos.getAsLong()))
            .setKeep(keep)
            .clearPayload()
            .clearPath()
            .build();
    if (result.getSerializedSize() > MAX_RESULT_BYTES) result = tooLarge(result);
    var frame = keep ? Optional.of(element.getPayload()) : Optional.<Media>empty();
    return new Held(result, frame, parcel.weight(), offer.producer());
  }

  private static Element tooLarge(Element result) {
    var hops = result.getTraceList();
    var ending =
        Ending.newBuilder()
            .setKind(Ending.Kind.FAILED)
            .setStage(hops.isEmpty() ? "" : hops.get(hops.size() - 1).getStage())
            .setReason(
                "the result has %d bytes, %d can be stored: let stages put out less"
                    .formatted(result.getSerializedSize(), MAX_RESULT_BYTES));
    return result.toBuilder().clearOutputs().setEnding(ending).build();
  }
}
