package io.dayu.generate;

import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.Decision;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.generate.Unsettled.Flight;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSettings;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.process.Plan;
import io.dayu.process.Router;
import io.dayu.source.SourceProvider;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
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
 * controller of the source's node. It stamps sequence numbers, keeps at most a window of elements
 * in flight, fixes every element's path from the current decision, and sends an element again, with
 * a higher attempt, when its acknowledgement is late or a node on its path is suspect. When the
 * window is full a source that can wait waits; a live one sheds by its rule, counted. A source that
 * fails is opened again with back-off.
 */
public final class Generator extends AbstractBehavior<Generator.Command> {
  public sealed interface Command {}

  /** What the owner hears. */
  public sealed interface Event {}

  /** Every second and at changes. */
  public record Status(StreamReport report) implements Event {}

  /** Elements that need not wait on the disk any more, durably. */
  public record Settled(String stream, Ranges seqs) implements Event {}

  /** Follow this decision from the next element on. */
  public record Follow(Decision decision) implements Command {}

  /** The pipeline has changed: elements cut from now on take the new plan. */
  public record Change(Plan plan) implements Command {}

  /** Results were stored. */
  public record Acknowledged(Acknowledgement acknowledgement) implements Command {}

  /** Results that no cloud node could take are safe in this node's outbox. */
  public record Kept(Ranges seqs) implements Command {}

  /**
   * Nodes that give no sign of life.
   *
   * @param offline whether no cloud node can be reached
   */
  public record Suspects(Set<String> nodes, boolean offline) implements Command {}

  /** Acknowledgements may have been lost: ask again for what is in flight, by sending it again. */
  public enum Unanswered implements Command {
    INSTANCE
  }

  /** Stop reading; end when nothing is in flight any more, or after a while. */
  public enum Drain implements Command {
    INSTANCE
  }

  /** The node stops: stop reading; end when nothing is on its way any more, or after a while. */
  public enum Finish implements Command {
    INSTANCE
  }

  /**
   * Who this generator is and what it reads.
   *
   * @param node this node
   * @param firstSeq asks for the sequence number to begin with, of a stream that {@code memory}
   *     does not know; tried until it answers
   * @param disk where elements wait while the cloud is out of reach
   */
  public record Identity(
      String node,
      Plan plan,
      SourceSpec source,
      SourceProvider provider,
      Supplier<CompletionStage<Long>> firstSeq,
      StreamMemory memory,
      OutboxStore disk) {
    String stream() {
      return plan.spec().stream(source);
    }
  }

  private record Granted(Inlet.Grant grant) implements Command {}

  private record Found(Router.Located located) implements Command {}

  // From the checkpoints.

  record Begin(Checkpoints.Start start) implements Command {}

  record NotYet(Throwable cause) implements Command {}

  record Saved(long upTo, long position) implements Command {}

  record NotSaved(Throwable cause) implements Command {}

  // From the sender: what the disk did.

  record Spooled(Flight flight, Throwable error) implements Command {}

  record Brought(List<Element> elements) implements Command {}

  // From the feed.

  record Opened(ActorRef<Feed.Ack> source, int generation) implements Command {}

  record Given(List<Reading.Piece> pieces, ActorRef<Feed.Ack> source, int generation)
      implements Command {}

  record SourceReached(int generation) implements Command {}

  record SourceEnded(int generation) implements Command {}

  record SourceFailed(Throwable cause, int generation) implements Command {}

  enum Timer implements Command {
    REPORT,
    SWEEP,
    OPEN,
    BEGIN,
    SAVE
  }

  private static final Duration SWEEP_EVERY = Duration.ofMillis(200);

  private final TimerScheduler<Command> timers;
  private final GenerateSettings settings;
  private final Identity identity;
  private final ActorRef<Event> owner;
  private final Clock clock;
  private final Unsettled unsettled = new Unsettled();
  private final StreamCounts counts = new StreamCounts();
  private final Numbering numbering;
  private final Routing routing;
  private final Feed feed;
  private final Cutter cutter;
  private final Window window;
  private final Router router;
  private final Sender sender;
  private final Checkpoints checkpoints;
  private StreamState state = StreamState.STARTING;
  private Optional<String> problem = Optional.empty();
  private long drainUntilNanos;
  private long finishUntilNanos;

  private Generator(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      GenerateSettings settings,
      LinkSettings links,
      Identity identity,
      Clock clock,
      Duration reportEvery,
      ActorRef<Event> owner,
      ActorRef<Router.Locate> locator) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.identity = identity;
    this.clock = clock;
    this.owner = owner;
    this.numbering = new Numbering(identity.memory(), identity.source().uri().toString());
    this.routing = new Routing(identity.node(), identity.plan());
    this.feed = new Feed(context, timers, settings, identity);
    this.cutter = new Cutter(identity, routing, numbering, feed, unsettled.recut(), counts, clock);
    var settledNumbers = new SettledNumbers();
    this.window = new Window(settings, identity, unsettled, counts, numbering, settledNumbers);
    this.router =
        new Router(
            context,
            locator,
            context.messageAdapter(Router.Located.class, Found::new),
            context.messageAdapter(Inlet.Grant.class, Granted::new),
            links);
    this.sender =
        new Sender(context, settings, links, identity, router, routing, unsettled, counts);
    this.checkpoints =
        new Checkpoints(
            context, timers, owner, identity, feed, unsettled, counts, numbering, settledNumbers);
    timers.startTimerWithFixedDelay(Timer.REPORT, reportEvery);
    timers.startTimerWithFixedDelay(Timer.SWEEP, SWEEP_EVERY);
    checkpoints.start();
  }

  public static Behavior<Command> create(
      GenerateSettings settings,
      LinkSettings links,
      Identity identity,
      Clock clock,
      Duration reportEvery,
      ActorRef<Event> owner,
      ActorRef<Router.Locate> locator) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Generator.class);
                  return new Generator(
                      context,
                      timers,
                      settings,
                      links,
                      identity,
                      clock,
                      reportEvery,
                      owner,
                      locator);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Given.class, this::onGiven)
        .onMessage(Acknowledged.class, this::onAcknowledged)
        .onMessage(
            Granted.class,
            granted -> {
              router.granted(granted.grant());
              return this;
            })
        .onMessage(
            Found.class,
            found -> {
              router.located(found.located());
              return this;
            })
        .onMessage(Follow.class, this::onFollow)
        .onMessage(Change.class, this::onChange)
        .onMessage(Kept.class, this::onKept)
        .onMessage(Suspects.class, this::onSuspects)
        .onMessageEquals(Unanswered.INSTANCE, this::onUnanswered)
        .onMessageEquals(Drain.INSTANCE, this::onDrain)
        .onMessageEquals(Finish.INSTANCE, this::onFinish)
        .onMessage(Begin.class, this::onBegin)
        .onMessage(NotYet.class, this::onNotYet)
        .onMessage(Saved.class, this::onSaved)
        .onMessage(NotSaved.class, this::onNotSaved)
        .onMessage(Spooled.class, this::onSpooled)
        .onMessage(Brought.class, this::onBrought)
        .onMessage(Opened.class, this::onOpened)
        .onMessage(SourceReached.class, this::onSourceReached)
        .onMessage(SourceEnded.class, this::onSourceEnded)
        .onMessage(SourceFailed.class, this::onSourceFailed)
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
              checkpoints.start();
              return this;
            })
        .onMessageEquals(
            Timer.SAVE,
            () -> {
              checkpoints.save();
              return this;
            })
        .onSignal(
            Terminated.class,
            terminated -> {
              router.terminated(terminated.getRef());
              return this;
            })
        .onSignal(PostStop.class, stop -> onPostStop())
        .build();
  }

  private Behavior<Command> onGiven(Given given) {
    if (!feed.isCurrent(given.generation())) return this;
    long now = System.nanoTime();
    if (given.pieces().get(0).segment().isPresent()) {
      readable();
      feed.works();
    }
    var segments = given.pieces().stream().flatMap(piece -> piece.segment().stream()).toList();
    for (var made : cutter.cut(segments, now)) add(made, now);
    fill();
    var failure = given.pieces().get(given.pieces().size() - 1).failure();
    if (failure.isPresent())
      return onSourceFailed(new SourceFailed(failure.get(), given.generation()));
    feed.owes(given.source());
    if (numbering.isLow()) checkpoints.save();
    pull();
    return this;
  }

  private void add(Cutter.Made made, long now) {
    window.add(made.element(), now, made.cut());
    if (!window.sheds()) return;
    if (routing.isOffline(Offline.SHED)) window.shedOne();
    fill();
    if (window.isOverfull()) window.shedOne();
  }

  private Behavior<Command> onAcknowledged(Acknowledged acknowledged) {
    window.acknowledged(acknowledged.acknowledgement(), System.nanoTime());
    return settled();
  }

  private Behavior<Command> onKept(Kept kept) {
    window.kept(kept.seqs(), System.nanoTime());
    return settled();
  }

  private Behavior<Command> onFollow(Follow follow) {
    boolean first = !routing.hasDecision();
    var decision = follow.decision();
    if (!routing.follow(decision)) return this;
    feed.tune(decision.knobs());
    log()
        .info(
            "{} follows decision {}: {}", identity.stream(), decision.version(), decision.reason());
    if (first) open();
    fill();
    pull();
    report();
    return this;
  }

  private Behavior<Command> onChange(Change change) {
    routing.change(change.plan());
    return this;
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
    // On a cut any result may have been lost between this node and the cloud.
    sender.turn(turned, cutOff, System.nanoTime());
    fill();
    pull();
    return finishIfDone();
  }

  private Behavior<Command> onUnanswered() {
    sender.ask(System.nanoTime());
    return this;
  }

  private Behavior<Command> onDrain() {
    if (drainUntilNanos == 0) {
      drainUntilNanos = System.nanoTime() + settings.drain().toNanos();
      feed.close();
      unrepeated("the stream is read no more here");
    }
    return finishIfDone();
  }

  private Behavior<Command> onFinish() {
    if (finishUntilNanos == 0 && drainUntilNanos == 0) {
      finishUntilNanos = System.nanoTime() + settings.finish().toNanos();
      feed.close();
    }
    return finishIfDone();
  }

  private Behavior<Command> onBegin(Begin begin) {
    var start = begin.start();
    checkpoints.started(start);
    problem = Optional.empty();
    if (!start.kept().isEmpty())
      log()
          .info(
              "{}: {} elements wait on the disk for the cloud",
              identity.stream(),
              start.kept().size());
    var lost = start.resumed().lost();
    long again = start.resumed().recut().size() + start.resumed().renumbered();
    if (again > 0)
      log()
          .info(
              "{}: {} elements were under way when the node ended; they are read again",
              identity.stream(),
              again);
    giveUp(lost, "its node ended while it was under way, and its source cannot be read again");
    open();
    return finishIfDone();
  }

  /** Elements of an earlier run cannot be made again. */
  private void giveUp(List<SourceSpan> lost, String reason) {
    if (lost.isEmpty()) return;
    problem =
        Optional.of(
            "%d elements are lost, unless they were stored before: %s"
                .formatted(lost.size(), reason));
    log().warn("{}: {}", identity.stream(), problem.get());
    sender.lost(lost, reason, clock.millis(), System.nanoTime());
  }

  /** The source repeats no more of what was under way when the node ended. */
  private void unrepeated(String why) {
    giveUp(unsettled.recut().abandon(), "its node ended while it was under way, and " + why);
  }

  private Behavior<Command> onNotYet(NotYet notYet) {
    var cause = unwrapped(notYet.cause());
    problem = Optional.of("waits to know where to begin: " + cause.getMessage());
    log().debug("{}: no first sequence number", identity.stream(), cause);
    timers.startSingleTimer(Timer.BEGIN, Duration.ofSeconds(1));
    return this;
  }

  private Behavior<Command> onSaved(Saved saved) {
    checkpoints.saved(saved.upTo(), saved.position());
    pull();
    return this;
  }

  private Behavior<Command> onNotSaved(NotSaved notSaved) {
    checkpoints.notSaved(notSaved.cause());
    return this;
  }

  private Behavior<Command> onSpooled(Spooled spooled) {
    long now = System.nanoTime();
    if (!sender.spooled(spooled.flight(), spooled.error(), now)) return this;
    window.spooled(spooled.flight(), now);
    return settled();
  }

  private Behavior<Command> onBrought(Brought brought) {
    sender.brought(brought.elements(), clock.millis(), System.nanoTime());
    return this;
  }

  private Behavior<Command> onOpened(Opened opened) {
    if (!feed.isCurrent(opened.generation())) return this;
    feed.owes(opened.source());
    pull();
    return this;
  }

  private Behavior<Command> onSourceReached(SourceReached reached) {
    // One that is reached and lost again and again is to be opened less and less often.
    if (feed.isCurrent(reached.generation())) readable();
    return this;
  }

  private void readable() {
    state = StreamState.RUNNING;
    problem = Optional.empty();
  }

  private Behavior<Command> onSourceEnded(SourceEnded ended) {
    if (!feed.isCurrent(ended.generation())) return this;
    if (drainUntilNanos == 0) log().info("{}: the source has ended", identity.stream());
    feed.ended();
    unrepeated("its source has ended before it");
    return finishIfDone();
  }

  private Behavior<Command> onSourceFailed(SourceFailed failed) {
    if (!feed.isCurrent(failed.generation())) return this;
    boolean again = feed.failed(failed.cause());
    problem = Optional.of(String.valueOf(failed.cause().getMessage()));
    state = again ? StreamState.SOURCE_DOWN : StreamState.FAILED;
    if (!again) unrepeated("its source cannot be read any more");
    return again ? this : finishIfDone();
  }

  private Behavior<Command> onSweep() {
    long now = System.nanoTime();
    // The window may have grown by itself, at the end of a probe.
    fill();
    pull();
    sender.sweep(now);
    sender.bring(now);
    if (isOverdue(now)) return Behaviors.stopped();
    checkpoints.save();
    return this;
  }

  /** Whether a stream that is to end has waited long enough. */
  private boolean isOverdue(long now) {
    if (drainUntilNanos != 0 && now - drainUntilNanos > 0) {
      log()
          .warn(
              "{} stops with {} elements in flight after waiting {} s for them (dayu.generate.drain)",
              identity.stream(),
              unsettled.size(),
              settings.drain().toSeconds());
      return true;
    }
    if (finishUntilNanos != 0 && now - finishUntilNanos > 0) {
      log()
          .warn(
              "{} stops with {} elements on their way after waiting {} s for them (dayu.generate.finish)",
              identity.stream(),
              unsettled.hereAndNow(),
              settings.finish().toSeconds());
      return true;
    }
    return false;
  }

  private Behavior<Command> onReport() {
    counts.tick(System.nanoTime());
    router.closeIdle(instance -> !instance.startsWith(routing.plan().key() + "/"));
    report();
    return this;
  }

  private Behavior<Command> onPostStop() {
    feed.close();
    router.close();
    // A stream that was drained goes on elsewhere, or not at all.
    if (drainUntilNanos != 0) checkpoints.remove();
    else checkpoints.end();
    return this;
  }

  /** Opens the source as soon as both a decision and a first sequence number are there. */
  private void open() {
    if (routing.hasDecision() && numbering.hasStarted()) feed.open();
  }

  private void fill() {
    while (unsettled.waiting() > 0
        && routing.isRouted()
        && !routing.isOffline(Offline.SHED)
        && window.hasRoom(System.nanoTime())) {
      long now = System.nanoTime();
      sender.start(window.launch(now), now);
    }
  }

  /**
   * Asks the source for more, if there are numbers for it: a live one always, one that can wait
   * when the window has room.
   */
  private void pull() {
    if (!feed.isOwing() || !numbering.has(Feed.MAX_BATCH)) return;
    boolean full = routing.isOffline(Offline.SHED) || window.isFull(System.nanoTime());
    if (window.sheds() || !full) feed.pull();
  }

  /** Elements have left the window or the disk: others take their place. */
  private Behavior<Command> settled() {
    fill();
    pull();
    checkpoints.saveSoon();
    return finishIfDone();
  }

  private Behavior<Command> finishIfDone() {
    if (finishUntilNanos != 0) {
      boolean stuck = routing.isOffline(Offline.SHED) || !routing.isRouted();
      boolean moving = unsettled.hereAndNow() > 0;
      return moving && !stuck ? this : Behaviors.stopped();
    }
    if (!feed.isOver() || unsettled.size() > 0) return this;
    if (drainUntilNanos != 0) {
      report();
      return Behaviors.stopped();
    }
    if (state != StreamState.FAILED) state = StreamState.COMPLETED;
    report();
    return this;
  }

  private void report() {
    var reported =
        identity.disk().isFull()
            ? Optional.of("no more can wait on the disk, dayu.outbox.quota is used up")
            : problem;
    owner.tell(new Status(window.report(identity.stream(), state, routing.decision(), reported)));
  }

  private void tellOffline() {
    log()
        .info(
            routing.isOffline()
                ? "{}: no cloud node can be reached, delivery.offline is {}"
                : "{}: the cloud can be reached again",
            identity.stream(),
            routing.plan().spec().delivery().offline().name().toLowerCase(Locale.ROOT));
  }

  private Logger log() {
    return getContext().getLog();
  }

  static Throwable unwrapped(Throwable error) {
    return error instanceof CompletionException && error.getCause() != null
        ? error.getCause()
        : error;
  }
}
