package io.dayu.generate;

import io.dayu.deliver.Acknowledged;
import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.gossip.Decision;
import io.dayu.gossip.NodeReport.StreamReport;
import io.dayu.gossip.NodeReport.StreamState;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSettings;
import io.dayu.link.Parcel;
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
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
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

  /** Nodes that give no sign of life. */
  public record Suspects(Set<String> nodes) implements Command {}

  /** Acknowledgements may have been lost: ask again for what is in flight, by sending it again. */
  public enum Unanswered implements Command {
    INSTANCE
  }

  /** Stop reading; end when nothing is in flight any more, or after a while. */
  public enum Drain implements Command {
    INSTANCE
  }

  /**
   * Who this generator is and what it reads.
   *
   * @param node this node
   * @param firstSeq asks for the sequence number to begin with, of a stream that {@code memory}
   *     does not know; tried until it answers
   */
  public record Identity(
      String node,
      Plan plan,
      SourceSpec source,
      SourceProvider provider,
      Supplier<CompletionStage<Long>> firstSeq,
      StreamMemory memory) {
    String stream() {
      return plan.spec().stream(source);
    }
  }

  private record Begin(Numbering.Start start) implements Command {}

  private record NotYet(Throwable cause) implements Command {}

  private record Saved(long upTo) implements Command {}

  private record NotSaved(Throwable cause) implements Command {}

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
    ASK_SEQ
  }

  private enum Ack {
    INSTANCE
  }

  /** A batch is cut as one, so its last elements wait for room: more would show in latencies. */
  private static final int MAX_BATCH = 16;

  private static final Duration SWEEP_EVERY = Duration.ofMillis(200);

  private final TimerScheduler<Command> timers;
  private final GenerateSettings settings;
  private final Identity identity;
  private final ActorRef<Controller.Command> controller;
  private final Clock clock;
  private final Router router;
  private final Shed shed;
  private final int maxElement;
  private final InFlightLimit limit;
  private final PathChooser paths = new PathChooser();
  private final Accounts accounts = new Accounts();
  private final AtomicReference<Knobs> knobs; // read by the source's threads
  private final Pending pending = new Pending();
  private final Numbering numbering;
  private Plan plan;
  private Set<String> stages; // of the plan
  private Decision decision;
  private Set<String> suspects = Set.of();
  private long position;
  private StreamState state = StreamState.STARTING;
  private Optional<String> problem = Optional.empty();
  private UniqueKillSwitch kill;
  private ActorRef<Ack> owedTo;
  private int generation;
  private Duration backoff;
  private long keepDueNanos = System.nanoTime();
  private long drainUntilNanos;
  private boolean sourceDone;
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
    this.stages = stages(plan);
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
        .onMessage(Suspects.class, this::onSuspects)
        .onMessageEquals(Unanswered.INSTANCE, this::onUnanswered)
        .onMessageEquals(Drain.INSTANCE, this::onDrain)
        .onMessage(Begin.class, this::onBegin)
        .onMessage(NotYet.class, this::onNotYet)
        .onMessage(Saved.class, this::onSaved)
        .onMessage(NotSaved.class, this::onNotSaved)
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
              if (drainUntilNanos != 0) numbering.forget();
              else numbering.end(pending.committed(position), accounts.ledger(pending.size()));
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
    int before = pending.inFlight();
    long[] sum = new long[2];
    var ack = acked.acknowledged();
    for (long seq : ack.delivered()) land(seq, true, now, sum);
    for (long seq : ack.failed()) land(seq, false, now, sum);
    if (sum[1] > 0) {
      accounts.acknowledgedAt(now);
      limit.observe(now, (double) sum[0] / sum[1], (int) sum[1], before);
    }
    fill();
    pull();
    return finishIfDone();
  }

  private Behavior<Command> onFollow(Follow follow) {
    if (decision != null && follow.decision().version() <= decision.version()) return this;
    boolean first = decision == null;
    decision = follow.decision();
    paths.follow(decision);
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
    stages = stages(plan);
    return this;
  }

  private Behavior<Command> onSuspects(Suspects changed) {
    // What goes through a node that was lost is sent around it; what had no way but through a node
    // that is back was given up meanwhile and need not wait until it is due.
    var turned = new HashSet<>(changed.nodes());
    turned.addAll(suspects);
    turned.removeIf(n -> suspects.contains(n) && changed.nodes().contains(n));
    suspects = Set.copyOf(changed.nodes());
    if (turned.isEmpty() || !routed()) return this;
    long now = System.nanoTime();
    for (var flight : pending.flights())
      if (flight.path.values().stream().anyMatch(turned::contains)) resend(flight, now);
    return this;
  }

  private Behavior<Command> onUnanswered() {
    if (!routed()) return this;
    long now = System.nanoTime();
    for (var flight : pending.flights()) if (!waitsHere(flight, now)) resend(flight, now);
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

  private Behavior<Command> onBegin(Begin begin) {
    var start = begin.start();
    numbering.started(start);
    position = start.progress().position();
    accounts.restore(start.progress());
    problem = Optional.empty();
    if (start.unsettled() > 0) {
      problem = Optional.of(start.fate());
      getContext().getLog().warn("{}: {}", identity.stream(), start.fate());
    }
    open();
    return this;
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
    savable = true;
    pull();
    return this;
  }

  private Behavior<Command> onNotSaved(NotSaved notSaved) {
    numbering.notSaved();
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
    if (routed())
      for (var flight : pending.flights())
        if (now - flight.dueNanos > 0 && !waitsHere(flight, now)) resend(flight, now);
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
    save();
    return this;
  }

  /** What still waits here for credit has not been sent: a copy would only lengthen the queue. */
  private boolean waitsHere(Pending.Flight flight, long now) {
    boolean patient = now - flight.dueNanos < settings.maxResend().toNanos();
    return patient
        && plan.spec().roots().stream()
            .anyMatch(root -> router.waiting(flight.path.get(root.id())) > 0);
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
    if (decision == null || !numbering.hasStarted() || kill != null || sourceDone) return;
    int mine = ++generation;
    kill =
        Reading.batches(
                identity.provider(),
                new SourceContext(identity.source().uri(), position, knobs::get),
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

  private static Set<String> stages(Plan plan) {
    return plan.order().stream().map(s -> s.id()).collect(Collectors.toSet());
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
        && routed()
        && pending.inFlight() < limit.current(System.nanoTime())
        && (pending.inFlight() == 0 || pending.bytes() < settings.windowBytes())) {
      long now = System.nanoTime();
      // Until now there was nothing to wait for.
      if (pending.inFlight() == 0) accounts.idleAt(now);
      send(pending.launch(), now);
    }
  }

  /**
   * Whether the decision covers the plan; after a change of the pipeline it may be an older one.
   */
  private boolean routed() {
    if (decision == null) return false;
    return decision.route().keySet().containsAll(stages);
  }

  /**
   * Asks the source for more, if there are numbers for it: a live one always, one that can wait
   * when the window has room.
   */
  private void pull() {
    if (owedTo == null || !numbering.has(MAX_BATCH)) return;
    boolean full = pending.waiting() > 0 || pending.inFlight() >= limit.current(System.nanoTime());
    if (shed == Shed.NONE && full) return;
    owedTo.tell(Ack.INSTANCE);
    owedTo = null;
  }

  private void shedOne() {
    if (shed == Shed.OLDEST) pending.dropOldest();
    else pending.dropNewest();
    accounts.shed();
  }

  private void send(Pending.Flight flight, long now) {
    flight.attempt++;
    flight.sentNanos = now;
    flight.path = paths.path(suspects);
    // A decision may be older than the plan and have stages that are gone.
    flight.path.keySet().retainAll(stages);
    flight.dueNanos = now + resendAfterNanos(flight.attempt);
    var element =
        flight.base.toBuilder()
            .setAttempt(flight.attempt)
            .setDecision(decision.version())
            .addAllPath(Paths.steps(flight.path))
            .build();
    if (element.getSerializedSize() > maxElement) {
      fail(flight, element);
      return;
    }
    var parcel = new Parcel(element, flight.bornNanos, 0);
    for (var root : plan.spec().roots())
      router.send(flight.path.get(root.id()), plan.instance(root.id()), parcel);
  }

  /** No link would take it, now or later. */
  private void fail(Pending.Flight flight, Element element) {
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

  private void resend(Pending.Flight flight, long now) {
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

  private void land(long seq, boolean ok, long now, long[] sum) {
    var landed = pending.land(seq);
    if (landed.isEmpty()) return; // the acknowledgement of an earlier attempt
    var flight = landed.get();
    accounts.done(ok, (now - flight.bornNanos) / 1_000);
    // The window answers for the way, not for the wait before it.
    sum[0] += (now - flight.sentNanos) / 1_000;
    sum[1]++;
  }

  private Behavior<Command> finishIfDone() {
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
                decision == null ? 0 : decision.version(),
                limit.current(System.nanoTime()),
                accounts.perSecond(),
                latency[0],
                latency[1],
                latency[2],
                accounts.resentCount(),
                accounts.longestGapMs(),
                problem)));
  }

  private static Throwable unwrapped(Throwable error) {
    return error instanceof CompletionException && error.getCause() != null
        ? error.getCause()
        : error;
  }

  private void save() {
    numbering
        .save(pending.committed(position), accounts.ledger(pending.size()))
        .ifPresent(
            saving ->
                getContext()
                    .pipeToSelf(
                        saving,
                        (upTo, error) -> error == null ? new Saved(upTo) : new NotSaved(error)));
  }

  private void askSeq() {
    getContext()
        .pipeToSelf(
            numbering.start(identity.provider().descriptor().replayable(), identity.firstSeq()),
            (start, error) -> error == null ? new Begin(start) : new NotYet(error));
  }
}
