package io.dayu.generate;

import io.dayu.element.Element;
import io.dayu.element.Element.Unstored;
import io.dayu.element.Ending;
import io.dayu.facts.InstanceName;
import io.dayu.generate.Unsettled.Flight;
import io.dayu.link.Parcel;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Router;
import io.dayu.stage.Causes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the elements of a stream, and sends them again when they are late, when a node on their
 * path is lost, or when they come back from the disk: each time with a path of its own and a higher
 * attempt. While the cloud is out of reach, elements are written to the disk instead if the
 * pipeline says {@code spool}. Belongs to one actor, which is told by {@link Event events} what the
 * disk did.
 */
final class Sender {
  /** What the disk did. */
  sealed interface Event extends Generator.Command {}

  /** The element is on the disk, unless there was an error. */
  record Spooled(Flight flight, Optional<Throwable> error) implements Event {}

  /** Elements came from the disk; none if there was an error, or there are no more. */
  record Brought(List<Element> elements, Optional<Throwable> error) implements Event {}

  private static final Logger LOG = LoggerFactory.getLogger(Sender.class);
  private static final long SPOOL_RETRY_NANOS = Duration.ofSeconds(1).toNanos();

  private final GenerateSettings settings;
  private final int maxElement;
  private final boolean live;
  private final StreamName stream;
  private final String node;
  private final Router router;
  private final Routing routing;
  private final Unsettled unsettled;
  private final Spool spool;
  private final Supplier<OptionalDouble> slowMs;
  private final Consumer<CompletionStage<? extends Event>> later;
  private boolean spoolable = true;
  private boolean readable = true;
  private long resent;

  /**
   * @param maxElement largest element in bytes that a link takes
   * @param live whether the source cannot wait: then results come back while the cloud can be
   *     reached and cannot store them, unless the pipeline gives such elements up
   * @param slowMs a generous latency of the stream, once one was measured
   * @param later sends the event of the stage to the actor; the stage never fails
   */
  Sender(
      GenerateSettings settings,
      int maxElement,
      boolean live,
      StreamName stream,
      String node,
      Router router,
      Routing routing,
      Unsettled unsettled,
      Spool spool,
      Supplier<OptionalDouble> slowMs,
      Consumer<CompletionStage<? extends Event>> later) {
    this.settings = settings;
    this.maxElement = maxElement;
    this.live = live;
    this.stream = stream;
    this.node = node;
    this.router = router;
    this.routing = routing;
    this.unsettled = unsettled;
    this.spool = spool;
    this.slowMs = slowMs;
    this.later = later;
  }

  /** Elements sent more than once. */
  long resent() {
    return resent;
  }

  /**
   * An element's first step: to the stages, or to the disk; to the outbox if it has ended at its
   * source. Only while the stream is routed.
   */
  void start(Flight flight, long now) {
    if (!flight.base.hasEnding() && routing.isOffline(Offline.SPOOL)) spool(flight, now);
    else send(flight, now);
  }

  /**
   * Elements whose path leads through a node that is lost are sent again around it. Elements whose
   * path leads through a node that is back were given up by the link meanwhile, so they are sent
   * again at once and not only when they are due.
   *
   * @param turned nodes that are lost or back
   * @param all whether all in the window are sent again, whatever their path
   */
  void turn(Set<String> turned, boolean all, long now) {
    if (!routing.isRouted()) return;
    for (var flight : unsettled.flights())
      if (all || passes(flight, turned)) startAgain(flight, now);
    for (var flight : unsettled.again().values())
      if (passes(flight, turned)) startAgain(flight, now);
    if (all) askForLost(now);
  }

  private static boolean passes(Flight flight, Set<String> nodes) {
    return flight.path.values().stream().anyMatch(nodes::contains);
  }

  /** Acknowledgements may have been lost: sends again all that was sent. */
  void ask(long now) {
    if (!routing.isRouted()) return;
    for (var flight : unsettled.flights()) if (!waitsHere(flight, now)) startAgain(flight, now);
    for (var flight : unsettled.again().values()) startAgain(flight, now);
    askForLost(now);
  }

  /**
   * Sends again the lost elements that were reported before; the others still wait, see {@link
   * #lost}.
   */
  private void askForLost(long now) {
    for (var flight : unsettled.lost().values())
      if (flight.attempt > flight.base.getAttempt()) startAgain(flight, now);
  }

  /** Sends again what is due. */
  void sweep(long now) {
    if (!routing.isRouted()) return;
    for (var flight : unsettled.flights()) startIfDue(flight, now);
    for (var flight : unsettled.again().values()) startIfDue(flight, now);
    for (var flight : unsettled.lost().values()) startIfDue(flight, now);
  }

  private void startIfDue(Flight flight, long now) {
    if (now - flight.dueNanos > 0 && !waitsHere(flight, now)) startAgain(flight, now);
  }

  /**
   * Whether the element may still wait on this node for credit: then it was not sent yet, and a
   * copy would only lengthen the queue.
   */
  private boolean waitsHere(Flight flight, long now) {
    boolean patient = now - flight.dueNanos < settings.maxResend().toNanos();
    return patient
        && routing.plan().roots().stream()
            // There is no node for an element that was not sent, or was sent by another plan.
            .flatMap(root -> Stream.ofNullable(flight.path.get(root)))
            .anyMatch(node -> router.waiting(node) > 0);
  }

  private void startAgain(Flight flight, long now) {
    if (!flight.base.hasEnding() && routing.isOffline(Offline.SPOOL)) {
      spool(flight, now);
      return;
    }
    resent++;
    LOG.debug("{}#{} is sent again, attempt {}", stream, flight.base.getSeq(), flight.attempt + 1);
    send(flight, now);
  }

  private void spool(Flight flight, long now) {
    flight.sentNanos = now;
    flight.dueNanos = now + settings.maxResend().toNanos();
    later.accept(
        spool
            .write(flight)
            .handle((done, error) -> new Spooled(flight, Optional.ofNullable(error))));
  }

  /**
   * Handles the answer of the disk. An element that the disk did not take is tried again soon.
   *
   * @return whether the element is safe
   */
  boolean spooled(Spooled spooled, long now) {
    spooled
        .error()
        .ifPresent(
            error -> {
              spooled.flight().dueNanos = now + SPOOL_RETRY_NANOS;
              if (spoolable)
                LOG.warn(
                    "{}: elements cannot wait on the disk now: {}", stream, Causes.words(error));
            });
    spoolable = spooled.error().isEmpty();
    return spoolable;
  }

  /** Brings elements back from the disk, if some wait there and it is time. */
  void bring(long now) {
    if (!routing.isRouted() || routing.isOffline()) return;
    spool
        .next(unsettled, now)
        .ifPresent(
            reading ->
                later.accept(
                    reading.handle(
                        (found, error) ->
                            new Brought(
                                error == null ? found : List.of(), Optional.ofNullable(error)))));
  }

  /**
   * Sends elements that came from the disk to the stages, unless the cloud is out of reach again or
   * the stream has no route.
   */
  void brought(Brought brought, long nowMillis, long now) {
    brought
        .error()
        .filter(error -> readable)
        .ifPresent(
            error ->
                LOG.warn(
                    "{}: elements that wait on the disk cannot be read now: {}",
                    stream,
                    Causes.words(error)));
    readable = brought.error().isEmpty();
    spool.brought(brought.elements());
    if (routing.isOffline() || !routing.isRouted()) {
      spool.rewind();
      return;
    }
    for (var element : brought.elements()) {
      long seq = element.getSeq();
      if (!unsettled.spooled().contains(seq) || unsettled.again().containsKey(seq)) continue;
      long age = Math.max(0, nowMillis - element.getCreatedAtMs());
      var flight = Flight.uncut(element, now - age * 1_000_000);
      unsettled.again().put(seq, flight);
      send(flight, now);
    }
  }

  /** Elements that were brought back from the disk wait there again. */
  void rewind() {
    unsettled.again().clear();
    spool.rewind();
  }

  /**
   * Reports elements of an earlier run that cannot be made again. Results that are stored already
   * stay as they are, and are acknowledged as such. The report waits for {@code
   * dayu.generate.min-resend}, so that results which are still in flight arrive first.
   */
  void lost(List<SourceSpan> spans, String reason, long nowMillis, long now) {
    var name = stream.toString();
    for (var span : spans) {
      var element =
          Element.newBuilder()
              .setStream(name)
              .setSeq(span.seq())
              .setOrigin(node)
              .setCreatedAtMs(span.createdAtMs() == 0 ? nowMillis : span.createdAtMs())
              .setAttempt(1)
              .setEnding(failed(reason))
              .build();
      var flight = Flight.uncut(element, now);
      flight.dueNanos = now + settings.minResend().toNanos();
      unsettled.lost().put(span.seq(), flight);
    }
  }

  private void send(Flight flight, long now) {
    flight.attempt++;
    flight.sentNanos = now;
    if (flight.base.hasEnding()) {
      flight.dueNanos = now + settings.maxResend().toNanos() / 3;
      report(flight, flight.base.toBuilder().setAttempt(flight.attempt).build());
      return;
    }
    var path = routing.path();
    flight.path = path.nodes();
    flight.dueNanos = now + resendAfterNanos(flight.attempt);
    var element =
        flight.base.toBuilder()
            .setAttempt(flight.attempt)
            .setDecision(routing.decision())
            .setUnstored(unstored())
            .setSide(routing.side())
            .addAllPath(path.steps())
            .build();
    if (element.getSerializedSize() > maxElement) {
      fail(flight, element);
      return;
    }
    var plan = routing.plan();
    var parcel = new Parcel(element, flight.bornNanos, 0);
    for (var root : plan.roots()) router.send(flight.node(root), plan.instance(root), parcel);
  }

  private Unstored unstored() {
    boolean kept = live && routing.plan().spec().delivery().offline() != Offline.SHED;
    return kept ? Unstored.AT_ORIGIN : Unstored.AT_CLOUD;
  }

  /** Reports an element as failed that is too large for any link. */
  private void fail(Flight flight, Element element) {
    var reason =
        "the element has %s bytes, dayu.link.max-element is %s"
            .formatted(element.getSerializedSize(), maxElement);
    report(flight, element.toBuilder().clearPayload().setEnding(failed(reason)).build());
  }

  private Ending failed(String reason) {
    return Ending.newBuilder()
        .setKind(Ending.Kind.FAILED)
        .setStage(routing.plan().order().get(0).id())
        .setReason(reason)
        .build();
  }

  private void report(Flight flight, Element ended) {
    router.send(node, InstanceName.OUTBOX, new Parcel(ended, flight.bornNanos, 0));
  }

  private long resendAfterNanos(int attempt) {
    var slow = slowMs.get();
    // Before the first measurement the stages may be slow, and a copy would burden them more: wait
    // long.
    long usual =
        slow.isEmpty()
            ? settings.maxResend().toNanos() / 3
            : Math.max(settings.minResend().toNanos(), (long) (4 * slow.getAsDouble() * 1e6));
    // A live source cannot wait long for what a fault has taken.
    int most = live ? 1 : 4;
    return Math.min(settings.maxResend().toNanos(), usual << Math.min(attempt - 1, most));
  }
}
