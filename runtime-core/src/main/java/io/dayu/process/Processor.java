package io.dayu.process;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Hop;
import io.dayu.gossip.NodeReport.StageReport;
import io.dayu.gossip.NodeReport.StageState;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSettings;
import io.dayu.link.Owed;
import io.dayu.link.Parcel;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.stage.Outcome;
import io.dayu.stage.Params;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageProvider;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
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

/**
 * Hosts one stage of a pipeline on this node: queues elements, gives the stage as many at once as
 * its descriptor allows, adds output and times, and hands them on. Spawned by the {@link
 * Controller}. A stage that crashes is started again with back-off and the elements it had are
 * tried again; an element that fails {@code maxTries} times goes to the outbox as failed, with its
 * cause. While the next stages take nothing, no new work is begun, and producers get no credit.
 */
final class Processor extends AbstractBehavior<Inlet.Command> {
  /** The pipeline no longer wants this instance; it stops once nothing has come for a while. */
  enum Retire implements Inlet.Command {
    INSTANCE
  }

  /**
   * Who this instance is.
   *
   * @param node this node
   */
  record Identity(String node, Plan plan, StageSpec stage, StageProvider provider) {
    String instance() {
      return plan.instance(stage.id());
    }
  }

  private record Started(int generation) implements Inlet.Command {}

  private record Answered(long id, Outcome outcome) implements Inlet.Command {}

  private record Granted(Inlet.Grant grant) implements Inlet.Command {}

  private record Found(Router.Located located) implements Inlet.Command {}

  private enum Timer implements Inlet.Command {
    REPORT,
    START
  }

  private record Work(
      Parcel parcel, ActorRef<Inlet.Grant> producer, long queuedNanos, long begunNanos, int tries) {
    Work begin(long now) {
      return new Work(parcel, producer, queuedNanos, now, tries + 1);
    }
  }

  private final TimerScheduler<Inlet.Command> timers;
  private final ProcessSettings settings;
  private final Identity identity;
  private final ActorRef<Controller.Command> controller;
  private final Owed owed;
  private final Router router;
  private final Optional<JoinBuffer> join;
  private final StageMeter meter = new StageMeter();
  private final ArrayDeque<Work> queue = new ArrayDeque<>(); // bounded by the producers' windows
  private final Map<Long, Work> working = new HashMap<>(); // bounded by parallelism
  private final Duration reportEvery;
  private ActorRef<StageCommand> stage;
  private int generation;
  private StageState state = StageState.STARTING;
  private Duration backoff;
  private long restarts;
  private Optional<String> problem = Optional.empty();
  private boolean retiring;
  private long lastElementNanos = System.nanoTime();
  private long workIds;

  private Processor(
      ActorContext<Inlet.Command> context,
      TimerScheduler<Inlet.Command> timers,
      ProcessSettings settings,
      LinkSettings links,
      Identity identity,
      Duration reportEvery,
      ActorRef<Controller.Command> controller) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.identity = identity;
    this.controller = controller;
    this.reportEvery = reportEvery;
    this.owed = new Owed(context.getSelf());
    this.router =
        new Router(
            context,
            controller,
            context.messageAdapter(Router.Located.class, Found::new),
            context.messageAdapter(Inlet.Grant.class, Granted::new),
            links);
    var after = identity.stage().after();
    this.join =
        after.size() < 2
            ? Optional.empty()
            : Optional.of(new JoinBuffer(
                    element -> after.stream().allMatch(element::containsOutputs),
                    settings.joinCapacity(), settings.joinPatience()));
    this.backoff = settings.minBackoff();
    timers.startTimerWithFixedDelay(Timer.REPORT, reportEvery);
    start();
  }

  static Behavior<Inlet.Command> create(
      ProcessSettings settings,
      LinkSettings links,
      Identity identity,
      Duration reportEvery,
      ActorRef<Controller.Command> controller) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Processor.class);
                  return new Processor(
                      context, timers, settings, links, identity, reportEvery, controller);
                }));
  }

  @Override
  public Receive<Inlet.Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Inlet.Offer.class, this::onOffer)
        .onMessage(Answered.class, this::onAnswered)
        .onMessage(Granted.class, this::onGranted)
        .onMessage(
            Inlet.Attach.class,
            attach -> {
              owed.attach(attach);
              return this;
            })
        .onMessage(
            Inlet.Detach.class,
            detach -> {
              owed.detach(detach.producer());
              return this;
            })
        .onMessage(
            Found.class,
            found -> {
              router.located(found.located());
              return this;
            })
        .onMessage(Started.class, this::onStarted)
        .onMessageEquals(Retire.INSTANCE, this::onRetire)
        .onMessageEquals(Timer.START, this::onStart)
        .onMessageEquals(Timer.REPORT, this::onReport)
        .onSignal(ChildFailed.class, failed -> onStageGone(failed.getRef(), failed.getCause().toString()))
        .onSignal(Terminated.class, this::onTerminated)
        .onSignal(
            PostStop.class,
            stop -> {
              router.close();
              return this;
            })
        .build();
  }

  private Behavior<Inlet.Command> onOffer(Inlet.Offer offer) {
    long now = System.nanoTime();
    lastElementNanos = now;
    if (join.isPresent()) {
      var whole = join.get().add(offer.parcel(), now);
      if (whole.isEmpty()) owed.taken(offer.producer(), offer.parcel().weight());
      else queue.add(new Work(whole.get(), offer.producer(), now, 0, 0));
    } else {
      queue.add(new Work(offer.parcel(), offer.producer(), now, 0, 0));
    }
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onAnswered(Answered answered) {
    var work = working.remove(answered.id());
    if (work != null) answered(work, answered.outcome());
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
    onReport();
    pump();
    return this;
  }

  private Behavior<Inlet.Command> onRetire() {
    retiring = true;
    return this;
  }

  private Behavior<Inlet.Command> onStart() {
    start();
    return this;
  }

  private Behavior<Inlet.Command> onReport() {
    long now = System.nanoTime();
    meter.tick(now);
    join.ifPresent(j -> j.expire(now));
    controller.tell(
        new Controller.StageStatus(
            identity.instance(),
            new StageReport(
                identity.plan().spec().name(),
                identity.stage().id(),
                identity.stage().type(),
                state,
                queue.size() + working.size(),
                meter.queueMs(),
                meter.serviceMs(),
                meter.perSecond(),
                meter.errorRate(),
                meter.processed(),
                meter.failures(),
                restarts,
                problem)));
    boolean idle = queue.isEmpty() && working.isEmpty() && router.waiting() == 0;
    boolean late = now - lastElementNanos > settings.retireAfter().toNanos();
    return retiring && idle && late ? Behaviors.stopped() : this;
  }

  private Behavior<Inlet.Command> onTerminated(Terminated terminated) {
    if (terminated.getRef().equals(stage)) return onStageGone(terminated.getRef(), "it stopped itself");
    router.terminated(terminated.getRef());
    return this;
  }

  private Behavior<Inlet.Command> onStageGone(ActorRef<Void> ref, String cause) {
    if (!ref.equals(stage)) return this;
    restarts++;
    generation++;
    state = StageState.BACKING_OFF;
    problem = Optional.of("crashed: " + cause);
    getContext()
        .getLog()
        .warn(
            "stage {} crashed ({}), start {} in {} ms; the {} elements it had are tried again",
            identity.instance(),
            cause,
            restarts + 1,
            backoff.toMillis(),
            working.size());
    var interrupted = java.util.List.copyOf(working.values());
    working.clear();
    for (var work : interrupted) answered(work, new Outcome.Failed("stage crashed: " + cause, true));
    timers.startSingleTimer(Timer.START, backoff);
    var doubled = backoff.multipliedBy(2);
    backoff = doubled.compareTo(settings.maxBackoff()) > 0 ? settings.maxBackoff() : doubled;
    return this;
  }

  private void start() {
    int mine = ++generation;
    state = StageState.STARTING;
    var self = getContext().getSelf();
    var provider = identity.provider();
    var context =
        new StageContext(
            identity.plan().spec().name(),
            identity.stage().id(),
            identity.node(),
            Params.of(provider.descriptor(), identity.stage().params()));
    // create() may load a model for seconds, so it runs on the stage's dispatcher, not on this one.
    Behavior<StageCommand> behavior =
        Behaviors.setup(
            c -> {
              var created = provider.create(context);
              self.tell(new Started(mine));
              return created;
            });
    stage =
        getContext()
            .spawn(
                behavior,
                "stage-" + mine,
                DispatcherSelector.fromConfig("dayu.dispatchers.stages"));
    getContext().watch(stage);
  }

  private void pump() {
    int parallelism = identity.provider().descriptor().parallelism();
    while (state == StageState.RUNNING
        && working.size() < parallelism
        && !queue.isEmpty()
        && router.waiting() < settings.maxWaiting()) begin(queue.poll());
  }

  private void begin(Work queued) {
    var work = queued.begin(System.nanoTime());
    if (queued.tries() == 0) owed.taken(work.producer(), work.parcel().weight());
    long id = ++workIds;
    working.put(id, work);
    getContext()
        .ask(
            Outcome.class,
            stage,
            settings.stageTimeout(),
            replyTo -> new StageCommand.Process(work.parcel().element(), replyTo),
            (outcome, error) ->
                new Answered(
                    id,
                    error == null
                        ? outcome
                        : new Outcome.Failed(
                            "no answer within " + settings.stageTimeout().toMillis() + " ms", true)));
  }

  private void answered(Work work, Outcome outcome) {
    long now = System.nanoTime();
    long queueUs = (work.begunNanos() - work.queuedNanos()) / 1_000;
    long workUs = (now - work.begunNanos()) / 1_000;
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
      problem = Optional.of(failed.reason());
      if (failed.retryable() && work.tries() < settings.maxTries()) {
        queue.addFirst(new Work(work.parcel(), work.producer(), now, 0, work.tries()));
        return;
      }
      end(work.parcel(), hop, Ending.Kind.FAILED, failed.reason());
      return;
    }
    meter.worked(queueUs, workUs);
    backoff = settings.minBackoff();
    if (outcome instanceof Outcome.Skip skip) {
      end(work.parcel(), hop, Ending.Kind.SKIPPED, skip.reason());
      return;
    }
    var output = ((Outcome.Output) outcome).media();
    forward(
        work.parcel()
            .with(
                element.toBuilder()
                    .putOutputs(identity.stage().id(), output)
                    .addTrace(hop)
                    .build()));
  }

  private void forward(Parcel parcel) {
    var plan = identity.plan();
    var next = plan.successors(identity.stage().id());
    var element = parcel.element();
    boolean strip = element.hasPayload() && !element.getKeep();
    var stripped = parcel;
    if (strip && !next.stream().allMatch(plan::needsPayload))
      stripped = parcel.with(element.toBuilder().clearPayload().build());
    for (var successor : next)
      router.send(
          element.getPathOrThrow(successor),
          plan.instance(successor),
          plan.needsPayload(successor) ? parcel : stripped);
    if (next.isEmpty()) {
      // All leaves of an element meet at the outbox of the node that runs the first leaf.
      var meeting = element.getPathOrThrow(plan.leaves().get(0));
      router.send(
          meeting,
          Plan.OUTBOX,
          strip ? parcel.with(element.toBuilder().clearPayload().build()) : parcel);
    }
  }

  private void end(Parcel parcel, Hop.Builder hop, Ending.Kind kind, String reason) {
    Element.Builder ended = parcel.element().toBuilder();
    ended
        .addTrace(hop)
        .setEnding(
            Ending.newBuilder().setKind(kind).setStage(identity.stage().id()).setReason(reason));
    if (!parcel.element().getKeep()) ended.clearPayload();
    router.send(identity.node(), Plan.OUTBOX, parcel.with(ended.build()));
  }
}
