package io.dayu.process;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Hop;
import io.dayu.element.Outputs;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.link.Backoff;
import io.dayu.link.CreditReturn;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSettings;
import io.dayu.link.Parcel;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.settings.Budget;
import io.dayu.side.Sides;
import io.dayu.stage.Causes;
import io.dayu.stage.FunctionStage;
import io.dayu.stage.Inputs;
import io.dayu.stage.ModelFiles;
import io.dayu.stage.Outcome;
import io.dayu.stage.Params;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageProvider;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Hosts one stage of a pipeline on this node. Spawned by the controller.
 *
 * <p>In order:
 *
 * <ol>
 *   <li>The stage's behaviour is created on the dispatcher for stages, since that may load a model:
 *       {@link Started}. Until then elements wait.
 *   <li>A producer attaches and is granted its window ({@link CreditReturn}).
 *   <li>{@link Inlet.Offer} brings an element. Before a join it waits for its other branches; then
 *       it is queued, in a queue that the producers' windows bound.
 *   <li>As many elements as the descriptor allows are at the stage at once, each in a {@link Slot}
 *       with an actor of its own for the answer. A quick {@link FunctionStage} gets what waits in
 *       one message instead, and what it has answered comes back in one. When an element goes there
 *       its producer gets its credit back. While the next stages take nothing, none goes.
 *   <li>{@link Answered}, or {@link AllAnswered}, adds the output and the times to the element; it
 *       goes on to the processors of the next stages, or to the outbox where the first leaf's node
 *       is. What the stage skips goes to this node's outbox. What fails, or is not answered within
 *       {@code dayu.process.stage-timeout}, is tried again, up to {@code max-tries} times, and then
 *       goes there as failed, with its cause. A call that still runs then cannot be interrupted:
 *       its element fails at once, also where it comes a second time, and the stage gets no other
 *       one until the call returns.
 *   <li>A stage that crashes is started again with back-off; the elements it had are tried again.
 *   <li>The stage may go on in a later plan: then elements of that come by an {@link Entrance}, and
 *       go on as their own plan says.
 *   <li>After {@link Retire} it stops once nothing has come for {@code dayu.process.retire-after},
 *       after {@link Unload} sooner.
 * </ol>
 */
public final class Processor extends AbstractBehavior<Inlet.Command> {
  /** What the owner hears. */
  public sealed interface Event {}

  /** Every second and at changes. */
  public record Status(InstanceName instance, StageReport report) implements Event {}

  /**
   * The pipeline is stopped; this instance stops once nothing has come for {@link #UNLOAD_AFTER}.
   */
  public enum Unload implements Inlet.Command {
    INSTANCE
  }

  /** The pipeline is no longer stopped: an instance that was to be unloaded goes on. */
  public enum Stay implements Inlet.Command {
    INSTANCE
  }

  /** The pipeline no longer wants this instance; it stops once nothing has come for a while. */
  public enum Retire implements Inlet.Command {
    INSTANCE
  }

  /**
   * Who this instance is.
   *
   * @param node this node
   */
  public record Identity(String node, Plan plan, StageSpec stage, StageProvider provider) {
    InstanceName instance() {
      return plan.instance(stage.id());
    }
  }

  private record Started(int generation) implements Inlet.Command {}

  private record Returned(int generation) implements Inlet.Command {}

  private record Answered(Slot slot, long turn, Outcome outcome) implements Inlet.Command {}

  /** There are answers in the {@link StageCalls}. */
  private record AllAnswered(int generation) implements Inlet.Command {}

  private record Granted(Inlet.Grant grant) implements Inlet.Command {}

  private record Found(Router.Located located) implements Inlet.Command {}

  /** Side inputs have come to this node. */
  private enum SideCame implements Inlet.Command {
    INSTANCE
  }

  private enum Timer implements Inlet.Command {
    REPORT,
    SWEEP,
    START
  }

  /**
   * A place at the stage. Answers come to small actors of the slot's own, which is cheaper than an
   * ask. Two take turns, so that a second answer to one element is not taken for the answer to the
   * next; one is replaced when an element is given up, so that a late answer is received by nobody.
   */
  private final class Slot {
    Listener listener = listen(this);
    Listener spare = listen(this);
    @Nullable Visit visit; // null while it is free
  }

  /** An element at the stage. */
  private static final class Visit extends StageCalls.Call {
    final Work work;
    final @Nullable Slot slot; // null if the answer is kept in the StageCalls

    Visit(Work work, @Nullable Slot slot) {
      super(work.parcel().element(), slot == null ? null : slot.listener.ref(), work.begunNanos());
      this.work = work;
      this.slot = slot;
    }
  }

  private record Listener(long turn, ActorRef<Outcome> ref) {}

  /**
   * @param way by which it came
   * @param weight of the offer it came with, to be granted again
   * @param granted whether it was
   * @param begunNanos when it was sent to the stage
   */
  private record Work(
      Parcel parcel,
      Entrance.Way way,
      ActorRef<Inlet.Grant> producer,
      int weight,
      long queuedNanos,
      long begunNanos,
      int tries,
      boolean granted) {
    Work begin(long now) {
      return new Work(parcel, way, producer, weight, queuedNanos, now, tries + 1, true);
    }

    /** As before it was sent to the stage, which has not begun with it. */
    Work unbegun() {
      return new Work(parcel, way, producer, weight, queuedNanos, 0, tries - 1, granted);
    }

    /** Its producer gets its credit back. */
    void taken() {
      if (!granted) way.credits().taken(producer, weight);
    }

    Numbered numbered() {
      return new Numbered(parcel.element().getStream(), parcel.element().getSeq());
    }
  }

  /** An element, whichever attempt it is. */
  private record Numbered(String stream, long seq) {}

  /** Elements are sent again for some minutes, and so many calls are not given up in that time. */
  private static final int OVERDUE = 1_000;

  /** What a stage gets in one message, of elements that are small after it as well. */
  private static final int MAX_TURN = 64;

  private static final long MAX_TURN_BYTES = 256 << 10;

  private final TimerScheduler<Inlet.Command> timers;

  /**
   * An element that comes later starts the instance again, which only costs time. While elements
   * are in flight, they mostly follow each other within this.
   */
  static final Duration UNLOAD_AFTER = Duration.ofSeconds(2);

  private final ProcessSettings settings;
  private final Identity identity;
  private final ActorRef<Event> owner;
  private final LongSupplier nanos;
  private final Entrance.Way front; // of the plan that it was started for
  private final Router router;
  private final Optional<JoinBuffer> join;
  private final SideWait<Work> sideWait;
  private final StageMeter meter = new StageMeter(System.nanoTime());
  private final ArrayDeque<Work> queue = new ArrayDeque<>(); // bounded by the producers' windows
  private final ArrayDeque<Slot> free = new ArrayDeque<>();
  private final Set<Visit> visits = new LinkedHashSet<>(); // in the order in which they were sent
  private final int parallelism;
  private final int maxElement;
  private final Budget memory;
  private final ModelFiles models;
  private final Sides sides;
  private long charged; // to it, for what waits behind the stage
  private final Set<Numbered> overdue = new LinkedHashSet<>(); // their calls were given up running
  private ActorRef<StageCalls.Turn<Visit>> stage;
  private StageCalls<Visit> calls;
  private int grownBytes; // of the last element that the stage has answered
  private boolean busy; // with a call that was given up
  private int generation;
  private long listeners;
  private StageState state = StageState.STARTING;
  private final Backoff backoff;
  private long restarts;
  private Optional<String> problem = Optional.empty();
  private Optional<Duration> leaveAfter = Optional.empty(); // idle, if it is to stop then
  private long lastElementNanos;

  private Processor(
      ActorContext<Inlet.Command> context,
      TimerScheduler<Inlet.Command> timers,
      ProcessSettings settings,
      LinkSettings links,
      Budget memory,
      ModelFiles models,
      Sides sides,
      Identity identity,
      Duration reportEvery,
      ActorRef<Event> owner,
      ActorRef<Router.Locate> locator,
      LongSupplier nanos) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.identity = identity;
    this.owner = owner;
    this.nanos = nanos;
    this.lastElementNanos = nanos.getAsLong();
    this.memory = memory;
    this.models = models;
    this.sides = sides;
    var self = context.getSelf();
    this.sideWait =
        new SideWait<>(
            sides,
            identity.plan().spec().name(),
            identity.stage().side(),
            settings.stageTimeout(),
            () -> self.tell(SideCame.INSTANCE));
    this.maxElement = links.maxElement();
    this.front = new Entrance.Way(identity.plan(), new CreditReturn(context.getSelf()));
    this.router =
        new Router(
            context,
            locator,
            context.messageAdapter(Router.Located.class, Found::new),
            context.messageAdapter(Inlet.Grant.class, Granted::new),
            links);
    var after = identity.stage().after();
    this.join =
        after.size() < 2
            ? Optional.empty()
            : Optional.of(
                new JoinBuffer(
                    element -> after.stream().allMatch(stage -> Outputs.has(element, stage)),
                    settings.joinCapacity(),
                    settings.joinPatience(),
                    memory));
    this.backoff = settings.backoff();
    this.parallelism = identity.provider().descriptor().parallelism();
    for (int i = 0; i < parallelism; i++) free.add(new Slot());
    timers.startTimerWithFixedDelay(Timer.REPORT, reportEvery);
    timers.startTimerWithFixedDelay(Timer.SWEEP, settings.stageTimeout().dividedBy(10));
    start();
  }

  /**
   * @param memory of the node, on which draws what waits behind stages and in joins
   * @param models that the stage may load
   * @param sides what this node has of side inputs
   */
  public static Behavior<Inlet.Command> create(
      ProcessSettings settings,
      LinkSettings links,
      Budget memory,
      ModelFiles models,
      Sides sides,
      Identity identity,
      Duration reportEvery,
      ActorRef<Event> owner,
      ActorRef<Router.Locate> locator,
      LongSupplier nanos) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Processor.class);
                  return new Processor(
                      context,
                      timers,
                      settings,
                      links,
                      memory,
                      models,
                      sides,
                      identity,
                      reportEvery,
                      owner,
                      locator,
                      nanos);
                }));
  }

  @Override
  public Receive<Inlet.Command> createReceive() {
    return router.flushing(
        front
            .credits()
            .receive(newReceiveBuilder())
            .onMessage(Inlet.Offer.class, offer -> onOffer(offer, front))
            .onMessage(Entrance.Through.class, this::onThrough)
            .onMessage(AllAnswered.class, this::onAllAnswered)
            .onMessage(Answered.class, this::onAnswered)
            .onMessage(Granted.class, this::onGranted)
            .onMessage(
                Found.class,
                found -> {
                  router.located(found.located());
                  return this;
                })
            .onMessage(Started.class, this::onStarted)
            .onMessage(Returned.class, this::onReturned)
            .onMessageEquals(Retire.INSTANCE, () -> leave(settings.retireAfter()))
            .onMessageEquals(Unload.INSTANCE, () -> leave(UNLOAD_AFTER))
            .onMessageEquals(
                Stay.INSTANCE,
                () -> {
                  leaveAfter = Optional.empty();
                  return this;
                })
            .onMessageEquals(SideCame.INSTANCE, this::onSideCame)
            .onMessageEquals(Timer.START, this::onStart)
            .onMessageEquals(Timer.REPORT, this::onReport)
            .onMessageEquals(Timer.SWEEP, this::onSweep)
            .onSignal(
                ChildFailed.class,
                failed -> onStageGone(failed.getRef(), Causes.words(failed.getCause())))
            .onSignal(Terminated.class, this::onTerminated)
            .onSignal(
                PostStop.class,
                stop -> {
                  router.close();
                  memory.add(-charged);
                  charged = 0;
                  join.ifPresent(JoinBuffer::close);
                  return this;
                })
            .build());
  }

  private Behavior<Inlet.Command> onThrough(Entrance.Through through) {
    var way = through.way();
    if (through.message() instanceof Inlet.Offer offer) return onOffer(offer, way);
    if (through.message() instanceof Inlet.Attach attach) way.credits().attach(attach);
    else if (through.message() instanceof Inlet.Detach detach)
      way.credits().detach(detach.producer());
    return this;
  }

  private Behavior<Inlet.Command> onOffer(Inlet.Offer offer, Entrance.Way way) {
    long now = nanos.getAsLong();
    lastElementNanos = now;
    for (var parcel : offer.parcels()) {
      int weight = parcel.weight();
      var whole = join.isPresent() ? join.get().add(parcel, now) : Optional.of(parcel);
      if (whole.isPresent())
        queue.add(new Work(whole.get(), way, offer.producer(), weight, now, 0, 0, false));
      else way.credits().taken(offer.producer(), weight);
    }
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onAllAnswered(AllAnswered all) {
    if (all.generation() == generation) takeAnswers();
    pump();
    return this;
  }

  private void takeAnswers() {
    for (var answer : calls.answers())
      // What is no longer there was given up.
      if (visits.contains(answer.call()))
        answered(leave(answer.call()), answer.outcome(), answer.begunNanos(), answer.endedNanos());
  }

  private Behavior<Inlet.Command> onAnswered(Answered answered) {
    var slot = answered.slot();
    if (slot.visit != null && slot.listener.turn() == answered.turn())
      answered(leave(slot.visit), answered.outcome());
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onGranted(Granted granted) {
    router.granted(granted.grant());
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onStarted(Started started) {
    if (started.generation() != generation) return this;
    state = StageState.RUNNING;
    report();
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onReturned(Returned returned) {
    if (returned.generation() != generation) return this;
    busy = false;
    pump();
    return this;
  }

  private Behavior<Inlet.Command> leave(Duration idle) {
    leaveAfter = Optional.of(idle);
    return this;
  }

  private Behavior<Inlet.Command> onStart() {
    start();
    return this;
  }

  private Behavior<Inlet.Command> onSideCame() {
    queue.addAll(sideWait.ready());
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onReport() {
    report();
    boolean idle =
        queue.isEmpty() && visits.isEmpty() && sideWait.isEmpty() && router.waiting() == 0;
    long unused = nanos.getAsLong() - lastElementNanos;
    return idle && leaveAfter.filter(after -> unused > after.toNanos()).isPresent()
        ? Behaviors.stopped()
        : this;
  }

  private void report() {
    long now = nanos.getAsLong();
    meter.tick(now);
    join.ifPresent(
        waiting -> {
          waiting.expire(now);
          waiting.tooSmall().ifPresent(this::tell);
        });
    owner.tell(
        new Status(
            identity.instance(),
            new StageReport(
                identity.plan().spec().name(),
                identity.stage().id(),
                identity.stage().type(),
                state,
                meter.work(queue.size() + sideWait.size() + visits.size()),
                restarts,
                problem)));
  }

  private void tell(String what) {
    problem = Optional.of(what);
    getContext().getLog().warn("stage {}: {}", identity.instance(), what);
  }

  private Behavior<Inlet.Command> onSweep() {
    long now = nanos.getAsLong();
    takeAnswers();
    // The call that holds up the others first: then they were not late by themselves.
    for (var visit : List.copyOf(visits))
      if (isLate(visit, now) && calls.isRunning(visit)) late(visit);
    for (var visit : List.copyOf(visits))
      if (visits.contains(visit) && isLate(visit, now)) late(visit);
    // Nothing waits longer for a call that does not return than its own tries would have taken.
    long patience = settings.stageTimeout().multipliedBy(settings.maxTries()).toNanos();
    while (busy && !queue.isEmpty() && now - queue.peek().queuedNanos() > patience)
      fail(queue.poll(), "the stage is still busy with an earlier element");
    for (var work : sideWait.late(now)) {
      // Not an end: its origin sends it again, and then in a version that it has now.
      work.taken();
      tell(
          "version %s of the side inputs of %s has not come here within dayu.process.stage-timeout (%s ms); the element is sent again"
              .formatted(
                  work.parcel().element().getSide(),
                  called(work.parcel().element()),
                  settings.stageTimeout().toMillis()));
    }
    pump();
    return this;
  }

  private boolean isLate(Visit visit, long now) {
    long since = visit.slot == null ? calls.sinceNanos(visit) : visit.work.begunNanos();
    return now - since > settings.stageTimeout().toNanos();
  }

  private void late(Visit visit) {
    var reason = "no answer within " + settings.stageTimeout().toMillis() + " ms";
    if (calls.giveUp(visit) != StageCalls.GivenUp.RUNNING) {
      giveUp(visit, new Outcome.Failed(reason, true));
      return;
    }
    busy = true;
    overdue.add(visit.work.numbered());
    if (overdue.size() > OVERDUE) overdue.remove(overdue.iterator().next());
    reason += ", and the stage is still in the call: it is not tried again";
    giveUp(visit, new Outcome.Failed(reason, false));
    tell(
        "a call takes longer than dayu.process.stage-timeout (%s ms) and cannot be interrupted; the stage gets nothing else until it returns"
            .formatted(settings.stageTimeout().toMillis()));
    // What waits at the stage behind it waits here again.
    for (var waiting : lastFirst()) {
      var unused = takeBack(waiting); // what it has begun with stays there
    }
  }

  /**
   * Takes an element back to the head of the queue if the stage has not begun with it.
   *
   * @return false if it has
   */
  private boolean takeBack(Visit visit) {
    if (calls.giveUp(visit) != StageCalls.GivenUp.NOT_BEGUN) return false;
    queue.addFirst(leaveUnanswered(visit).unbegun());
    return true;
  }

  private List<Visit> lastFirst() {
    var reversed = new ArrayList<>(visits);
    Collections.reverse(reversed);
    return reversed;
  }

  private Behavior<Inlet.Command> onTerminated(Terminated terminated) {
    if (isStage(terminated.getRef())) return onStageGone(terminated.getRef(), "it stopped itself");
    router.terminated(terminated.getRef());
    return this;
  }

  private boolean isStage(ActorRef<Void> ref) {
    return stage.equals(ref.<StageCalls.Turn<Visit>>unsafeUpcast());
  }

  private Behavior<Inlet.Command> onStageGone(ActorRef<Void> ref, String cause) {
    if (!isStage(ref)) return this;
    takeAnswers(); // of the elements before the one at which it crashed
    var wait = backoff.next();
    restarts++;
    generation++;
    state = StageState.BACKING_OFF;
    var what = "crashed" + during() + ": " + cause;
    getContext()
        .getLog()
        .warn(
            "stage {} crashed ({}), start {} in {} ms; the {} elements it had are tried again",
            identity.instance(),
            cause,
            restarts + 1,
            wait.toMillis(),
            visits.size());
    busy = false;
    for (var visit : lastFirst())
      if (!takeBack(visit)) giveUp(visit, new Outcome.Failed("stage crashed: " + cause, true));
    problem = Optional.of(what);
    timers.startSingleTimer(Timer.START, wait);
    return this;
  }

  /** The elements that were at the stage, one of which may be why it crashed. */
  private String during() {
    var there =
        visits.stream().filter(calls::hasBegun).map(visit -> called(visit.element())).toList();
    if (there.isEmpty()) return "";
    return " while it worked on " + there.get(0) + (there.size() > 1 ? " and others" : "");
  }

  private static String called(Element element) {
    return element.getStream() + " #" + element.getSeq();
  }

  private void start() {
    int mine = ++generation;
    state = StageState.STARTING;
    var self = getContext().getSelf();
    var provider =
        PerBoxStage.around(identity.provider(), identity.stage(), settings.stageTimeout(), nanos);
    var context =
        new StageContext(
            identity.plan().spec().name(),
            identity.stage().id(),
            identity.node(),
            Params.of(provider.descriptor(), identity.stage().params()),
            Inputs.of(identity.stage().inputs()),
            models,
            Sides.of(sides, identity.plan().spec().name(), identity.stage().side()));
    // create() may load a model for seconds, so it runs on the stage's dispatcher, not on this one.
    Behavior<StageCommand> behavior =
        Behaviors.setup(
            c -> {
              var created = provider.create(context);
              self.tell(new Started(mine));
              return created;
            });
    var making = new StageCalls<Visit>(nanos, () -> self.tell(new Returned(mine)));
    Runnable answered = () -> self.tell(new AllAnswered(mine));
    calls = making;
    stage =
        getContext()
            .spawn(
                Behaviors.intercept(() -> new StageGuard<>(making, answered, nanos), behavior),
                "stage-" + mine,
                DispatcherSelector.fromConfig("dayu.dispatchers.stages"));
    getContext().watch(stage);
  }

  private void pump() {
    while (state == StageState.RUNNING
        && !busy
        && visits.size() < parallelism
        && !queue.isEmpty()
        && hasRoom()) begin();
  }

  /** Sends to the stage what it takes in one message. */
  private void begin() {
    long now = nanos.getAsLong();
    boolean function = calls.callsFunction();
    // A slow one gains nothing by it, and what it has answered would wait for the rest.
    int most =
        function && meter.isQuick()
            ? Math.min(MAX_TURN, Math.max(1, settings.maxWaiting() - router.waiting()))
            : 1;
    var turn = new ArrayList<Visit>();
    long bytes = 0;
    while (!queue.isEmpty() && turn.size() < most) {
      bytes += Math.max(queue.peek().parcel().weight(), grownBytes);
      if (bytes > MAX_TURN_BYTES && !turn.isEmpty()) break;
      var work = queue.poll();
      if (sideWait.lacks(work.parcel().element())) {
        sideWait.add(work, work.parcel().element(), now);
        continue;
      }
      // A copy, sent because the first one was not acknowledged while the stage was in its call.
      if (!overdue.isEmpty() && overdue.contains(work.numbered())) {
        fail(work, "its call has taken too long before: it is not tried again");
        continue;
      }
      work.taken();
      var slot = function ? null : free.remove();
      var visit = new Visit(work.begin(now), slot);
      if (slot != null) slot.visit = visit;
      visits.add(visit);
      turn.add(visit);
    }
    if (!turn.isEmpty()) stage.tell(new StageCalls.Turn<>(turn));
  }

  /** Whether an output may be added to those that wait for the next stages. */
  private boolean hasRoom() {
    int waits = router.waiting();
    long bytes = router.waitingBytes();
    memory.add(bytes - charged);
    charged = bytes;
    return waits == 0 || waits < settings.maxWaiting() && !memory.isFull();
  }

  /** Ends an element that the stage does not get. */
  private void fail(Work work, String reason) {
    work.taken();
    long now = nanos.getAsLong();
    answered(
        new Work(
            work.parcel(),
            work.way(),
            work.producer(),
            work.weight(),
            work.queuedNanos(),
            now,
            work.tries(),
            true),
        new Outcome.Failed(reason, false));
  }

  private Work leave(Visit visit) {
    visits.remove(visit);
    var slot = visit.slot;
    if (slot != null) {
      slot.visit = null;
      var next = slot.spare;
      slot.spare = slot.listener;
      slot.listener = next;
      free.add(slot);
    }
    return visit.work;
  }

  /** Ends the wait for an answer of the stage: the try has failed. */
  private void giveUp(Visit visit, Outcome.Failed failed) {
    answered(leaveUnanswered(visit), failed);
  }

  private Work leaveUnanswered(Visit visit) {
    var slot = visit.slot;
    if (slot != null) {
      getContext().stop(slot.listener.ref());
      slot.listener = listen(slot);
    }
    return leave(visit);
  }

  private Listener listen(Slot slot) {
    var self = getContext().getSelf();
    long turn = ++listeners;
    return new Listener(
        turn,
        getContext()
            .spawnAnonymous(
                Behaviors.receiveMessage(
                    outcome -> {
                      self.tell(new Answered(slot, turn, outcome));
                      return Behaviors.same();
                    })));
  }

  private void answered(Work work, Outcome outcome) {
    answered(work, outcome, work.begunNanos(), nanos.getAsLong());
  }

  private void answered(Work work, Outcome outcome, long begun, long ended) {
    long queueUs = (begun - work.queuedNanos()) / 1_000;
    long workUs = (ended - begun) / 1_000;
    var hop =
        Hop.newBuilder()
            .setStage(identity.stage().id())
            .setNode(identity.node())
            .setQueueUs(queueUs)
            .setWorkUs(workUs)
            .setTransferUs(work.parcel().transferUs())
            .setTries(work.tries());
    var element = work.parcel().element();
    if (outcome instanceof Outcome.Failed failed) {
      meter.failed();
      problem = Optional.of(called(element) + ": " + failed.reason());
      if (failed.retryable() && work.tries() < settings.maxTries()) {
        queue.addFirst(
            new Work(
                work.parcel(),
                work.way(),
                work.producer(),
                work.weight(),
                ended,
                0,
                work.tries(),
                true));
        return;
      }
      end(work.parcel(), hop, Ending.Kind.FAILED, failed.reason());
      return;
    }
    meter.worked(queueUs, workUs);
    backoff.reset();
    if (outcome instanceof Outcome.Skip skip) {
      end(work.parcel(), hop, Ending.Kind.SKIPPED, skip.reason());
      return;
    }
    var output = ((Outcome.Output) outcome).media();
    var grown =
        Outputs.put(element.toBuilder(), identity.stage().id(), output).addTrace(hop).build();
    int size = grown.getSerializedSize();
    grownBytes = size;
    // The element has become too large for any link.
    if (size > Math.min(maxElement, memory.limit()))
      end(
          work.parcel(),
          hop,
          Ending.Kind.FAILED,
          "with its output the element has %s bytes, dayu.link.max-element is %s and dayu.memory.stages of this node %s"
              .formatted(size, maxElement, memory.limit()));
    else forward(work.parcel().with(grown), work.way().plan());
  }

  private void forward(Parcel parcel, Plan plan) {
    var next = plan.successors(identity.stage().id());
    var element = parcel.element();
    boolean strip = element.hasPayload() && !element.getKeep();
    Parcel stripped = null; // made for the first stage that does not need the payload
    for (var successor : next) {
      var sent = parcel;
      if (strip && !plan.needsPayload(successor)) {
        if (stripped == null) stripped = withoutPayload(parcel);
        sent = stripped;
      }
      router.send(Paths.node(element, successor), plan.instance(successor), sent);
    }
    if (next.isEmpty()) {
      // All leaves of an element meet at the outbox of the node that runs the first leaf.
      var meeting = Paths.node(element, plan.leaves().get(0));
      router.send(meeting, InstanceName.OUTBOX, strip ? withoutPayload(parcel) : parcel);
    }
  }

  private static Parcel withoutPayload(Parcel parcel) {
    return parcel.with(parcel.element().toBuilder().clearPayload().build());
  }

  private void end(Parcel parcel, Hop.Builder hop, Ending.Kind kind, String reason) {
    Element.Builder ended = parcel.element().toBuilder();
    ended
        .addTrace(hop)
        .setEnding(
            Ending.newBuilder().setKind(kind).setStage(identity.stage().id()).setReason(reason));
    if (!parcel.element().getKeep()) ended.clearPayload();
    router.send(identity.node(), InstanceName.OUTBOX, parcel.with(ended.build()));
  }
}
