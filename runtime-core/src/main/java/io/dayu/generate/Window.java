package io.dayu.generate;

import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.generate.Unsettled.Flight;
import io.dayu.pipeline.PipelineSpec.Shed;
import java.util.Optional;

/**
 * The in-flight window of a stream: how many elements may be on their way, which leave it, and how
 * that counts. Whatever becomes of an element, it is counted once. Belongs to one actor.
 */
final class Window {
  /** Elements that leave the window together. */
  private static final class Round {
    final long now;
    final int before;
    long sumUs;
    int count;

    Round(long now, int before) {
      this.now = now;
      this.before = before;
    }

    /** The window answers for the way, not for the wait before it. */
    void add(Flight flight) {
      sumUs += (now - flight.sentNanos) / 1_000;
      count++;
    }
  }

  private final GenerateSettings settings;
  private final Shed shed;
  private final InFlightLimit limit;
  private final Unsettled unsettled;
  private final StreamCounts counts;
  private final Numbering numbering;
  private final SettledNumbers settledNumbers;

  Window(
      GenerateSettings settings,
      Generator.Identity identity,
      Unsettled unsettled,
      StreamCounts counts,
      Numbering numbering,
      SettledNumbers settledNumbers) {
    boolean live = identity.provider().descriptor().live();
    this.settings = settings;
    this.shed = identity.source().shed().orElse(live ? Shed.OLDEST : Shed.NONE);
    this.limit =
        new InFlightLimit(
            settings.minWindow(),
            settings.maxWindow(),
            identity.plan().spec().objective().latency(),
            System.nanoTime());
    this.unsettled = unsettled;
    this.counts = counts;
    this.numbering = numbering;
    this.settledNumbers = settledNumbers;
  }

  /** An element was cut and waits. */
  void add(Element element, long now, SourceSpan cut) {
    unsettled.add(element, now, cut);
  }

  /** Whether what has no room is given up; otherwise the source waits. */
  boolean sheds() {
    return shed != Shed.NONE;
  }

  /** Whether more wait than may. */
  boolean isOverfull() {
    return unsettled.waiting() > settings.liveBuffer();
  }

  void shedOne() {
    if (shed == Shed.OLDEST) unsettled.dropOldest();
    else unsettled.dropNewest();
    counts.shed();
  }

  /** Whether one more element would have to wait. */
  boolean isFull(long now) {
    return unsettled.waiting() > 0 || unsettled.inFlight() >= limit.current(now);
  }

  /** Whether an element that waits may leave. */
  boolean hasRoom(long now) {
    return unsettled.inFlight() < limit.current(now)
        && (unsettled.inFlight() == 0 || unsettled.bytes() < settings.windowBytes());
  }

  /** The element that has waited longest is on its way from now on. */
  Flight launch(long now) {
    // Until now there was nothing to wait for.
    if (unsettled.inFlight() == 0) counts.idleAt(now);
    return unsettled.launch();
  }

  void acknowledged(Acknowledgement ack, long now) {
    var round = new Round(now, unsettled.inFlight());
    for (long seq : ack.delivered()) land(seq, true, round);
    for (long seq : ack.failed()) land(seq, false, round);
    landed(round);
  }

  private void land(long seq, boolean ok, Round round) {
    var landed = unsettled.land(seq);
    if (landed.isPresent()) {
      counts.done(ok, (round.now - landed.get().bornNanos) / 1_000);
      round.add(landed.get());
      return;
    }
    if (unsettled.landOutside(seq)) counts.done(ok);
    // Otherwise the acknowledgement of an earlier attempt.
    settledNumbers.settled(seq);
  }

  /** Results are safe in the outbox. */
  void kept(Ranges seqs, long now) {
    var round = new Round(now, unsettled.inFlight());
    seqs.forEach(
        seq -> {
          unsettled.keepResult(seq).ifPresent(round::add);
          // Another attempt was stored meanwhile.
          if (!unsettled.isOpen(seq) && numbering.hasTaken(seq)) settledNumbers.settled(seq);
        });
    landed(round);
  }

  /** The element is safe on the disk, to be worked on later. */
  void spooled(Flight flight, long now) {
    long seq = flight.base.getSeq();
    var round = new Round(now, unsettled.inFlight());
    unsettled.spool(seq).ifPresent(round::add);
    // The disk has it no sooner than it was settled by another way.
    if (!unsettled.isOpen(seq)) settledNumbers.settled(seq);
    landed(round);
  }

  private void landed(Round round) {
    if (round.count == 0) return;
    counts.acknowledgedAt(round.now);
    limit.observe(round.now, (double) round.sumUs / round.count, round.count, round.before);
  }

  StreamReport report(String stream, StreamState state, long decision, Optional<String> problem) {
    var latency = counts.latencyMs(50, 95, 99);
    return new StreamReport(
        stream,
        state,
        counts.ledger(unsettled.size()),
        decision,
        limit.current(System.nanoTime()),
        counts.perSecond(),
        latency[0],
        latency[1],
        latency[2],
        counts.resentCount(),
        counts.longestGapMs(),
        problem);
  }
}
