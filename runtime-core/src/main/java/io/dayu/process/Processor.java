package io.dayu.process;

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
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.settings.Budget;
import io.dayu.side.DynamicParams;
import io.dayu.side.Sides;
import io.dayu.stage.Causes;
import io.dayu.stage.FunctionStage;
import io.dayu.stage.Inputs;
import io.dayu.stage.ModelFiles;
import io.dayu.stage.Outcome;
import io.dayu.stage.Params;
import io.dayu.stage.ServiceProvider;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageProvider;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Hosts one stage of a pipeline on this node. Spawned by the controller.
 *
 * <p>In order:
 *
 * <ol>
 *   <li>The stage's behaviour is created on the dispatcher for stages, since that may load a model:
 *       {@link StageHost.Started}. Until then elements wait.
 *   <li>A producer attaches and is granted its window ({@link CreditReturn}).
 *   <li>{@link Inlet.Offer} brings an element. Before a join it waits for its other branches; then
 *       it is queued, in a queue that the producers' windows bound.
 *   <li>As many elements as the descriptor allows are at the stage at once, each in a place ({@link
 *       StageHost}) with an actor of its own for the answer. A quick {@link FunctionStage} gets
 *       what waits in one message instead, and what it has answered comes back in one. When an
 *       element goes there its producer gets its credit back. While the next stages take nothing,
 *       none goes.
 *   <li>{@link AnswerSlot.Answered}, or {@link StageHost.AllAnswered}, adds the output and the
 *       times to the element; it goes on to the processors of the next stages, or to the outbox
 *       where the first leaf's node is. What the stage skips goes to this node's outbox. What
 *       fails, or is not answered within {@code dayu.process.stage-timeout}, is tried again, up to
 *       {@code max-tries} times, and then goes there as failed, with its cause. A call that still
 *       runs then cannot be interrupted: its element fails at once, also where it comes a second
 *       time, and the stage gets no other one until the call returns.
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
  private final StageHost stage;
  private final Onward onward;
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
    var self = context.getSelf();
    this.sideWait =
        new SideWait<>(
            sides,
            identity.plan().spec().name(),
            identity.stage().read(),
            settings.stageTimeout(),
            () -> self.tell(SideCame.INSTANCE));
    this.front = new Entrance.Way(identity.plan(), new CreditReturn(context.getSelf()));
    this.router =
        new Router(
            context,
            locator,
            context.messageAdapter(Router.Located.class, Found::new),
            context.messageAdapter(Inlet.Grant.class, Granted::new),
            links);
    this.onward =
        new Onward(
            identity.node(), identity.stage().id(), router, settings, links.maxElement(), memory);
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
    timers.startTimerWithFixedDelay(Timer.REPORT, reportEvery);
    timers.startTimerWithFixedDelay(Timer.SWEEP, settings.stageTimeout().dividedBy(10));
    var provider =
        PerBoxStage.around(identity.provider(), identity.stage(), settings.stageTimeout(), nanos);
    var pipeline = identity.plan().spec().name();
    this.stage =
        new StageHost(
            context,
            provider,
            () ->
                new StageContext(
                    pipeline,
                    identity.stage().id(),
                    identity.node(),
                    Params.of(provider.descriptor(), identity.stage().params()),
                    Inputs.of(identity.stage().inputs()),
                    models,
                    Sides.of(sides, pipeline, identity.stage().side()),
                    DynamicParams.of(sides, pipeline, identity.stage(), provider.descriptor())),
            identity.provider().descriptor().parallelism(),
            settings.stageTimeout(),
            new FromStage(),
            nanos);
  }

  private final class FromStage implements StageHost.Results {
    @Override
    public void ended(Work work, Outcome outcome, long begunNanos, long endedNanos) {
      answered(work, outcome, begunNanos, endedNanos);
    }

    @Override
    public void takenBack(Work work) {
      queue.addFirst(work);
    }

    @Override
    public void problem(String what) {
      tell(what);
    }
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
            .onMessage(StageHost.AllAnswered.class, this::onAllAnswered)
            .onMessage(AnswerSlot.Answered.class, this::onAnswered)
            .onMessage(Granted.class, this::onGranted)
            .onMessage(
                Found.class,
                found -> {
                  router.located(found.located());
                  return this;
                })
            .onMessage(StageHost.Started.class, this::onStarted)
            .onMessage(StageHost.Returned.class, this::onReturned)
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
                  onward.close();
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
      if (whole.isPresent()) queue.add(Work.of(whole.get(), way, offer.producer(), weight, now));
      else way.credits().taken(offer.producer(), weight);
    }
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onAllAnswered(StageHost.AllAnswered all) {
    stage.on(all);
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onAnswered(AnswerSlot.Answered answered) {
    stage.on(answered);
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onGranted(Granted granted) {
    router.granted(granted.grant());
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onStarted(StageHost.Started started) {
    if (!stage.isCurrent(started)) return this;
    state = StageState.RUNNING;
    report();
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onReturned(StageHost.Returned returned) {
    stage.on(returned);
    pump();
    return this;
  }

  private Behavior<Inlet.Command> leave(Duration idle) {
    leaveAfter = Optional.of(idle);
    return this;
  }

  private Behavior<Inlet.Command> onStart() {
    state = StageState.STARTING;
    stage.start();
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
        queue.isEmpty() && stage.size() == 0 && sideWait.isEmpty() && router.waiting() == 0;
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
                meter.work(queue.size() + sideWait.size() + stage.size()),
                restarts,
                problem)));
  }

  private void tell(String what) {
    problem = Optional.of(what);
    getContext().getLog().warn("stage {}: {}", identity.instance(), what);
  }

  private Behavior<Inlet.Command> onSweep() {
    long now = nanos.getAsLong();
    stage.sweep(now);
    // Nothing waits longer for a call that does not return than its own tries would have taken.
    long patience = settings.stageTimeout().multipliedBy(settings.maxTries()).toNanos();
    while (stage.isBusy() && !queue.isEmpty() && now - queue.peek().queuedNanos() > patience)
      fail(queue.poll(), "the stage is still busy with an earlier element");
    // Not an end: their origin sends them again, maybe to another node by now.
    while (!queue.isEmpty() && now - queue.peek().queuedNanos() > patience && isToCome())
      queue.remove().taken();
    for (var work : sideWait.late(now)) {
      // Not an end: its origin sends it again, and then in a version that it has now.
      work.taken();
      tell(
          "version %s of the side inputs and parameters of %s has not come here within dayu.process.stage-timeout (%s ms); the element is sent again"
              .formatted(
                  work.parcel().element().getSide(),
                  work.called(),
                  settings.stageTimeout().toMillis()));
    }
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onTerminated(Terminated terminated) {
    if (stage.is(terminated.getRef())) return onStageGone(terminated.getRef(), "it stopped itself");
    router.terminated(terminated.getRef());
    return this;
  }

  private Behavior<Inlet.Command> onStageGone(ActorRef<Void> ref, String cause) {
    if (!stage.is(ref)) return this;
    var had = stage.crashed(cause);
    var wait = backoff.next();
    restarts++;
    state = StageState.BACKING_OFF;
    problem = Optional.of("crashed" + had.during() + ": " + cause);
    getContext()
        .getLog()
        .warn(
            "stage {} crashed ({}), start {} in {} ms; the {} elements it had are tried again",
            identity.instance(),
            cause,
            restarts + 1,
            wait.toMillis(),
            had.elements());
    timers.startSingleTimer(Timer.START, wait);
    return this;
  }

  private void pump() {
    while (state == StageState.RUNNING
        && stage.isFree()
        && !queue.isEmpty()
        && onward.hasRoom()
        && !isToCome()) begin();
  }

  /** Tries would be lost on a service that is about to be started. */
  private boolean isToCome() {
    return identity.provider() instanceof ServiceProvider service && service.isToCome();
  }

  /** Sends to the stage what it takes in one message. */
  private void begin() {
    long now = nanos.getAsLong();
    boolean function = stage.callsFunction();
    // A slow one gains nothing by it, and what it has answered would wait for the rest.
    int most = function && meter.isQuick() ? Math.min(MAX_TURN, onward.room()) : 1;
    int count = 0;
    long bytes = 0;
    while (!queue.isEmpty() && count < most) {
      bytes += Math.max(queue.peek().parcel().weight(), onward.grownBytes());
      if (bytes > MAX_TURN_BYTES && count > 0) break;
      var work = queue.poll();
      if (sideWait.lacks(work.parcel().element())) {
        sideWait.add(work, work.parcel().element(), now);
        continue;
      }
      if (stage.isOverdue(work)) {
        fail(work, "its call has taken too long before: it is not tried again");
        continue;
      }
      work.taken();
      stage.send(work.begin(now), function);
      count++;
    }
    stage.flush();
  }

  /** Ends an element that the stage does not get. */
  private void fail(Work work, String reason) {
    work.taken();
    long now = nanos.getAsLong();
    answered(work, new Outcome.Failed(reason, false), now, now);
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
    if (outcome instanceof Outcome.Failed failed) {
      meter.failed();
      problem = Optional.of(work.called() + ": " + failed.reason());
      if (failed.retryable() && work.tries() < settings.maxTries()) {
        queue.addFirst(work.again(ended));
        return;
      }
      onward.end(work, hop, Ending.Kind.FAILED, failed.reason());
      return;
    }
    meter.worked(queueUs, workUs);
    backoff.reset();
    if (outcome instanceof Outcome.Skip skip) {
      onward.end(work, hop, Ending.Kind.SKIPPED, skip.reason());
      return;
    }
    onward.send(work, hop, ((Outcome.Output) outcome).media());
  }
}
