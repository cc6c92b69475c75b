package io.dayu.generate;

import io.dayu.deliver.Ranges;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.NodeReport.Latency;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.NodeReport.Traffic;
import io.dayu.generate.Unsettled.Flight;
import io.dayu.pipeline.PipelineSpec.Shed;
import io.dayu.pipeline.StreamName;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;

/**
 * The in-flight window of a stream: how many elements may be in flight, which elements leave the
 * window, and how they are counted. Every element is counted exactly once. Belongs to one actor.
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

    /** Adds the time since the element was sent; its wait for the window does not count. */
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
  private final LongConsumer settled;
  private final Stall stall = new Stall();

  /**
   * @param objective the stream's latency objective
   * @param settled is told of numbers that need not wait on the disk any more
   */
  Window(
      GenerateSettings settings,
      Shed shed,
      Duration objective,
      Unsettled unsettled,
      StreamCounts counts,
      LongConsumer settled,
      long nowNanos) {
    this.settings = settings;
    this.shed = shed;
    this.limit = new InFlightLimit(settings.minWindow(), settings.maxWindow(), objective, nowNanos);
    this.unsettled = unsettled;
    this.counts = counts;
    this.settled = settled;
  }

  /** Goes on with what an earlier run left. */
  void restore(Checkpoints.Start start) {
    var progress = start.resumed().progress();
    var kept = start.kept();
    counts.restore(progress);
    unsettled.restore(
        start.onDisk().results().where(kept::contains),
        start.onDisk().elements().where(kept::contains));
    unsettled.restoreRetries(start.resumed().retries());
    unsettled.replayed().restore(start.resumed().replayed(), progress.readTo());
    // Entries that were settled by the earlier run but not removed from the disk.
    start.onDisk().all().where(seq -> !kept.contains(seq)).forEach(settled);
  }

  /** Adds an element that was cut and now waits for room in the window. */
  void add(Cutter.Made made, long now) {
    if (made.fresh()) counts.generated();
    unsettled.add(made.element(), now, made.span());
  }

  /** Adds an element that was given up before it was cut. */
  void shed(Cutter.Made made, long now) {
    add(made, now);
    unsettled.dropNewest();
    counts.shed();
  }

  /** An element is on the disk, to be sent in place of one that failed. */
  void retry(SourceSpan span) {
    counts.generated();
    unsettled.retry(span);
  }

  /** Some elements that count as generated will be cut and counted again, under new numbers. */
  void renumbered(int count) {
    counts.renumbered(count);
  }

  /** Whether elements without room in the window are given up; otherwise the source waits. */
  boolean sheds() {
    return shed != Shed.NONE;
  }

  /**
   * Whether more elements wait than {@code dayu.generate.live-buffer} allows; in a {@link Stall},
   * whether one waits longer than {@code live-patience} or they take a quarter of {@code
   * window-bytes}.
   */
  boolean isOverfull(long now) {
    if (unsettled.waiting() <= settings.liveBuffer()) return false;
    return !stall.excuses(now)
        || now - unsettled.oldestWaiting() > settings.livePatience().toNanos()
        || unsettled.waitingBytes() > settings.windowBytes() / 4;
  }

  void shedOne() {
    if (shed == Shed.OLDEST) unsettled.dropOldest();
    else unsettled.dropNewest();
    counts.shed();
  }

  /**
   * Whether elements wait, or as many are on their way as may. Bytes do not count here: where they
   * fill the window, one batch is read ahead and waits.
   */
  boolean isFull(long now) {
    return unsettled.waiting() > 0 || unsettled.inFlight() >= limit.current(now);
  }

  /** Whether an element that waits may leave. */
  boolean hasRoom(long now) {
    return unsettled.inFlight() < limit.current(now)
        && (unsettled.inFlight() == 0 || unsettled.bytes() < settings.windowBytes());
  }

  /** Moves the element that has waited longest into the window. */
  Flight launch(long now) {
    // Nothing was in flight: the time until now is not a gap between acknowledgements.
    if (unsettled.inFlight() == 0) {
      counts.idleAt(now);
      stall.begins(now);
    }
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
      if (landed.get().base.hasEnding()) {
        // It saw no stage, so its time says nothing of the others.
        counts.acknowledgedAt(round.now);
        counts.done(ok);
        return;
      }
      counts.done(ok, (round.now - landed.get().bornNanos) / 1_000);
      round.add(landed.get());
      return;
    }
    if (unsettled.landOutside(seq)) counts.done(ok);
    // If neither holds, the element was settled before: this acknowledges another attempt.
    settled.accept(seq);
  }

  /**
   * Results are safe in the outbox.
   *
   * @param ofThisRun whether a number was given since the stream was started here
   */
  void kept(Ranges seqs, LongPredicate ofThisRun, long now) {
    var round = new Round(now, unsettled.inFlight());
    seqs.forEach(
        seq -> {
          unsettled
              .keepResult(seq)
              .filter(flight -> !flight.base.hasEnding())
              .ifPresent(round::add);
          // An element that is no longer open was settled meanwhile by another attempt.
          if (!unsettled.isOpen(seq) && ofThisRun.test(seq)) settled.accept(seq);
        });
    landed(round);
  }

  /** The element is safe on the disk, to be worked on later. */
  void spooled(Flight flight, long now) {
    long seq = flight.base.getSeq();
    var round = new Round(now, unsettled.inFlight());
    unsettled.spool(seq).ifPresent(round::add);
    // The element may have been settled while it was being written; then the entry can be removed.
    if (!unsettled.isOpen(seq)) settled.accept(seq);
    landed(round);
  }

  private void landed(Round round) {
    if (round.count == 0) return;
    counts.acknowledgedAt(round.now);
    stall.moved(round.now);
    limit.observe(round.now, (double) round.sumUs / round.count, round.count, round.before);
  }

  /**
   * @param resent elements sent more than once
   */
  StreamReport report(
      StreamName stream,
      StreamState state,
      long decision,
      long resent,
      Optional<String> problem,
      long now) {
    var latency = counts.latencyMs(50, 95, 99);
    return new StreamReport(
        stream,
        state,
        decision,
        counts.ledger(unsettled.size()),
        new Traffic(limit.current(now), counts.perSecond(), resent, counts.longestGapMs()),
        new Latency(latency[0], latency[1], latency[2]),
        problem);
  }
}
