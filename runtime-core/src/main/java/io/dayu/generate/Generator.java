package io.dayu.generate;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.deliver.FailedStore;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.Decision;
import io.dayu.facts.FailedElements;
import io.dayu.facts.FailureCause;
import io.dayu.facts.NodeReport.KeptFailed;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.link.Backoff;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSettings;
import io.dayu.pipeline.PipelineSpec.KeepFailed;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.PipelineSpec.Shed;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plan;
import io.dayu.process.Router;
import io.dayu.side.Sides;
import io.dayu.source.Access;
import io.dayu.source.Repeat;
import io.dayu.source.SourceProvider;
import io.dayu.stage.Causes;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.slf4j.Logger;

/**
 * Reads one source and answers for its elements until each is acknowledged. Spawned by the
 * controller of the source's node, one per stream.
 *
 * <p>In order:
 *
 * <ol>
 *   <li>{@link Checkpoints} look where to begin: {@link Checkpoints.Found}, or {@link
 *       Checkpoints.NotFound} and once more after a second. Numbers are reserved with it.
 *   <li>The first {@link Follow} brings the decision. With both, the {@link Feed} opens the source.
 *   <li>{@link Feed.Given} is a batch of segments. The {@link Cutter} numbers them, and notes that
 *       on the disk; the elements wait for the {@link Window}. The next batch is asked for when the
 *       window has room, of a live source at once.
 *   <li>As long as the window has room the {@link Sender} gives an element its path and offers it
 *       to the processors of the first stages, or writes it to the disk while the cloud is out of
 *       reach and the pipeline says {@code spool}.
 *   <li>{@link Acknowledged} frees its place: its result is stored. {@link Kept} frees it, too: its
 *       result is in this node's outbox. What has no place is shed by a live source, counted, and
 *       held back by one that can wait.
 *   <li>An element that is late, or whose path leads through a node that is suspect ({@link
 *       Suspects}), is sent again with a higher attempt; all are when acknowledgements may have
 *       been lost ({@link Unanswered}).
 *   <li>Every 200 ms the progress is kept, and numbers are reserved: {@link Checkpoints.Saved}.
 *       Only then is what was settled removed from the disk, and the source told of it.
 *   <li>A source that fails ({@link Feed.Failed}) is opened again with back-off. When it has ended
 *       and nothing is open any more, the stream is completed.
 *   <li>A {@link Change} to a plan that is paused closes the source, or asks one that wants to be
 *       told what is settled for nothing more; the next one that is not reads on where it was left.
 *       What is in flight is finished meanwhile. That source is closed, too, when the plan is
 *       stopped and it has been told of all.
 *   <li>What failed is kept where the pipeline says so, and {@link Retry} sends it again under a
 *       new number: {@link Failures}.
 *   <li>{@link Drain} and {@link Finish} close the source; the actor stops when nothing that it
 *       waits for is in flight, or after {@code dayu.generate.drain} or {@code finish}.
 * </ol>
 */
public final class Generator extends AbstractBehavior<Generator.Command> {
  public sealed interface Command
      permits Request, Feed.Event, Checkpoints.Event, Sender.Event, Failures.Event {}

  /** What the owner asks, and what the actor tells itself. */
  sealed interface Request extends Command {}

  /** What the owner hears. */
  public sealed interface Event {}

  /**
   * Every second and at changes.
   *
   * @param awaited whether it tells what others may wait for: another state, the first element
   *     settled since the stream began or went on, or that nothing of a paused one is in flight
   */
  public record Status(StreamReport report, boolean awaited) implements Event {}

  /** Elements that need not wait on the disk any more, durably. */
  public record Settled(StreamName stream, Ranges seqs) implements Event {}

  /** What is kept of elements that failed, every second while there is something to tell. */
  public record Failed(KeptFailed kept) implements Event {}

  /** Follow this decision from the next element on. */
  public record Follow(Decision decision) implements Request {}

  /**
   * The pipeline has changed: elements cut from now on take the new plan. While it is paused none
   * are.
   */
  public record Change(Plan plan) implements Request {}

  /** Results were stored. */
  public record Acknowledged(Acknowledgement acknowledgement) implements Request {}

  /**
   * Results that no cloud node could take are safe in this node's outbox.
   *
   * @param failed why, of those that failed
   */
  public record Kept(Ranges seqs, Map<Long, FailureCause> failed) implements Request {
    public Kept {
      failed = Map.copyOf(failed);
    }

    /** None of which failed. */
    public Kept(Ranges seqs) {
      this(seqs, Map.of());
    }
  }

  /**
   * Send elements that failed again; answered once the pipeline is known in this version or a later
   * one.
   */
  public record Retry(
      FailedElements.Pick pick, long version, ActorRef<? super FailedElements.Answer> replyTo)
      implements Request {}

  /**
   * Nodes that give no sign of life.
   *
   * @param offline whether no cloud node can be reached
   */
  public record Suspects(Set<String> nodes, boolean offline) implements Request {}

  /** Acknowledgements may have been lost: ask again for what is in flight, by sending it again. */
  public enum Unanswered implements Request {
    INSTANCE
  }

  /**
   * Stop reading; end when no element is in flight any more, or after {@code dayu.generate.drain}.
   */
  public enum Drain implements Request {
    INSTANCE
  }

  /**
   * The node is stopping: stop reading; end when no element is in flight any more, or after {@code
   * dayu.generate.finish}.
   */
  public enum Finish implements Request {
    INSTANCE
  }

  private record Granted(Inlet.Grant grant) implements Request {}

  private record Located(Router.Located located) implements Request {}

  private enum Timer implements Request {
    REPORT,
    SWEEP,
    OPEN,
    BEGIN,
    SAVE
  }

  /**
   * Who this generator is and what it reads.
   *
   * @param node this node
   * @param access what the source may open
   * @param firstSeq asks for the sequence number to begin with, of a stream that {@code memory}
   *     does not know; tried until it answers
   * @param disk where elements wait while the cloud is out of reach
   * @param failed where what failed is kept
   */
  public record Identity(
      String node,
      Plan plan,
      SourceSpec source,
      SourceProvider provider,
      Access access,
      Supplier<CompletionStage<Long>> firstSeq,
      StreamMemory memory,
      OutboxStore disk,
      FailedStore failed) {
    StreamName stream() {
      return plan.spec().stream(source);
    }
  }

  /**
   * How generators of a node work.
   *
   * @param backoffs a new one for each generator, between tries to open its source
   * @param memory of the node, on which all generators draw
   * @param reportEvery between two reports
   * @param sides which versions of side inputs this node has
   * @param nanos a clock as {@link System#nanoTime}
   */
  public record Setup(
      GenerateSettings settings,
      LinkSettings links,
      SourceBytes memory,
      Supplier<Backoff> backoffs,
      Duration reportEvery,
      Sides sides,
      Clock clock,
      LongSupplier nanos) {}

  /** Whether the stream is to go on, and if not until when it waits for what is in flight. */
  private sealed interface Phase {
    enum Reading implements Phase {
      INSTANCE
    }

    /** The stream is no longer read on this node. */
    record Draining(long untilNanos) implements Phase {}

    /** The node is stopping. */
    record Finishing(long untilNanos) implements Phase {}
  }

  private static final Duration SWEEP_EVERY = Duration.ofMillis(200);

  /**
   * How long a save waits for more acknowledgements. A source may wait to be told what is settled,
   * but every save writes to the disk.
   */
  private static final Duration SAVE_AFTER = Duration.ofMillis(25);

  private static final String NO_THREAD =
      "waits for a thread: other sources of this node hold all there are; raise"
          + " dayu.dispatchers.sources.thread-pool-executor.fixed-pool-size of this node above the"
          + " number of its sources, and start it again";

  private static final int MOST_EARLY = 8;
  private static final Duration BEGIN_AGAIN = Duration.ofSeconds(1);

  private final TimerScheduler<Command> timers;
  private final Setup setup;
  private final Identity identity;
  private final StreamName stream;
  private final ActorRef<Event> owner;
  private final SourceBytes.Account memory;
  private final Unsettled unsettled;
  private final StreamCounts counts;
  private final Numbering numbering = new Numbering();
  private final Routing routing;
  private final Feed feed;
  private final Cutter cutter;
  private final Window window;
  private final Router router;
  private final Sender sender;
  private final Checkpoints checkpoints;
  private final Failures failures;
  private StreamState state = StreamState.STARTING;
  private StreamState reported = StreamState.STARTING;
  private boolean drained; // paused, and nothing in flight, by the last report
  private boolean moves; // something was settled since the stream began or went on
  private Optional<String> problem = Optional.empty();
  private Phase phase = Phase.Reading.INSTANCE;
  private final ArrayDeque<Retry> early = new ArrayDeque<>(); // for a version to come
  private Optional<Feed.Given> held = Optional.empty(); // came while the pipeline was paused
  private long told; // up to which position what is settled is kept, and the source knows

  private Generator(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Setup setup,
      Identity identity,
      ActorRef<Event> owner,
      ActorRef<Router.Locate> locator) {
    super(context);
    this.timers = timers;
    this.setup = setup;
    this.identity = identity;
    this.stream = identity.stream();
    this.owner = owner;
    var settings = setup.settings();
    long now = now();
    var descriptor = identity.provider().descriptor();
    var origin =
        new Feed.Origin(stream, identity.source().uri(), identity.provider(), identity.access());
    var shed = identity.source().shed().orElse(descriptor.live() ? Shed.OLDEST : Shed.NONE);
    this.memory = setup.memory().account();
    this.unsettled = new Unsettled(memory::change);
    this.counts = new StreamCounts(now);
    this.routing = new Routing(identity.node(), identity.plan(), setup.sides());
    this.feed =
        new Feed(
            context.getSystem(),
            context.getSelf().narrow(),
            settings.maxWindow(),
            origin,
            setup.backoffs().get(),
            setup.memory(),
            memory,
            shed != Shed.NONE);
    this.cutter =
        new Cutter(
            stream,
            identity.node(),
            numbering,
            unsettled.replayed(),
            // After a crash a position of such an origin may stand for other content: nothing to
            // note.
            descriptor.repeat() == Repeat.UNSETTLED ? spans -> {} : identity.memory()::note,
            setup.clock(),
            now);
    this.checkpoints =
        new Checkpoints(origin, identity.memory(), identity.disk(), numbering, this::later);
    this.window =
        new Window(
            settings,
            shed,
            identity.plan().spec().objective().latency(),
            unsettled,
            counts,
            checkpoints::settled,
            now);
    this.router =
        new Router(
            context,
            locator,
            context.messageAdapter(Router.Located.class, Located::new),
            context.messageAdapter(Inlet.Grant.class, Granted::new),
            setup.links());
    this.sender =
        new Sender(
            settings,
            setup.links().maxElement(),
            window.sheds(),
            stream,
            identity.node(),
            router,
            routing,
            unsettled,
            new Spool(
                identity.disk(),
                stream,
                Math.min(settings.windowBytes(), setup.memory().limit()) / 4,
                now),
            counts::slowMs,
            this::later);
    this.failures =
        new Failures(
            stream,
            identity.node(),
            identity.failed(),
            identity.disk(),
            unsettled,
            numbering,
            identity.memory()::note,
            setup.clock(),
            this::later);
    timers.startTimerWithFixedDelay(Timer.REPORT, setup.reportEvery());
    timers.startTimerWithFixedDelay(Timer.SWEEP, SWEEP_EVERY);
    checkpoints.start(identity.firstSeq());
  }

  /**
   * @param owner hears the {@link Event events}
   * @param locator answers where instances are
   */
  public static Behavior<Command> create(
      Setup setup, Identity identity, ActorRef<Event> owner, ActorRef<Router.Locate> locator) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Generator.class);
                  return new Generator(context, timers, setup, identity, owner, locator);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return router.flushing(
        newReceiveBuilder()
            .onMessage(Feed.Given.class, this::onGiven)
            .onMessage(Acknowledged.class, this::onAcknowledged)
            .onMessage(
                Granted.class,
                granted -> {
                  router.granted(granted.grant());
                  return this;
                })
            .onMessage(
                Located.class,
                located -> {
                  router.located(located.located());
                  return this;
                })
            .onMessage(Checkpoints.Found.class, this::onFound)
            .onMessage(Checkpoints.NotFound.class, this::onNotFound)
            .onMessage(Follow.class, this::onFollow)
            .onMessage(Change.class, this::onChange)
            .onMessage(Kept.class, this::onKept)
            .onMessage(Retry.class, this::onRetry)
            .onMessage(Failures.Written.class, this::onWritten)
            .onMessage(Failures.Found.class, this::onFailuresFound)
            .onMessage(Failures.Placed.class, this::onPlaced)
            .onMessage(Suspects.class, this::onSuspects)
            .onMessageEquals(Unanswered.INSTANCE, this::onUnanswered)
            .onMessage(Checkpoints.Saved.class, this::onSaved)
            .onMessage(Checkpoints.NotSaved.class, this::onNotSaved)
            .onMessage(Sender.Spooled.class, this::onSpooled)
            .onMessage(Sender.Brought.class, this::onBrought)
            .onMessage(Feed.Opened.class, this::onOpened)
            .onMessage(Feed.Reached.class, this::onReached)
            .onMessage(Feed.ThreadFree.class, this::onThreadFree)
            .onMessage(Feed.Ended.class, this::onEnded)
            .onMessage(Feed.Failed.class, this::onFailed)
            .onMessageEquals(Drain.INSTANCE, this::onDrain)
            .onMessageEquals(Finish.INSTANCE, this::onFinish)
            .onMessageEquals(Timer.SWEEP, this::onSweep)
            .onMessageEquals(Timer.REPORT, this::onReport)
            .onMessageEquals(
                Timer.OPEN,
                () -> {
                  open();
                  return this;
                })
            .onMessageEquals(
                Timer.BEGIN,
                () -> {
                  checkpoints.start(identity.firstSeq());
                  return this;
                })
            .onMessageEquals(
                Timer.SAVE,
                () -> {
                  save();
                  return this;
                })
            .onSignal(
                Terminated.class,
                terminated -> {
                  router.terminated(terminated.getRef());
                  return this;
                })
            .onSignal(PostStop.class, stop -> onPostStop())
            .build());
  }

  private Behavior<Command> onFound(Checkpoints.Found found) {
    var start = found.start();
    var progress = start.resumed().progress();
    numbering.start(progress.nextSeq());
    cutter.seek(progress.position());
    told = progress.position();
    window.restore(start);
    failures.begin();
    problem = Optional.empty();
    if (!start.kept().isEmpty())
      log().info("{}: {} elements wait on the disk for the cloud", stream, start.kept().size());
    long again = start.resumed().replayed().size() + start.resumed().renumbered();
    if (again > 0)
      log()
          .info(
              "{}: {} elements were under way when the node ended; they are read again",
              stream,
              again);
    giveUp(
        start.resumed().lost(),
        "its node ended while it was under way, and its source cannot be read again");
    if (isPaused()) pause();
    else open();
    reportAwaited();
    return finishIfDone();
  }

  private Behavior<Command> onNotFound(Checkpoints.NotFound notFound) {
    var cause = Causes.of(notFound.cause());
    var why =
        cause instanceof TimeoutException
            ? "no cloud node that knows the stored results has answered"
            : Causes.words(cause);
    problem =
        Optional.of("waits to know where to begin: %s; asked again every second".formatted(why));
    log().debug("{}: no first sequence number", stream, cause);
    timers.startSingleTimer(Timer.BEGIN, BEGIN_AGAIN);
    return this;
  }

  private Behavior<Command> onFollow(Follow follow) {
    boolean first = !routing.hasDecision();
    var decision = follow.decision();
    if (!routing.follow(decision)) return this;
    feed.tune(decision.knobs());
    log().info("{} follows decision {}: {}", stream, decision.version(), decision.reason());
    if (first) open();
    fill();
    pull();
    report();
    return this;
  }

  private Behavior<Command> onChange(Change change) {
    if (change.plan() == routing.plan()) return this;
    boolean paused = isPaused();
    routing.change(change.plan());
    if (isPaused() && !paused) pause();
    else if (paused && !isPaused()) resume();
    var waited = List.copyOf(early);
    early.clear();
    waited.forEach(getContext().getSelf()::tell);
    report();
    return this;
  }

  /**
   * A source that wants to be told what is settled stays open, unread: opened again it would give
   * again what is in flight. What another one has given already is cut, for a live one would not
   * give it again.
   */
  private void pause() {
    if (phase != Phase.Reading.INSTANCE || feed.isOver()) return;
    timers.cancel(Timer.OPEN);
    if (!feed.isListening()) feed.rest();
    // Before it is known where to begin, what is in flight is not known either.
    if (numbering.hasStarted()) {
      if (state == StreamState.SOURCE_DOWN || problem.equals(Optional.of(NO_THREAD)))
        problem = Optional.empty();
      state = StreamState.PAUSED;
      log().info("{} is paused, {} elements are in flight", stream, unsettled.size());
    }
  }

  private void resume() {
    if (phase != Phase.Reading.INSTANCE || feed.isOver()) return;
    state = feed.isOpen() ? StreamState.RUNNING : StreamState.STARTING;
    moves = false;
    log().info("{} goes on", stream);
    release();
    open();
    pull();
  }

  /** Cuts what came while the pipeline was paused. */
  private void release() {
    var given = held;
    held = Optional.empty();
    given.filter(feed::isCurrent).ifPresent(this::take);
  }

  private Behavior<Command> onOpened(Feed.Opened opened) {
    if (!feed.isCurrent(opened)) return this;
    feed.waits(opened.source());
    pull();
    return this;
  }

  private Behavior<Command> onReached(Feed.Reached reached) {
    // The back-off is not reset, so that a source which is lost again and again is opened less
    // often.
    if (!feed.isCurrent(reached)) return this;
    feed.answers();
    readable();
    return this;
  }

  private Behavior<Command> onThreadFree(Feed.ThreadFree free) {
    feed.threadFree();
    if (problem.equals(Optional.of(NO_THREAD))) problem = Optional.empty();
    return this;
  }

  private Behavior<Command> onGiven(Feed.Given given) {
    if (!feed.isCurrent(given)) return this;
    if (isPaused() && !feed.isResting()) {
      held = Optional.of(given);
      return this;
    }
    return take(given);
  }

  @CanIgnoreReturnValue // what a source gives stops no generator that is not draining
  private Behavior<Command> take(Feed.Given given) {
    long now = now();
    if (given.pieces().get(0).segment().isPresent()) {
      readable();
      feed.works();
    }
    var lack = feed.lacksMemory(given.pieces());
    if (lack.isPresent()) {
      problem = lack;
      for (var piece : given.pieces()) cut(List.of(piece), piece.shed(), now);
    } else {
      cut(given.pieces(), false, now);
    }
    feed.taken(given.pieces());
    fill();
    var failure = given.pieces().get(given.pieces().size() - 1).failure();
    if (failure.isPresent()) return onFailed(new Feed.Failed(failure.get(), given.generation()));
    feed.waits(given.source());
    if (numbering.isLow()) save();
    pull();
    return this;
  }

  private void cut(List<SourceBatches.Piece> pieces, boolean shed, long now) {
    var segments = pieces.stream().flatMap(piece -> piece.segment().stream()).toList();
    var cut = cutter.cut(segments, routing.plan().spec().delivery().keepFramesPerSecond(), now);
    window.renumbered(cut.renumbered());
    for (var made : cut.made()) {
      if (shed) window.shed(made, now);
      else add(made, now);
    }
  }

  private void add(Cutter.Made made, long now) {
    window.add(made, now);
    if (!window.sheds()) return;
    if (routing.isOffline(Offline.SHED)) window.shedOne();
    fill();
    while (window.isOverfull(now)) window.shedOne();
  }

  private Behavior<Command> onAcknowledged(Acknowledged acknowledged) {
    var atOnce = failures.hold(acknowledged.acknowledgement(), keepsFailed());
    window.acknowledged(atOnce, now());
    return settled();
  }

  private Behavior<Command> onKept(Kept kept) {
    window.kept(failures.holdResults(kept, keepsFailed()), numbering::hasTaken, now());
    return settled();
  }

  private Behavior<Command> onWritten(Failures.Written written) {
    window.acknowledged(failures.written(written), now());
    if (written.results()) {
      var seqs = new Ranges();
      written.kept().forEach(seqs::add);
      window.kept(seqs, numbering::hasTaken, now());
    }
    return settled();
  }

  private Behavior<Command> onRetry(Retry retry) {
    if (retry.version() > routing.plan().version()) {
      // Who asks gives up after some seconds, so more than these are nobody's.
      if (early.size() == MOST_EARLY) early.remove();
      early.add(retry);
      return this;
    }
    boolean ending = phase != Phase.Reading.INSTANCE;
    failures.retry(retry.pick(), isPaused(), ending, retry.replyTo());
    return this;
  }

  private Behavior<Command> onFailuresFound(Failures.Found found) {
    failures.found(found);
    return this;
  }

  private Behavior<Command> onPlaced(Failures.Placed placed) {
    failures.placed(placed).forEach(window::retry);
    save(); // what was put off meanwhile
    sender.bring(now());
    return this;
  }

  private Optional<KeepFailed> keepsFailed() {
    return routing.plan().spec().delivery().keepFailed();
  }

  private Behavior<Command> onSuspects(Suspects changed) {
    boolean cutOff = changed.offline() && !routing.isOffline();
    boolean back = !changed.offline() && routing.isOffline();
    var turned = routing.turn(changed.nodes(), changed.offline());
    if (cutOff || back) tellOffline();
    if (cutOff) {
      sender.rewind();
      if (window.sheds() && routing.isOffline(Offline.SHED))
        while (unsettled.waiting() > 0) window.shedOne();
    }
    // If the cloud was lost, any result may be lost between here and the cloud: all are sent again.
    sender.turn(turned, cutOff, now());
    fill();
    pull();
    return finishIfDone();
  }

  private Behavior<Command> onUnanswered() {
    sender.ask(now());
    return this;
  }

  private Behavior<Command> onSpooled(Sender.Spooled spooled) {
    long now = now();
    if (!sender.spooled(spooled, now)) return this;
    window.spooled(spooled.flight(), now);
    return settled();
  }

  private Behavior<Command> onBrought(Sender.Brought brought) {
    sender.brought(brought, setup.clock().millis(), now());
    return this;
  }

  private Behavior<Command> onSaved(Checkpoints.Saved saved) {
    forget(checkpoints.saved(saved));
    feed.tellSettled(saved.position());
    told = Math.max(told, saved.position());
    if (unsettled.oldest(numbering.next(), cutter.position()).position() > saved.position())
      saveSoon();
    pull();
    return this;
  }

  private Behavior<Command> onNotSaved(Checkpoints.NotSaved notSaved) {
    checkpoints.notSaved(notSaved);
    return this;
  }

  private Behavior<Command> onEnded(Feed.Ended ended) {
    if (!feed.isCurrent(ended)) return this;
    release();
    if (!feed.isCurrent(ended)) return this;
    if (feed.isResting()) {
      feed.rested();
      open();
      return this;
    }
    if (!(phase instanceof Phase.Draining)) log().info("{}: the source has ended", stream);
    feed.ended();
    unrepeated("its source has ended before it");
    return finishIfDone();
  }

  private Behavior<Command> onFailed(Feed.Failed failed) {
    if (!feed.isCurrent(failed)) return this;
    release();
    if (!feed.isCurrent(failed)) return this;
    var message = Causes.words(failed.cause());
    problem = Optional.of(message);
    var again = feed.failed(failed.cause(), now());
    if (again.isPresent() && isPaused()) return this; // it is opened again when it is to be read
    if (again.isPresent()) {
      state = StreamState.SOURCE_DOWN;
      log()
          .warn(
              "{} is not readable now ({}), tried again in {} ms",
              stream,
              message,
              again.get().toMillis());
      timers.startSingleTimer(Timer.OPEN, again.get());
      reportAwaited();
      return this;
    }
    state = StreamState.FAILED;
    log().warn("{} cannot be read: {}", stream, message);
    unrepeated("its source cannot be read any more");
    reportAwaited();
    return finishIfDone();
  }

  private Behavior<Command> onDrain() {
    if (!(phase instanceof Phase.Draining)) {
      // If the node is stopping already, its deadline stays.
      phase =
          new Phase.Draining(
              phase instanceof Phase.Finishing finishing
                  ? finishing.untilNanos()
                  : now() + setup.settings().drain().toNanos());
      feed.close();
      unrepeated("the stream is no longer read here");
    }
    return finishIfDone();
  }

  private Behavior<Command> onFinish() {
    if (phase == Phase.Reading.INSTANCE) {
      phase = new Phase.Finishing(now() + setup.settings().finish().toNanos());
      feed.close();
    }
    return finishIfDone();
  }

  private Behavior<Command> onSweep() {
    long now = now();
    // The window may have grown by itself, at the end of a probe.
    fill();
    pull();
    sender.sweep(now);
    sender.bring(now);
    if (isOverdue(now)) return Behaviors.stopped();
    if (feed.lacksThread(now) && !problem.equals(Optional.of(NO_THREAD))) {
      problem = Optional.of(NO_THREAD);
      log().warn("{} {}", stream, NO_THREAD);
    }
    save();
    closeIfStopped();
    return this;
  }

  /**
   * A source that wants to be told what is settled is closed when there is nothing more to tell: it
   * may give again what was held back, and nothing that has a number.
   */
  private void closeIfStopped() {
    boolean settled = unsettled.size() == 0 && told >= cutter.position();
    if (!routing.plan().isStopped() || !feed.isListening() || !feed.isOpen() || !settled) return;
    held = Optional.empty();
    feed.rest();
  }

  private Behavior<Command> onReport() {
    counts.tick(now());
    router.closeIdle(instance -> !instance.isOf(routing.plan().key()));
    failures.trim(keepsFailed());
    report();
    return this;
  }

  private Behavior<Command> onPostStop() {
    feed.close();
    memory.close();
    router.close();
    // A drained stream is read by another node from now on, or was deleted: nothing is kept here.
    if (phase instanceof Phase.Draining) {
      long settled = unsettled.oldest(numbering.next(), cutter.position()).position();
      checkpoints.remove(unsettled).thenRun(() -> feed.tellSettled(settled));
    } else {
      checkpoints.end(unsettled, counts, cutter.position()).thenAccept(feed::tellSettled);
    }
    return this;
  }

  /** Opens the source as soon as both a decision and a first sequence number are there. */
  private void open() {
    if (!isPaused() && routing.hasDecision() && numbering.hasStarted())
      feed.open(cutter.position(), now());
  }

  private void readable() {
    state = isPaused() ? StreamState.PAUSED : StreamState.RUNNING;
    problem = Optional.empty();
    reportAwaited();
  }

  private boolean isPaused() {
    return routing.plan().isPaused();
  }

  private void fill() {
    while (unsettled.waiting() > 0 && routing.isRouted() && !routing.isOffline(Offline.SHED)) {
      long now = now();
      if (!window.hasRoom(now)) return;
      sender.start(window.launch(now), now);
    }
  }

  /**
   * Asks the source for more, if there are numbers for it: a live one always, one that can wait
   * when the window has room. Of one that rests there is little more, which waits here for that.
   */
  private void pull() {
    if (isPaused() && !feed.isResting() || !feed.isWaiting() || !numbering.has(Feed.MAX_BATCH))
      return;
    boolean full = routing.isOffline(Offline.SHED) || window.isFull(now());
    if (window.sheds() || feed.isResting() || !full) feed.pull();
  }

  /** Elements have left the window or the disk: sends others in their place. */
  private Behavior<Command> settled() {
    fill();
    pull();
    saveSoon();
    if (isPaused() || moves) {
      reportAwaited();
    } else {
      moves = true;
      report(true);
    }
    return finishIfDone();
  }

  /** Reports elements of an earlier run that cannot be made again. */
  private void giveUp(List<SourceSpan> lost, String reason) {
    if (lost.isEmpty()) return;
    problem =
        Optional.of(
            "%s elements are lost, unless they were stored before: %s"
                .formatted(lost.size(), reason));
    log().warn("{}: {}", stream, problem.get());
    sender.lost(lost, reason, setup.clock().millis(), now());
  }

  /** Gives up the elements in flight at the end of the last run that the source will not repeat. */
  private void unrepeated(String why) {
    giveUp(unsettled.replayed().abandon(), "its node ended while it was under way, and " + why);
  }

  private void save() {
    if (failures.isPlacing()) return;
    forget(checkpoints.save(unsettled, counts, cutter.position()));
  }

  /** Saves soon after elements were settled, if the source wants to know what is settled. */
  private void saveSoon() {
    if (feed.isListening() && !timers.isTimerActive(Timer.SAVE))
      timers.startSingleTimer(Timer.SAVE, SAVE_AFTER);
  }

  private void forget(Ranges settled) {
    if (!settled.isEmpty()) owner.tell(new Settled(stream, settled));
  }

  private Behavior<Command> finishIfDone() {
    if (phase instanceof Phase.Finishing) {
      boolean stuck = routing.isOffline(Offline.SHED) || !routing.isRouted();
      boolean moving = unsettled.hereAndNow() > 0;
      return moving && !stuck ? this : Behaviors.stopped();
    }
    if (!feed.isOver() || unsettled.size() > 0) return this;
    if (phase instanceof Phase.Draining) {
      report();
      return Behaviors.stopped();
    }
    if (state != StreamState.FAILED) state = StreamState.COMPLETED;
    report();
    return this;
  }

  /** Whether a stream that is to end has waited long enough. */
  private boolean isOverdue(long now) {
    if (phase instanceof Phase.Draining draining && now - draining.untilNanos() > 0) {
      log()
          .warn(
              "{} stops with {} elements in flight after waiting {} s for them"
                  + " (dayu.generate.drain)",
              stream,
              unsettled.size(),
              setup.settings().drain().toSeconds());
      return true;
    }
    if (phase instanceof Phase.Finishing finishing && now - finishing.untilNanos() > 0) {
      log()
          .warn(
              "{} stops with {} elements in flight after waiting {} s for them"
                  + " (dayu.generate.finish)",
              stream,
              unsettled.hereAndNow(),
              setup.settings().finish().toSeconds());
      return true;
    }
    return false;
  }

  private void report() {
    report(false);
  }

  /** Reports at once what others may wait for; otherwise the next report will do. */
  private void reportAwaited() {
    if (state != reported || isDrained() && !drained) report(true);
  }

  private boolean isDrained() {
    return state == StreamState.PAUSED && unsettled.size() == 0;
  }

  private void report(boolean awaited) {
    reported = state;
    drained = isDrained();
    var reason =
        identity.disk().isFull()
            ? Optional.of("no more can wait on the disk, dayu.outbox.quota is used up")
            : problem.or(routing::lacksSide);
    owner.tell(
        new Status(
            window
                .report(stream, state, routing.decision(), sender.resent(), reason, now())
                .with(numbering.reserved(), routing.plan().version()),
            awaited));
    failures.report().ifPresent(kept -> owner.tell(new Failed(kept)));
  }

  private void tellOffline() {
    log()
        .info(
            routing.isOffline()
                ? "{}: no cloud node can be reached, delivery.offline is {}"
                : "{}: the cloud can be reached again",
            stream,
            routing.plan().spec().delivery().offline().name().toLowerCase(Locale.ROOT));
  }

  private void later(CompletionStage<? extends Command> event) {
    getContext()
        .pipeToSelf(
            event,
            (command, error) -> {
              if (error != null) throw new IllegalStateException("an event cannot fail", error);
              return command;
            });
  }

  private long now() {
    return setup.nanos().getAsLong();
  }

  private Logger log() {
    return getContext().getLog();
  }
}
