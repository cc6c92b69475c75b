package io.dayu.generate;

import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import io.dayu.facts.Acknowledged;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.generate.Pending.Flight;
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
  private final Pending pending;
  private final Accounts accounts;
  private final Numbering numbering;
  private final Forgetting forgetting;

  Window(
      GenerateSettings settings,
      Generator.Identity identity,
      Pending pending,
      Accounts accounts,
      Numbering numbering,
      Forgetting forgetting) {
    boolean live = identity.provider().descriptor().live();
    this.settings = settings;
    this.shed = identity.source().shed().orElse(live ? Shed.OLDEST : Shed.NONE);
    this.limit =
        new InFlightLimit(
            settings.minWindow(),
            settings.maxWindow(),
            identity.plan().spec().objective().latency(),
            System.nanoTime());
    this.pending = pending;
    this.accounts = accounts;
    this.numbering = numbering;
    this.forgetting = forgetting;
  }

  /** An element was cut and waits. */
  void add(Element element, long now, Cut cut) {
    pending.add(element, now, cut);
  }

  /** Whether what has no room is given up; otherwise the source waits. */
  boolean sheds() {
    return shed != Shed.NONE;
  }

  /** Whether more wait than may. */
  boolean isOverfull() {
    return pending.waiting() > settings.liveBuffer();
  }

  void shedOne() {
    if (shed == Shed.OLDEST) pending.dropOldest();
    else pending.dropNewest();
    accounts.shed();
  }

  /** Whether one more element would have to wait. */
  boolean isFull(long now) {
    return pending.waiting() > 0 || pending.inFlight() >= limit.current(now);
  }

  /** Whether an element that waits may leave. */
  boolean hasRoom(long now) {
    return pending.inFlight() < limit.current(now)
        && (pending.inFlight() == 0 || pending.bytes() < settings.windowBytes());
  }

  /** The element that has waited longest is on its way from now on. */
  Flight launch(long now) {
    // Until now there was nothing to wait for.
    if (pending.inFlight() == 0) accounts.idleAt(now);
    return pending.launch();
  }

  void acked(Acknowledged ack, long now) {
    var round = new Round(now, pending.inFlight());
    for (long seq : ack.delivered()) land(seq, true, round);
    for (long seq : ack.failed()) land(seq, false, round);
    landed(round);
  }

  private void land(long seq, boolean ok, Round round) {
    var landed = pending.land(seq);
    if (landed.isPresent()) {
      accounts.done(ok, (round.now - landed.get().bornNanos) / 1_000);
      round.add(landed.get());
      return;
    }
    if (pending.landOutside(seq)) accounts.done(ok);
    // Otherwise the acknowledgement of an earlier attempt.
    forgetting.settled(seq);
  }

  /** Results are safe in the outbox. */
  void kept(Ranges seqs, long now) {
    var round = new Round(now, pending.inFlight());
    seqs.forEach(
        seq -> {
          pending.keepResult(seq).ifPresent(round::add);
          // Another attempt was stored meanwhile.
          if (!pending.isOpen(seq) && numbering.hasTaken(seq)) forgetting.settled(seq);
        });
    landed(round);
  }

  /** The element is safe on the disk, to be worked on later. */
  void spooled(Flight flight, long now) {
    long seq = flight.base.getSeq();
    var round = new Round(now, pending.inFlight());
    pending.spool(seq).ifPresent(round::add);
    // The disk has it no sooner than it was settled by another way.
    if (!pending.isOpen(seq)) forgetting.settled(seq);
    landed(round);
  }

  private void landed(Round round) {
    if (round.count == 0) return;
    accounts.acknowledgedAt(round.now);
    limit.observe(round.now, (double) round.sumUs / round.count, round.count, round.before);
  }

  StreamReport report(String stream, StreamState state, long decision, Optional<String> problem) {
    var latency = accounts.latencyMs(50, 95, 99);
    return new StreamReport(
        stream,
        state,
        accounts.ledger(pending.size()),
        decision,
        limit.current(System.nanoTime()),
        accounts.perSecond(),
        latency[0],
        latency[1],
        latency[2],
        accounts.resentCount(),
        accounts.longestGapMs(),
        problem);
  }
}
