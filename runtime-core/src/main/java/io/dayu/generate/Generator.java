package io.dayu.generate;

import io.dayu.deliver.Acknowledged;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.generate.Pending.Flight;
import io.dayu.gossip.Decision;
import io.dayu.gossip.NodeReport.StreamReport;
import io.dayu.gossip.NodeReport.StreamState;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSettings;
import io.dayu.link.Parcel;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.PipelineSpec.Shed;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.process.Controller;
import io.dayu.process.Paths;
import io.dayu.process.Plan;
import io.dayu.process.Router;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
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
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.typed.javadsl.ActorSink;

/**
 * Reads one source and answers for its elements until each is acknowledged. Spawned by the {@link
 * Controller} of the source's node. It stamps sequence numbers, keeps at most a window of elements
 * in flight, fixes every element's path from the current decision, and sends an element again, with
 * a higher attempt, when its acknowledgement is late or a node on its path is suspect. When the
 * window is full a source that can wait waits; a live one sheds by its rule, counted. A source that
 * fails is opened again with back-off.
 */
public final class Generator extends AbstractBehavior<Generator.Command> {
  public sealed interface Command {}

  /** Follow this decision from the next element on. */
  public record Follow(Decision decision) implements Command {}

  /** The pipeline has changed: elements cut from now on take the new plan. */
  public record Change(Plan plan) implements Command {}

  /** Results were stored. */
  public record Acked(Acknowledged acknowledged) implements Command {}

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

  private record Begin(Numbering.Start start, OutboxStore.Content onDisk) implements Command {}

  private record NotYet(Throwable cause) implements Command {}

  private record Saved(long upTo, long settled) implements Command {}

  private record NotSaved(Throwable cause) implements Command {}

  private record Spooled(Flight flight, Throwable error) implements Command {}

  private record Brought(List<Element> elements) implements Command {}

  private record Opened(ActorRef<Ack> source, int generation) implements Command {}

  private record Cut(List<Reading.Piece> pieces, ActorRef<Ack> source, int generation)
      implements Command {}

  private record SourceEnded(int generation) implements Command {}

  private record SourceFailed(Throwable cause, int generation) implements Command {}

  private record Granted(Inlet.Grant grant) implements Command {}

  private record Found(Router.Located located) implements Command {}

  private enum Timer implements Command {
    REPORT,
    SWEEP,
    OPEN,
    ASK_SEQ,
    SAVE
  }

  private enum Ack {
    INSTANCE
  }

  /** A batch is cut as one, so its last elements wait for room: more would show in latencies. */
  private static final int MAX_BATCH = 16;

  private static final Duration SWEEP_EVERY = Duration.ofMillis(200);

  /** A source that is told what is settled may wait for it, but every save writes to the disk. */
  private static final Duration SAVE_AFTER = Duration.ofMillis(25);

  private static final long SPOOL_RETRY_NANOS = Duration.ofSeconds(1).toNanos();

  private final TimerScheduler<Command> timers;
  private final GenerateSettings settings;
  private final Identity identity;
  private final ActorRef<Controller.Command> controller;
  private final Clock clock;
  private final Router router;
  private final Shed shed;
  private final int maxElement;
  private final InFlightLimit limit;
  private final Course course;
  private final Spool spool;
  private final Forgetting forgetting = new Forgetting();
  private final Accounts accounts = new Accounts();
  private final AtomicReference<Knobs> knobs; // read by the source's threads
  private final AtomicReference<LongConsumer> settled = new AtomicReference<>(); // the source's ear
  private final Pending pending = new Pending();
  private final Numbering numbering;
  private Plan plan;
  private long position;
  private StreamState state = StreamState.STARTING;
  private Optional<String> problem = Optional.empty();
  private UniqueKillSwitch kill;
  private ActorRef<Ack> owedTo;
  private int generation;
  private Duration backoff;
  private long keepDueNanos = System.nanoTime();
  private long drainUntilNanos;
  private long finishUntilNanos;
  private boolean sourceDone;
  private boolean spoolable = true;
  private boolean savable = true;

  private Generator(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      GenerateSettings settings,
      LinkSettings links,
      Identity identity,
      Clock clock,
      Duration reportEvery,
      ActorRef<Controller.Command> controller) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.identity = identity;
    this.numbering = new Numbering(identity.memory(), identity.source().uri().toString());
    this.plan = identity.plan();
    this.course = new Course(identity.node(), plan);
    this.spool = new Spool(identity.disk(), identity.stream(), settings.windowBytes() / 4);
    this.maxElement = links.maxElement();
    this.clock = clock;
    this.controller = controller;
    this.router =
        new Router(
            context,
            controller,
            context.messageAdapter(Router.Located.class, Found::new),
            context.messageAdapter(Inlet.Grant.class, Granted::new),
            links);
    boolean live = identity.provider().descriptor().live();
    this.shed = identity.source().shed().orElse(live ? Shed.OLDEST : Shed.NONE);
    this.limit =
        new InFlightLimit(
            settings.minWindow(),
            settings.maxWindow(),
            plan.spec().objective().latency(),
            System.nanoTime());
    this.knobs = new AtomicReference<>(Knobs.NONE);
    this.backoff = settings.sourceMinBackoff();
    timers.startTimerWithFixedDelay(Timer.REPORT, reportEvery);
    timers.startTimerWithFixedDelay(Timer.SWEEP, SWEEP_EVERY);
    askSeq();
  }

  public static Behavior<Command> create(
      GenerateSettings settings,
      LinkSettings links,
      Identity identity,
      Clock clock,
      Duration reportEvery,
      ActorRef<Controller.Command> controller) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Generator.class);
                  return new Generator(
                      context, timers, settings, links, identity, clock, reportEvery, controller);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Cut.class, this::onCut)
        .onMessage(Acked.class, this::onAcked)
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
        .onMessage(SourceEnded.class, this::onSourceEnded)
        .onMessage(SourceFailed.class, this::onSourceFailed)
        .onMessageEquals(Timer.SWEEP, this::onSweep)
        .onMessageEquals(Timer.REPORT, this::onReport)
        .onMessageEquals(Timer.OPEN, this::onOpen)
        .onMessageEquals(
            Timer.ASK_SEQ,
            () -> {
              askSeq();
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
        .onSignal(
            PostStop.class,
            stop -> {
              if (kill != null) kill.shutdown();
              router.close();
              // A stream that was drained goes on elsewhere, or not at all.
              var oldest = pending.oldest(numbering.next(), position);
              if (drainUntilNanos != 0) {
                numbering.forget().thenRun(() -> tellSettled(oldest.position()));
                identity.disk().remove(identity.stream(), pending.spooled());
              } else {
                numbering
                    .end(oldest, accounts.ledger(pending.size()), pending.open())
                    .thenRun(() -> tellSettled(oldest.position()));
              }
              return this;
            })
        .build();
  }

  private Behavior<Command> onCut(Cut cut) {
    if (cut.generation() != generation) return this;
    long now = System.nanoTime();
    if (cut.pieces().get(0).segment().isPresent()) {
      state = StreamState.RUNNING;
      problem = Optional.empty();
      backoff = settings.sourceMinBackoff();
    }
    for (var piece : cut.pieces()) {
      if (piece.segment().isEmpty()) continue;
      var segment = piece.segment().get();
      pending.add(element(segment, now), now, position);
      accounts.generated();
      position = segment.position();
      if (shed != Shed.NONE && course.isOffline(Offline.SHED)) shedOne();
      if (shed != Shed.NONE) fill();
      if (shed != Shed.NONE && pending.waiting() > settings.liveBuffer()) shedOne();
    }
    fill();
    var failure = cut.pieces().get(cut.pieces().size() - 1).failure();
    if (failure.isPresent()) return onSourceFailed(new SourceFailed(failure.get(), generation));
    owedTo = cut.source();
    if (numbering.isLow()) save();
    pull();
    return this;
  }

  private Behavior<Command> onAcked(Acked acked) {
    long now = System.nanoTime();
    var round = new Round(now, pending.inFlight());
    var ack = acked.acknowledged();
    for (long seq : ack.delivered()) land(seq, true, round);
    for (long seq : ack.failed()) land(seq, false, round);
    return landed(round);
  }

  private Behavior<Command> onKept(Kept kept) {
    var round = new Round(System.nanoTime(), pending.inFlight());
    kept.seqs()
        .forEach(
            seq -> {
              pending.keepResult(seq).ifPresent(round::add);
              // Another attempt was stored meanwhile.
              if (!pending.isOpen(seq) && numbering.hasTaken(seq)) forgetting.settled(seq);
            });
    return landed(round);
  }

  private Behavior<Command> onFollow(Follow follow) {
    boolean first = !course.hasDecision();
    var decision = follow.decision();
    if (!course.follow(decision)) return this;
    knobs.set(decision.knobs());
    getContext()
        .getLog()
        .info(
            "{} follows decision {}: {}", identity.stream(), decision.version(), decision.reason());
    if (first) open();
    fill();
    pull();
    return this;
  }

  private Behavior<Command> onChange(Change change) {
    plan = change.plan();
    course.change(plan);
    return this;
  }

  private Behavior<Command> onSuspects(Suspects changed) {
    boolean cutOff = changed.offline() && !course.isOffline();
    boolean back = !changed.offline() && course.isOffline();
    // What goes through a node that was lost is sent around it; what had no way but through a node
    // that is back was given up meanwhile and need not wait until it is due.
    var turned = course.turn(changed.nodes(), changed.offline());
    long now = System.nanoTime();
    if (cutOff || back) tellOffline();
    if (cutOff) {
      pending.again().clear();
      spool.rewind();
      if (shed != Shed.NONE && course.isOffline(Offline.SHED))
        while (pending.waiting() > 0) shedOne();
    }
    if (course.isRouted()) {
      for (var flight : pending.flights())
        // Any result may have been lost between this node and the cloud.
        if (cutOff || flight.path.values().stream().anyMatch(turned::contains)) again(flight, now);
      for (var flight : pending.again().values())
        if (flight.path.values().stream().anyMatch(turned::contains)) again(flight, now);
    }
    fill();
    pull();
    return finishIfDone();
  }

  private Behavior<Command> onUnanswered() {
    if (!course.isRouted()) return this;
    long now = System.nanoTime();
    for (var flight : pending.flights()) if (!waitsHere(flight, now)) again(flight, now);
    for (var flight : pending.again().values()) again(flight, now);
    return this;
  }

  private Behavior<Command> onDrain() {
    if (drainUntilNanos == 0) {
      drainUntilNanos = System.nanoTime() + settings.drain().toNanos();
      stopSource();
      sourceDone = true;
    }
    return finishIfDone();
  }

  private Behavior<Command> onFinish() {
    if (finishUntilNanos == 0 && drainUntilNanos == 0) {
      finishUntilNanos = System.nanoTime() + settings.finish().toNanos();
      stopSource();
      sourceDone = true;
    }
    return finishIfDone();
  }

  private Behavior<Command> onBegin(Begin begin) {
    var start = begin.start();
    numbering.started(start);
    position = start.progress().position();
    accounts.restore(start.progress());
    var kept = start.progress().open();
    pending.restore(
        begin.onDisk().results().where(kept::contains),
        begin.onDisk().elements().where(kept::contains));
    forget(begin.onDisk().all().where(seq -> !kept.contains(seq)));
    problem = Optional.empty();
    if (!kept.isEmpty())
      getContext()
          .getLog()
          .info("{}: {} elements wait on the disk for the cloud", identity.stream(), kept.size());
    if (start.lost() > 0) {
      problem = Optional.of(start.fate());
      getContext().getLog().warn("{}: {}", identity.stream(), start.fate());
    }
    open();
    return finishIfDone();
  }

  private Behavior<Command> onNotYet(NotYet notYet) {
    var cause = unwrapped(notYet.cause());
    problem = Optional.of("waits to know where to begin: " + cause.getMessage());
    getContext().getLog().debug("{}: no first sequence number", identity.stream(), cause);
    timers.startSingleTimer(Timer.ASK_SEQ, Duration.ofSeconds(1));
    return this;
  }

  private Behavior<Command> onSaved(Saved saved) {
    numbering.saved(saved.upTo());
    forget(forgetting.saved());
    savable = true;
    tellSettled(saved.settled());
    if (pending.oldest(numbering.next(), position).position() > saved.settled()) saveSoon();
    pull();
    return this;
  }

  private Behavior<Command> onNotSaved(NotSaved notSaved) {
    numbering.notSaved();
    forgetting.notSaved();
    if (savable)
      getContext()
          .getLog()
          .warn(
              "{}: its progress cannot be kept in dayu.node.data-dir ({}); reading goes on as long as numbers are reserved",
              identity.stream(),
              unwrapped(notSaved.cause()).toString());
    savable = false;
    return this;
  }

  private Behavior<Command> onSpooled(Spooled spooled) {
    var flight = spooled.flight();
    long now = System.nanoTime();
    if (spooled.error() != null) {
      flight.dueNanos = now + SPOOL_RETRY_NANOS;
      if (spoolable)
        getContext()
            .getLog()
            .warn(
                "{}: elements cannot wait on the disk now: {}",
                identity.stream(),
                unwrapped(spooled.error()).getMessage());
      spoolable = false;
      return this;
    }
    spoolable = true;
    var round = new Round(now, pending.inFlight());
    pending.spool(flight.base.getSeq()).ifPresentOrElse(round::add, () -> settledOnDisk(flight));
    return landed(round);
  }

  private Behavior<Command> onBrought(Brought brought) {
    spool.brought(brought.elements());
    if (course.isOffline() || !course.isRouted()) {
      spool.rewind();
      return this;
    }
    long now = System.nanoTime();
    for (var element : brought.elements()) {
      long seq = element.getSeq();
      if (!pending.spooled().contains(seq) || pending.again().containsKey(seq)) continue;
      long age = Math.max(0, clock.millis() - element.getCreatedAtMs());
      var flight = Flight.again(element, now - age * 1_000_000);
      pending.again().put(seq, flight);
      send(flight, now);
    }
    return this;
  }

  private Behavior<Command> onOpened(Opened opened) {
    if (opened.generation() != generation) return this;
    owedTo = opened.source();
    pull();
    return this;
  }

  private Behavior<Command> onSourceEnded(SourceEnded ended) {
    if (ended.generation() != generation) return this;
    if (drainUntilNanos == 0)
      getContext().getLog().info("{}: the source has ended", identity.stream());
    sourceDone = true;
    return finishIfDone();
  }

  private Behavior<Command> onSourceFailed(SourceFailed failed) {
    if (failed.generation() != generation) return this;
    var cause = failed.cause();
    boolean permanent = cause instanceof SourceException e && e.permanent();
    problem = Optional.of(String.valueOf(cause.getMessage()));
    stopSource();
    if (permanent) {
      state = StreamState.FAILED;
      sourceDone = true;
      getContext().getLog().warn("{} cannot be read: {}", identity.stream(), cause.getMessage());
      return finishIfDone();
    }
    state = StreamState.SOURCE_DOWN;
    getContext()
        .getLog()
        .warn(
            "{} is not readable now ({}), tried again in {} ms",
            identity.stream(),
            cause.getMessage(),
            backoff.toMillis());
    timers.startSingleTimer(Timer.OPEN, backoff);
    var doubled = backoff.multipliedBy(2);
    backoff =
        doubled.compareTo(settings.sourceMaxBackoff()) > 0 ? settings.sourceMaxBackoff() : doubled;
    return this;
  }

  private Behavior<Command> onSweep() {
    long now = System.nanoTime();
    // The window may have grown by itself, at the end of a probe.
    fill();
    pull();
    if (course.isRouted()) {
      for (var flight : pending.flights())
        if (now - flight.dueNanos > 0 && !waitsHere(flight, now)) again(flight, now);
      for (var flight : pending.again().values())
        if (now - flight.dueNanos > 0 && !waitsHere(flight, now)) again(flight, now);
      if (!course.isOffline())
        spool
            .next(pending, now)
            .ifPresent(
                reading ->
                    getContext()
                        .pipeToSelf(
                            reading,
                            (found, error) -> new Brought(error == null ? found : List.of())));
    }
    if (drainUntilNanos != 0 && now - drainUntilNanos > 0) {
      getContext()
          .getLog()
          .warn(
              "{} stops with {} elements in flight after waiting {} s for them (dayu.generate.drain)",
              identity.stream(),
              pending.size(),
              settings.drain().toSeconds());
      return Behaviors.stopped();
    }
    if (finishUntilNanos != 0 && now - finishUntilNanos > 0) {
      getContext()
          .getLog()
          .warn(
              "{} stops with {} elements on their way after waiting {} s for them (dayu.generate.finish)",
              identity.stream(),
              pending.size() - pending.onDisk(),
              settings.finish().toSeconds());
      return Behaviors.stopped();
    }
    save();
    return this;
  }

  /** What still waits here for credit has not been sent: a copy would only lengthen the queue. */
  private boolean waitsHere(Flight flight, long now) {
    boolean patient = now - flight.dueNanos < settings.maxResend().toNanos();
    return patient
        && plan.roots().stream().anyMatch(root -> router.waiting(flight.path.get(root)) > 0);
  }

  private Behavior<Command> onReport() {
    accounts.tick(System.nanoTime());
    router.closeIdle(instance -> !instance.startsWith(plan.key() + "/"));
    report();
    return this;
  }

  private Behavior<Command> onOpen() {
    open();
    return this;
  }

  /** Opens the source as soon as both a decision and a first sequence number are there. */
  private void open() {
    if (!course.hasDecision() || !numbering.hasStarted() || kill != null || sourceDone) return;
    int mine = ++generation;
    kill =
        Reading.batches(
                identity.provider(),
                new SourceContext(
                    identity.source().uri(), identity.stream(), position, knobs::get, settled::set),
                Math.min(MAX_BATCH, settings.maxWindow()))
            .viaMat(KillSwitches.single(), Keep.right())
            .to(
                ActorSink.actorRefWithBackpressure(
                    getContext().getSelf(),
                    (ActorRef<Ack> replyTo, List<Reading.Piece> batch) ->
                        new Cut(batch, replyTo, mine),
                    (ActorRef<Ack> replyTo) -> new Opened(replyTo, mine),
                    Ack.INSTANCE,
                    new SourceEnded(mine),
                    error -> new SourceFailed(error, mine)))
            .run(getContext().getSystem());
  }

  private void stopSource() {
    generation++;
    owedTo = null;
    if (kill != null) kill.shutdown();
    kill = null;
  }

  private Element element(Segment segment, long now) {
    boolean keep = false;
    double perSecond = plan.spec().delivery().keepFramesPerSecond();
    if (perSecond > 0 && now - keepDueNanos >= 0) {
      keep = true;
      long every = (long) (1e9 / perSecond);
      keepDueNanos = Math.max(keepDueNanos + every, now - every);
    }
    return Element.newBuilder()
        .setStream(identity.stream())
        .setSeq(numbering.take())
        .setOrigin(identity.node())
        .setCreatedAtMs(clock.millis())
        .setKeep(keep)
        .setPayload(segment.payload())
        .build();
  }

  private void fill() {
    while (pending.waiting() > 0
        && course.isRouted()
        && !course.isOffline(Offline.SHED)
        && pending.inFlight() < limit.current(System.nanoTime())
        && (pending.inFlight() == 0 || pending.bytes() < settings.windowBytes())) {
      long now = System.nanoTime();
      // Until now there was nothing to wait for.
      if (pending.inFlight() == 0) accounts.idleAt(now);
      go(pending.launch(), now);
    }
  }

  /** An element's first step: to the stages, or to the disk. */
  private void go(Flight flight, long now) {
    if (!course.isOffline(Offline.SPOOL)) {
      send(flight, now);
      return;
    }
    flight.dueNanos = now + settings.maxResend().toNanos();
    getContext().pipeToSelf(spool.write(flight), (done, error) -> new Spooled(flight, error));
  }

  /** The same once more. */
  private void again(Flight flight, long now) {
    if (course.isOffline(Offline.SPOOL)) go(flight, now);
    else resend(flight, now);
  }

  /**
   * Asks the source for more, if there are numbers for it: a live one always, one that can wait
   * when the window has room.
   */
  private void pull() {
    if (owedTo == null || !numbering.has(MAX_BATCH)) return;
    boolean full =
        course.isOffline(Offline.SHED)
            || pending.waiting() > 0
            || pending.inFlight() >= limit.current(System.nanoTime());
    if (shed == Shed.NONE && full) return;
    owedTo.tell(Ack.INSTANCE);
    owedTo = null;
  }

  private void shedOne() {
    if (shed == Shed.OLDEST) pending.dropOldest();
    else pending.dropNewest();
    accounts.shed();
  }

  private void send(Flight flight, long now) {
    flight.attempt++;
    flight.sentNanos = now;
    flight.path = course.path();
    flight.dueNanos = now + resendAfterNanos(flight.attempt);
    var element =
        flight.base.toBuilder()
            .setAttempt(flight.attempt)
            .setDecision(course.decision())
            .addAllPath(Paths.steps(flight.path))
            .build();
    if (element.getSerializedSize() > maxElement) {
      fail(flight, element);
      return;
    }
    var parcel = new Parcel(element, flight.bornNanos, 0);
    for (var root : plan.roots()) router.send(flight.path.get(root), plan.instance(root), parcel);
  }

  /** No link would take it, now or later. */
  private void fail(Flight flight, Element element) {
    var reason =
        "the element has %d bytes, dayu.link.max-element is %d"
            .formatted(element.getSerializedSize(), maxElement);
    var ending =
        Ending.newBuilder()
            .setKind(Ending.Kind.FAILED)
            .setStage(plan.order().get(0).id())
            .setReason(reason);
    var failed = element.toBuilder().clearPayload().setEnding(ending).build();
    router.send(identity.node(), Plan.OUTBOX, new Parcel(failed, flight.bornNanos, 0));
  }

  private void resend(Flight flight, long now) {
    accounts.resent();
    getContext()
        .getLog()
        .debug(
            "{}#{} is sent again, attempt {}",
            identity.stream(),
            flight.base.getSeq(),
            flight.attempt + 1);
    send(flight, now);
  }

  private long resendAfterNanos(int attempt) {
    // Before anything was measured nobody knows how slow the stages are: a copy would burden them.
    long usual =
        accounts.slowMs() == 0
            ? settings.maxResend().toNanos() / 3
            : Math.max(settings.minResend().toNanos(), (long) (4 * accounts.slowMs() * 1e6));
    return Math.min(settings.maxResend().toNanos(), usual << Math.min(attempt - 1, 4));
  }

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

  private void land(long seq, boolean ok, Round round) {
    var landed = pending.land(seq);
    if (landed.isPresent()) {
      accounts.done(ok, (round.now - landed.get().bornNanos) / 1_000);
      round.add(landed.get());
      return;
    }
    if (pending.landFromDisk(seq)) accounts.done(ok);
    // Otherwise the acknowledgement of an earlier attempt.
    forgetting.settled(seq);
  }

  private Behavior<Command> landed(Round round) {
    if (round.count > 0) {
      accounts.acknowledgedAt(round.now);
      limit.observe(round.now, (double) round.sumUs / round.count, round.count, round.before);
    }
    fill();
    pull();
    saveSoon();
    return finishIfDone();
  }

  /** The disk has it no sooner than it was settled by another way. */
  private void settledOnDisk(Flight flight) {
    long seq = flight.base.getSeq();
    if (!pending.isOpen(seq)) forgetting.settled(seq);
  }

  private void forget(Ranges settled) {
    if (!settled.isEmpty()) controller.tell(new Controller.Settled(identity.stream(), settled));
  }

  private void tellOffline() {
    getContext()
        .getLog()
        .info(
            course.isOffline()
                ? "{}: no cloud node can be reached, delivery.offline is {}"
                : "{}: the cloud can be reached again",
            identity.stream(),
            plan.spec().delivery().offline().name().toLowerCase(java.util.Locale.ROOT));
  }

  private Behavior<Command> finishIfDone() {
    if (finishUntilNanos != 0) {
      boolean stuck = course.isOffline(Offline.SHED) || !course.isRouted();
      boolean moving = pending.size() > pending.onDisk();
      return moving && !stuck ? this : Behaviors.stopped();
    }
    if (!sourceDone || pending.size() > 0) return this;
    if (drainUntilNanos != 0) {
      report();
      return Behaviors.stopped();
    }
    if (state != StreamState.FAILED) state = StreamState.COMPLETED;
    report();
    return this;
  }

  private void report() {
    var latency = accounts.latencyMs(50, 95, 99);
    controller.tell(
        new Controller.StreamStatus(
            new StreamReport(
                identity.stream(),
                state,
                accounts.ledger(pending.size()),
                course.decision(),
                limit.current(System.nanoTime()),
                accounts.perSecond(),
                latency[0],
                latency[1],
                latency[2],
                accounts.resentCount(),
                accounts.longestGapMs(),
                identity.disk().isFull()
                    ? Optional.of("no more can wait on the disk, dayu.outbox.quota is used up")
                    : problem)));
  }

  private static Throwable unwrapped(Throwable error) {
    return error instanceof CompletionException && error.getCause() != null
        ? error.getCause()
        : error;
  }

  private void save() {
    if (numbering.isSaving()) return;
    var oldest = pending.oldest(numbering.next(), position);
    var saving = numbering.save(oldest, accounts.ledger(pending.size()), pending.open());
    if (saving.isPresent()) {
      forgetting.begun();
      getContext()
          .pipeToSelf(
              saving.get(),
              (upTo, error) ->
                  error == null ? new Saved(upTo, oldest.position()) : new NotSaved(error));
    } else {
      forget(forgetting.all()); // the counts are durable already
    }
  }

  private void saveSoon() {
    if (settled.get() != null && !timers.isTimerActive(Timer.SAVE))
      timers.startSingleTimer(Timer.SAVE, SAVE_AFTER);
  }

  private void tellSettled(long upTo) {
    var ear = settled.get();
    if (ear != null) ear.accept(upTo);
  }

  private void askSeq() {
    boolean replayable = identity.provider().descriptor().replayable();
    getContext()
        .pipeToSelf(
            identity
                .disk()
                .content(identity.stream())
                .thenCompose(
                    onDisk ->
                        numbering
                            .start(replayable, onDisk.all(), identity.firstSeq())
                            .thenApply(start -> new Begin(start, onDisk))),
            (begin, error) -> error == null ? begin : new NotYet(error));
  }
}
