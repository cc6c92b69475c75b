package io.dayu.deliver;

import io.dayu.element.Element;
import io.dayu.link.Inlet;
import io.dayu.link.Owed;
import io.dayu.link.Parcel;
import io.dayu.uplink.Uplink;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Where results enter a cloud node: gathers those of a stream while its last batch is being stored
 * and hands them to the stream's distributor. Spawned by the controller of a cloud node. Nothing is
 * given up here: while the store is away batches are tried again and producers get no credit.
 */
public final class Ingress extends AbstractBehavior<Inlet.Command> {
  private static final int MAX_BATCH = 1_000;
  private static final long MAX_BATCH_BYTES = 4L << 20;
  private static final Duration RETRY = Duration.ofMillis(500);

  private record Stored(String stream) implements Inlet.Command {}

  private record NotStored(String stream, Throwable cause) implements Inlet.Command {}

  private record Retry(String stream) implements Inlet.Command {}

  private record Held(Element element, int weight, ActorRef<Inlet.Grant> producer) {}

  private static final class Lane {
    final ArrayDeque<Held> waiting = new ArrayDeque<>(); // bounded by the producers' windows
    final List<Held> sent = new ArrayList<>();
    boolean failing;
  }

  private final TimerScheduler<Inlet.Command> timers;
  private final Owed owed;
  private final Uplink uplink;
  private final Map<String, Lane> lanes = new HashMap<>(); // only streams with something to store

  private Ingress(
      ActorContext<Inlet.Command> context, TimerScheduler<Inlet.Command> timers, Uplink uplink) {
    super(context);
    this.timers = timers;
    this.owed = new Owed(context.getSelf());
    this.uplink = uplink;
  }

  public static Behavior<Inlet.Command> create(Uplink uplink) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Ingress.class);
                  return new Ingress(context, timers, uplink);
                }));
  }

  @Override
  public Receive<Inlet.Command> createReceive() {
    return owed.receive(newReceiveBuilder())
        .onMessage(Inlet.Offer.class, this::onOffer)
        .onMessage(Stored.class, this::onStored)
        .onMessage(NotStored.class, this::onNotStored)
        .onMessage(
            Retry.class,
            retry -> {
              hand(retry.stream(), lanes.get(retry.stream()));
              return this;
            })
        .build();
  }

  private Behavior<Inlet.Command> onOffer(Inlet.Offer offer) {
    var stream = offer.parcel().element().getStream();
    var lane = lanes.computeIfAbsent(stream, s -> new Lane());
    lane.waiting.add(new Held(result(offer.parcel()), offer.parcel().weight(), offer.producer()));
    if (lane.sent.isEmpty()) next(stream, lane);
    return this;
  }

  private Behavior<Inlet.Command> onStored(Stored stored) {
    var lane = lanes.get(stored.stream());
    if (lane.failing) getContext().getLog().info("{}: results are stored again", stored.stream());
    lane.failing = false;
    for (var held : lane.sent) owed.taken(held.producer(), held.weight());
    lane.sent.clear();
    if (lane.waiting.isEmpty()) lanes.remove(stored.stream());
    else next(stored.stream(), lane);
    return this;
  }

  private Behavior<Inlet.Command> onNotStored(NotStored notStored) {
    var lane = lanes.get(notStored.stream());
    if (!lane.failing)
      getContext()
          .getLog()
          .warn(
              "{}: {} results cannot be stored now and are tried again every {} ms: {}",
              notStored.stream(),
              lane.sent.size(),
              RETRY.toMillis(),
              String.valueOf(notStored.cause().getMessage()));
    lane.failing = true;
    timers.startSingleTimer(notStored.stream(), new Retry(notStored.stream()), RETRY);
    return this;
  }

  private void next(String stream, Lane lane) {
    long bytes = 0;
    while (!lane.waiting.isEmpty() && lane.sent.size() < MAX_BATCH && bytes < MAX_BATCH_BYTES) {
      var held = lane.waiting.poll();
      lane.sent.add(held);
      bytes += held.weight();
    }
    hand(stream, lane);
  }

  private void hand(String stream, Lane lane) {
    var elements = lane.sent.stream().map(Held::element).toList();
    getContext()
        .pipeToSelf(
            deliver(stream, elements),
            (done, error) -> error == null ? new Stored(stream) : new NotStored(stream, error));
  }

  private CompletionStage<Done> deliver(String stream, List<Element> elements) {
    try {
      return uplink.deliver(stream, elements);
    } catch (RuntimeException e) {
      // Nobody would ever answer for this batch, and the stream's others wait behind it.
      return CompletableFuture.failedStage(e);
    }
  }

  /**
   * The element as it is stored: its age is final, its payload only there if it is kept, and where
   * it has been is in its trace.
   */
  private static Element result(Parcel parcel) {
    var element =
        parcel.element().toBuilder().setElapsedUs(parcel.ageUs(System.nanoTime())).clearPath();
    if (!element.getKeep()) element.clearPayload();
    return element.build();
  }
}
