package io.dayu.generate;

import io.dayu.facts.NodeReport.StreamState;
import io.dayu.pipeline.StreamName;
import io.dayu.source.Knobs;
import io.dayu.stage.Causes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes in what the source of a stream gives: asks the {@link Feed} for it, has it cut and hands it
 * to the {@link Launcher}. It keeps the source as the pipeline wants it, open or paused, and says
 * in the {@link Standing} how it is. Belongs to one actor, which hands it the feed's events and
 * does what comes {@link Next}.
 */
final class Intake {
  /** What is to follow from what the source did. */
  sealed interface Next {
    enum Nothing implements Next {
      INSTANCE
    }

    /** {@link #open} is to be called after this time. */
    record OpenIn(Duration time) implements Next {}

    /**
     * The source gives nothing any more.
     *
     * @param why for people, who may have expected more of it
     */
    record Over(String why) implements Next {}
  }

  private static final String NO_THREAD =
      "waits for a thread: other sources of this node hold all there are; raise"
          + " dayu.dispatchers.sources.thread-pool-executor.fixed-pool-size of this node above the"
          + " number of its sources, and start it again";

  private static final Logger LOG = LoggerFactory.getLogger(Intake.class);

  private final StreamName stream;
  private final Feed feed;
  private final Cutter cutter;
  private final Numbering numbering;
  private final Routing routing;
  private final Unsettled unsettled;
  private final Launcher launcher;
  private final Standing standing;
  private final LongSupplier nanos;
  private Optional<Feed.Given> held = Optional.empty(); // came while the pipeline was paused
  private long told; // up to which position what is settled is kept, and the source knows

  /**
   * @param nanos a clock as {@link System#nanoTime}
   */
  Intake(
      StreamName stream,
      Feed feed,
      Cutter cutter,
      Numbering numbering,
      Routing routing,
      Unsettled unsettled,
      Launcher launcher,
      Standing standing,
      LongSupplier nanos) {
    this.stream = stream;
    this.feed = feed;
    this.cutter = cutter;
    this.numbering = numbering;
    this.routing = routing;
    this.unsettled = unsettled;
    this.launcher = launcher;
    this.standing = standing;
    this.nanos = nanos;
  }

  /** Reading begins at this position, before which all is settled. */
  void seek(long position) {
    cutter.seek(position);
    told = position;
  }

  /** The source's position behind all that was taken in. */
  long position() {
    return cutter.position();
  }

  void tune(Knobs knobs) {
    feed.tune(knobs);
  }

  /** Opens the source as soon as both a decision and a first sequence number are there. */
  void open() {
    if (!isPaused() && routing.hasDecision() && numbering.hasStarted())
      feed.open(cutter.position(), now());
  }

  /**
   * Asks the source for more, if there are numbers for it, and room; of one that rests there is
   * little more, which waits here for that.
   */
  void pull() {
    if (isPaused() && !feed.isResting() || !feed.isWaiting() || !numbering.has(Feed.MAX_BATCH))
      return;
    if (feed.isResting() || launcher.wantsMore()) feed.pull();
  }

  Next opened(Feed.Opened opened) {
    if (!feed.isCurrent(opened)) return Next.Nothing.INSTANCE;
    feed.waits(opened.source());
    pull();
    return Next.Nothing.INSTANCE;
  }

  /**
   * The back-off is not reset, so that a source which is lost again and again is opened less often.
   */
  Next reached(Feed.Reached reached) {
    if (!feed.isCurrent(reached)) return Next.Nothing.INSTANCE;
    feed.answers();
    readable();
    return Next.Nothing.INSTANCE;
  }

  Next threadFree() {
    feed.threadFree();
    standing.solved(NO_THREAD);
    return Next.Nothing.INSTANCE;
  }

  Next given(Feed.Given given) {
    if (!feed.isCurrent(given)) return Next.Nothing.INSTANCE;
    if (isPaused() && !feed.isResting()) {
      held = Optional.of(given);
      return Next.Nothing.INSTANCE;
    }
    return take(given);
  }

  private Next take(Feed.Given given) {
    long now = now();
    var pieces = given.pieces();
    if (pieces.get(0).segment().isPresent()) {
      readable();
      feed.works();
    }
    var lack = feed.lacksMemory(pieces);
    if (lack.isPresent()) {
      standing.has(lack.get());
      for (var piece : pieces) cut(List.of(piece), piece.shed(), now);
    } else {
      cut(pieces, false, now);
    }
    feed.taken(pieces);
    launcher.fill();
    var failure = pieces.get(pieces.size() - 1).failure();
    if (failure.isPresent()) return failed(new Feed.Failed(failure.get(), given.generation()));
    feed.waits(given.source());
    pull();
    return Next.Nothing.INSTANCE;
  }

  private void cut(List<SourceBatches.Piece> pieces, boolean shed, long now) {
    var segments = pieces.stream().flatMap(piece -> piece.segment().stream()).toList();
    double kept = routing.plan().spec().delivery().keepFramesPerSecond();
    launcher.take(cutter.cut(segments, kept, now), shed, now);
  }

  Next ended(Feed.Ended ended) {
    if (!feed.isCurrent(ended)) return Next.Nothing.INSTANCE;
    var next = release();
    if (!feed.isCurrent(ended)) return next;
    if (feed.isResting()) {
      feed.rested();
      open();
      return Next.Nothing.INSTANCE;
    }
    LOG.info("{}: the source has ended", stream);
    feed.ended();
    return new Next.Over("its source has ended before it");
  }

  Next failed(Feed.Failed failed) {
    if (!feed.isCurrent(failed)) return Next.Nothing.INSTANCE;
    var next = release();
    if (!feed.isCurrent(failed)) return next;
    var message = Causes.words(failed.cause());
    standing.has(message);
    var again = feed.failed(failed.cause(), now());
    if (again.isEmpty()) {
      standing.is(StreamState.FAILED);
      LOG.warn("{} cannot be read: {}", stream, message);
      return new Next.Over("its source cannot be read any more");
    }
    if (isPaused()) return Next.Nothing.INSTANCE; // it is opened again when it is to be read
    standing.is(StreamState.SOURCE_DOWN);
    LOG.warn(
        "{} is not readable now ({}), tried again in {} ms",
        stream,
        message,
        again.get().toMillis());
    return new Next.OpenIn(again.get());
  }

  private void readable() {
    standing.is(isPaused() ? StreamState.PAUSED : StreamState.RUNNING);
    standing.hasNoProblem();
  }

  /**
   * A source that wants to be told what is settled stays open, unread: opened again it would give
   * again what is in flight. What another one has given already is cut, for a live one would not
   * give it again.
   */
  void pause() {
    if (feed.isOver()) return;
    if (!feed.isListening()) feed.rest();
    // Before it is known where to begin, what is in flight is not known either.
    if (!numbering.hasStarted()) return;
    if (standing.state() == StreamState.SOURCE_DOWN) standing.hasNoProblem();
    standing.solved(NO_THREAD);
    standing.is(StreamState.PAUSED);
    LOG.info("{} is paused, {} elements are in flight", stream, unsettled.size());
  }

  Next resume() {
    if (feed.isOver()) return Next.Nothing.INSTANCE;
    standing.resumes(feed.isOpen() ? StreamState.RUNNING : StreamState.STARTING);
    LOG.info("{} goes on", stream);
    var next = release();
    open();
    pull();
    return next;
  }

  /** Cuts what came while the pipeline was paused. */
  private Next release() {
    var given = held.filter(feed::isCurrent);
    held = Optional.empty();
    return given.isPresent() ? take(given.get()) : Next.Nothing.INSTANCE;
  }

  /** To be called from time to time: says so if the source waits for a thread. */
  void look() {
    if (!feed.lacksThread(now()) || standing.hasProblem(NO_THREAD)) return;
    standing.has(NO_THREAD);
    LOG.warn("{} {}", stream, NO_THREAD);
  }

  /** Whether the source wants to know what is settled. */
  boolean isListening() {
    return feed.isListening();
  }

  /** All before this position is settled, durably. */
  void tellSettled(long upTo) {
    feed.tellSettled(upTo);
    told = Math.max(told, upTo);
  }

  /** As {@link #tellSettled}, after the last event. Safe for any thread. */
  void tellLast(long upTo) {
    feed.tellSettled(upTo);
  }

  /**
   * Of a stopped pipeline, a source that wants to be told what is settled is closed when there is
   * nothing more to tell: it may give again what was held back, and nothing that has a number.
   */
  void closeIfStopped() {
    boolean settled = unsettled.size() == 0 && told >= cutter.position();
    if (!routing.plan().isStopped() || !feed.isListening() || !feed.isOpen() || !settled) return;
    held = Optional.empty();
    feed.rest();
  }

  /** Stops reading for good. */
  void close() {
    feed.close();
  }

  /** Whether nothing comes any more. */
  boolean isOver() {
    return feed.isOver();
  }

  private boolean isPaused() {
    return routing.plan().isPaused();
  }

  private long now() {
    return nanos.getAsLong();
  }
}
