package io.dayu.generate;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.generate.Unsettled.Flight;
import io.dayu.link.LinkSettings;
import io.dayu.link.Parcel;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.process.Paths;
import io.dayu.process.Plan;
import io.dayu.process.Router;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * Sends the elements of a stream, and sends them again when they are late, when a node on their
 * path is lost, or when they come back from the disk: each time with a path of its own and a higher
 * attempt. While the cloud is out of reach their way leads to the disk, if the pipeline wants that.
 * Belongs to one actor, whose messages tell what the disk did.
 */
final class Sender {
  private static final long SPOOL_RETRY_NANOS = Duration.ofSeconds(1).toNanos();

  private final ActorContext<Generator.Command> context;
  private final GenerateSettings settings;
  private final int maxElement;
  private final Generator.Identity identity;
  private final Router router;
  private final Routing routing;
  private final Unsettled unsettled;
  private final StreamCounts counts;
  private final Spool spool;
  private boolean spoolable = true;

  Sender(
      ActorContext<Generator.Command> context,
      GenerateSettings settings,
      LinkSettings links,
      Generator.Identity identity,
      Router router,
      Routing routing,
      Unsettled unsettled,
      StreamCounts counts) {
    this.context = context;
    this.settings = settings;
    this.maxElement = links.maxElement();
    this.identity = identity;
    this.router = router;
    this.routing = routing;
    this.unsettled = unsettled;
    this.counts = counts;
    this.spool = new Spool(identity.disk(), identity.stream(), settings.windowBytes() / 4);
  }

  /** An element's first step: to the stages, or to the disk. Only while the course is routed. */
  void start(Flight flight, long now) {
    if (routing.isOffline(Offline.SPOOL)) spool(flight, now);
    else send(flight, now);
  }

  /**
   * What goes through a node that was lost is sent around it; what had no way but through a node
   * that is back was given up meanwhile and need not wait until it is due.
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

  /** Those that were reported; the others have not had their moment yet. */
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

  /** What still waits here for credit has not been sent: a copy would only lengthen the queue. */
  private boolean waitsHere(Flight flight, long now) {
    boolean patient = now - flight.dueNanos < settings.maxResend().toNanos();
    return patient
        && routing.plan().roots().stream()
            .anyMatch(root -> router.waiting(flight.path.get(root)) > 0);
  }

  private void startAgain(Flight flight, long now) {
    if (!flight.base.hasEnding() && routing.isOffline(Offline.SPOOL)) {
      spool(flight, now);
      return;
    }
    counts.resent();
    context
        .getLog()
        .debug(
            "{}#{} is sent again, attempt {}",
            identity.stream(),
            flight.base.getSeq(),
            flight.attempt + 1);
    send(flight, now);
  }

  private void spool(Flight flight, long now) {
    flight.dueNanos = now + settings.maxResend().toNanos();
    context.pipeToSelf(spool.write(flight), (done, error) -> new Generator.Spooled(flight, error));
  }

  /**
   * The disk has answered. What it did not take is tried again soon.
   *
   * @return whether the element is safe
   */
  boolean spooled(Flight flight, Throwable error, long now) {
    if (error != null) {
      flight.dueNanos = now + SPOOL_RETRY_NANOS;
      if (spoolable)
        context
            .getLog()
            .warn(
                "{}: elements cannot wait on the disk now: {}",
                identity.stream(),
                Generator.unwrapped(error).getMessage());
    }
    spoolable = error == null;
    return spoolable;
  }

  /** Brings elements back from the disk, if some wait there and it is time. */
  void bring(long now) {
    if (!routing.isRouted() || routing.isOffline()) return;
    spool
        .next(unsettled, now)
        .ifPresent(
            reading ->
                context.pipeToSelf(
                    reading,
                    (found, error) -> new Generator.Brought(error == null ? found : List.of())));
  }

  /** What came from the disk goes to the stages, unless there is no way to them any more. */
  void brought(List<Element> elements, long nowMillis, long now) {
    spool.brought(elements);
    if (routing.isOffline() || !routing.isRouted()) {
      spool.rewind();
      return;
    }
    for (var element : elements) {
      long seq = element.getSeq();
      if (!unsettled.spooled().contains(seq) || unsettled.again().containsKey(seq)) continue;
      long age = Math.max(0, nowMillis - element.getCreatedAtMs());
      var flight = Flight.uncut(element, now - age * 1_000_000);
      unsettled.again().put(seq, flight);
      send(flight, now);
    }
  }

  /** What was brought back from the disk waits there again. */
  void rewind() {
    unsettled.again().clear();
    spool.rewind();
  }

  /**
   * Reports elements of an earlier run that cannot be made again. What of them was stored stays as
   * it is, and is acknowledged as that; what may still be on its way has a moment to arrive first.
   */
  void lost(List<SourceSpan> cuts, String reason, long nowMillis, long now) {
    for (var cut : cuts) {
      var element =
          Element.newBuilder()
              .setStream(identity.stream())
              .setSeq(cut.seq())
              .setOrigin(identity.node())
              .setCreatedAtMs(cut.createdAtMs() == 0 ? nowMillis : cut.createdAtMs())
              .setAttempt(1)
              .setEnding(failed(reason))
              .build();
      var flight = Flight.uncut(element, now);
      flight.dueNanos = now + settings.minResend().toNanos();
      unsettled.lost().put(cut.seq(), flight);
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
    flight.path = routing.path();
    flight.dueNanos = now + resendAfterNanos(flight.attempt);
    var element =
        flight.base.toBuilder()
            .setAttempt(flight.attempt)
            .setDecision(routing.decision())
            .addAllPath(Paths.steps(flight.path))
            .build();
    if (element.getSerializedSize() > maxElement) {
      fail(flight, element);
      return;
    }
    var plan = routing.plan();
    var parcel = new Parcel(element, flight.bornNanos, 0);
    for (var root : plan.roots()) router.send(flight.path.get(root), plan.instance(root), parcel);
  }

  /** No link would take it, now or later. */
  private void fail(Flight flight, Element element) {
    var reason =
        "the element has %d bytes, dayu.link.max-element is %d"
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
    router.send(identity.node(), Plan.OUTBOX, new Parcel(ended, flight.bornNanos, 0));
  }

  private long resendAfterNanos(int attempt) {
    // Before anything was measured nobody knows how slow the stages are: a copy would burden them.
    long usual =
        counts.slowMs() == 0
            ? settings.maxResend().toNanos() / 3
            : Math.max(settings.minResend().toNanos(), (long) (4 * counts.slowMs() * 1e6));
    return Math.min(settings.maxResend().toNanos(), usual << Math.min(attempt - 1, 4));
  }
}
