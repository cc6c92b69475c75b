package io.dayu.generate;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.deliver.Ranges;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.link.Inlet;
import io.dayu.pipeline.PipelineSpec.KeepFailed;
import io.dayu.pipeline.PipelineSpec.Shed;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Router;
import io.dayu.source.Repeat;
import io.dayu.stage.Causes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
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
 * What a {@link Generator} does: brings the parts together that each do one thing, and passes on
 * what one of them has to another. It is the only one to know the actor's timers, the owner, and
 * when the stream is over.
 */
final class GeneratorActor extends AbstractBehavior<Generator.Command> {
  /** What the actor tells itself. */
  sealed interface Own extends Generator.Command {}

  private record Granted(Inlet.Grant grant) implements Own {}

  private record Located(Router.Located located) implements Own {}

  private enum Timer implements Own {
    REPORT,
    SWEEP,
    OPEN,
    BEGIN,
    SAVE
  }

  private static final Duration SWEEP_EVERY = Duration.ofMillis(200);

  /**
   * How long a save waits for more acknowledgements. A source may wait to be told what is settled,
   * but every save writes to the disk.
   */
  private static final Duration SAVE_AFTER = Duration.ofMillis(25);

  private static final Duration BEGIN_AGAIN = Duration.ofSeconds(1);

  private final TimerScheduler<Generator.Command> timers;
  private final Generator.Setup setup;
  private final Generator.Identity identity;
  private final StreamName stream;
  private final ActorRef<Generator.Event> owner;
  private final SourceBytes.Account memory;
  private final Unsettled unsettled;
  private final StreamCounts counts;
  private final Numbering numbering = new Numbering();
  private final Standing standing;
  private final StreamEnd end;
  private final Routing routing;
  private final Window window;
  private final Router router;
  private final Sender sender;
  private final Launcher launcher;
  private final Intake intake;
  private final Checkpoints checkpoints;
  private final Failures failures;
  private final Retries retries;

  GeneratorActor(
      ActorContext<Generator.Command> context,
      TimerScheduler<Generator.Command> timers,
      Generator.Setup setup,
      Generator.Identity identity,
      ActorRef<Generator.Event> owner,
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
    this.standing = new Standing(unsettled);
    this.end = new StreamEnd(settings);
    this.routing = new Routing(identity.node(), identity.plan(), setup.sides());
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
    this.launcher = new Launcher(stream, routing, unsettled, window, sender, setup.nanos());
    var feed =
        new Feed(
            context.getSystem(),
            context.getSelf().narrow(),
            settings.maxWindow(),
            origin,
            setup.backoffs().get(),
            setup.memory(),
            memory,
            shed != Shed.NONE);
    var cutter =
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
    this.intake =
        new Intake(
            stream, feed, cutter, numbering, routing, unsettled, launcher, standing, setup.nanos());
    this.failures =
        new Failures(
            stream, identity.failed(), identity.disk(), unsettled, setup.clock(), this::later);
    this.retries =
        new Retries(
            stream,
            identity.node(),
            identity.failed(),
            identity.disk(),
            routing,
            numbering,
            identity.memory()::note,
            setup.clock(),
            this::later);
    timers.startTimerWithFixedDelay(Timer.REPORT, setup.reportEvery());
    timers.startTimerWithFixedDelay(Timer.SWEEP, SWEEP_EVERY);
    checkpoints.start(identity.firstSeq());
  }

  @Override
  public Receive<Generator.Command> createReceive() {
    return router.flushing(
        newReceiveBuilder()
            .onMessage(Feed.Given.class, given -> proceed(intake.given(given)))
            .onMessage(Generator.Acknowledged.class, this::onAcknowledged)
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
            .onMessage(Generator.Follow.class, this::onFollow)
            .onMessage(Generator.Change.class, this::onChange)
            .onMessage(Generator.Kept.class, this::onKept)
            .onMessage(Generator.Retry.class, this::onRetry)
            .onMessage(Failures.Written.class, this::onWritten)
            .onMessage(Retries.Found.class, this::onRetriesFound)
            .onMessage(Retries.Placed.class, this::onPlaced)
            .onMessage(Generator.Suspects.class, this::onSuspects)
            .onMessageEquals(Generator.Unanswered.INSTANCE, this::onUnanswered)
            .onMessage(Checkpoints.Saved.class, this::onSaved)
            .onMessage(Checkpoints.NotSaved.class, this::onNotSaved)
            .onMessage(Sender.Spooled.class, this::onSpooled)
            .onMessage(Sender.Brought.class, this::onBrought)
            .onMessage(Feed.Opened.class, opened -> proceed(intake.opened(opened)))
            .onMessage(Feed.Reached.class, reached -> proceed(intake.reached(reached)))
            .onMessage(Feed.ThreadFree.class, free -> proceed(intake.threadFree()))
            .onMessage(Feed.Ended.class, ended -> proceed(intake.ended(ended)))
            .onMessage(Feed.Failed.class, failed -> proceed(intake.failed(failed)))
            .onMessageEquals(Generator.Drain.INSTANCE, this::onDrain)
            .onMessageEquals(Generator.Finish.INSTANCE, this::onFinish)
            .onMessageEquals(Timer.SWEEP, this::onSweep)
            .onMessageEquals(Timer.REPORT, this::onReport)
            .onMessageEquals(
                Timer.OPEN,
                () -> {
                  intake.open();
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

  private Behavior<Generator.Command> onFound(Checkpoints.Found found) {
    var start = found.start();
    var progress = start.resumed().progress();
    numbering.start(progress.nextSeq());
    intake.seek(progress.position());
    window.restore(start);
    retries.begin(unsettled.open());
    standing.hasNoProblem();
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
    if (isPaused()) intake.pause();
    else intake.open();
    reportAwaited();
    return finishIfDone();
  }

  private Behavior<Generator.Command> onNotFound(Checkpoints.NotFound notFound) {
    var cause = Causes.of(notFound.cause());
    var why =
        cause instanceof TimeoutException
            ? "no cloud node that knows the stored results has answered"
            : Causes.words(cause);
    standing.has("waits to know where to begin: %s; asked again every second".formatted(why));
    log().debug("{}: no first sequence number", stream, cause);
    timers.startSingleTimer(Timer.BEGIN, BEGIN_AGAIN);
    return this;
  }

  private Behavior<Generator.Command> onFollow(Generator.Follow follow) {
    boolean first = !routing.hasDecision();
    var decision = follow.decision();
    if (!routing.follow(decision)) return this;
    intake.tune(decision.knobs());
    log().info("{} follows decision {}: {}", stream, decision.version(), decision.reason());
    if (first) intake.open();
    launcher.fill();
    intake.pull();
    report();
    return this;
  }

  private Behavior<Generator.Command> onChange(Generator.Change change) {
    if (change.plan() == routing.plan()) return this;
    boolean paused = isPaused();
    routing.change(change.plan());
    if (isPaused() && !paused) {
      timers.cancel(Timer.OPEN);
      intake.pause();
    } else if (paused && !isPaused()) {
      proceed(intake.resume());
    }
    retries.changed(!end.isReading());
    report();
    return this;
  }

  /** Does what follows from what the source did. */
  @CanIgnoreReturnValue // it stops no generator that is not draining
  private Behavior<Generator.Command> proceed(Intake.Next next) {
    if (numbering.isLow()) save();
    if (next instanceof Intake.Next.OpenIn in) timers.startSingleTimer(Timer.OPEN, in.time());
    if (next instanceof Intake.Next.Over over) {
      unrepeated(over.why());
      reportAwaited();
      return finishIfDone();
    }
    reportAwaited();
    return this;
  }

  private Behavior<Generator.Command> onAcknowledged(Generator.Acknowledged acknowledged) {
    var atOnce = failures.hold(acknowledged.acknowledgement(), keepsFailed());
    window.acknowledged(atOnce, now());
    return settled();
  }

  private Behavior<Generator.Command> onKept(Generator.Kept kept) {
    window.kept(failures.holdResults(kept, keepsFailed()), numbering::hasTaken, now());
    return settled();
  }

  private Behavior<Generator.Command> onWritten(Failures.Written written) {
    window.acknowledged(failures.written(written), now());
    if (written.results()) {
      var seqs = new Ranges();
      written.kept().forEach(seqs::add);
      window.kept(seqs, numbering::hasTaken, now());
    }
    return settled();
  }

  private Behavior<Generator.Command> onRetry(Generator.Retry retry) {
    retries.ask(retry, !end.isReading());
    return this;
  }

  private Behavior<Generator.Command> onRetriesFound(Retries.Found found) {
    retries.found(found);
    return this;
  }

  private Behavior<Generator.Command> onPlaced(Retries.Placed placed) {
    retries.placed(placed).forEach(window::retry);
    save(); // what was put off meanwhile
    sender.bring(now());
    return this;
  }

  private Optional<KeepFailed> keepsFailed() {
    return routing.plan().spec().delivery().keepFailed();
  }

  private Behavior<Generator.Command> onSuspects(Generator.Suspects changed) {
    launcher.turn(changed.nodes(), changed.offline());
    intake.pull();
    return finishIfDone();
  }

  private Behavior<Generator.Command> onUnanswered() {
    sender.ask(now());
    return this;
  }

  private Behavior<Generator.Command> onSpooled(Sender.Spooled spooled) {
    long now = now();
    if (!sender.spooled(spooled, now)) return this;
    window.spooled(spooled.flight(), now);
    return settled();
  }

  private Behavior<Generator.Command> onBrought(Sender.Brought brought) {
    sender.brought(brought, setup.clock().millis(), now());
    return this;
  }

  private Behavior<Generator.Command> onSaved(Checkpoints.Saved saved) {
    forget(checkpoints.saved(saved));
    intake.tellSettled(saved.position());
    if (unsettled.oldest(numbering.next(), intake.position()).position() > saved.position())
      saveSoon();
    intake.pull();
    return this;
  }

  private Behavior<Generator.Command> onNotSaved(Checkpoints.NotSaved notSaved) {
    checkpoints.notSaved(notSaved);
    return this;
  }

  private Behavior<Generator.Command> onDrain() {
    if (end.drain(now())) {
      intake.close();
      unrepeated("the stream is no longer read here");
    }
    return finishIfDone();
  }

  private Behavior<Generator.Command> onFinish() {
    if (end.finish(now())) intake.close();
    return finishIfDone();
  }

  private Behavior<Generator.Command> onSweep() {
    long now = now();
    // The window may have grown by itself, at the end of a probe.
    launcher.fill();
    intake.pull();
    sender.sweep(now);
    sender.bring(now);
    if (isOverdue(now)) return Behaviors.stopped();
    intake.look();
    save();
    intake.closeIfStopped();
    return this;
  }

  private Behavior<Generator.Command> onReport() {
    counts.tick(now());
    router.closeIdle(instance -> !instance.isOf(routing.plan().key()));
    failures.trim(keepsFailed());
    report();
    return this;
  }

  private Behavior<Generator.Command> onPostStop() {
    intake.close();
    memory.close();
    router.close();
    // A drained stream is read by another node from now on, or was deleted: nothing is kept here.
    if (end.isDraining()) {
      long settled = unsettled.oldest(numbering.next(), intake.position()).position();
      checkpoints.remove(unsettled).thenRun(() -> intake.tellLast(settled));
    } else {
      checkpoints.end(unsettled, counts, intake.position()).thenAccept(intake::tellLast);
    }
    return this;
  }

  private boolean isPaused() {
    return routing.plan().isPaused();
  }

  /** Elements have left the window or the disk: sends others in their place. */
  private Behavior<Generator.Command> settled() {
    launcher.fill();
    intake.pull();
    saveSoon();
    if (!isPaused()) standing.moves();
    reportAwaited();
    return finishIfDone();
  }

  /** Reports elements of an earlier run that cannot be made again. */
  private void giveUp(List<SourceSpan> lost, String reason) {
    if (lost.isEmpty()) return;
    var loss =
        "%s elements are lost, unless they were stored before: %s".formatted(lost.size(), reason);
    standing.has(loss);
    log().warn("{}: {}", stream, loss);
    sender.lost(lost, reason, setup.clock().millis(), now());
  }

  /** Gives up the elements in flight at the end of the last run that the source will not repeat. */
  private void unrepeated(String why) {
    giveUp(unsettled.replayed().abandon(), "its node ended while it was under way, and " + why);
  }

  private void save() {
    if (retries.isPlacing()) return;
    forget(checkpoints.save(unsettled, counts, intake.position()));
  }

  /** Saves soon after elements were settled, if the source wants to know what is settled. */
  private void saveSoon() {
    if (intake.isListening() && !timers.isTimerActive(Timer.SAVE))
      timers.startSingleTimer(Timer.SAVE, SAVE_AFTER);
  }

  private void forget(Ranges settled) {
    if (!settled.isEmpty()) owner.tell(new Generator.Settled(stream, settled));
  }

  private Behavior<Generator.Command> finishIfDone() {
    if (end.isFinishing()) {
      boolean moving = unsettled.hereAndNow() > 0 && !launcher.isStuck();
      return moving ? this : Behaviors.stopped();
    }
    if (!intake.isOver() || unsettled.size() > 0) return this;
    if (!end.isDraining() && standing.state() != StreamState.FAILED)
      standing.is(StreamState.COMPLETED);
    report();
    return end.isDraining() ? Behaviors.stopped() : this;
  }

  /** Whether a stream that is to end has waited long enough. */
  private boolean isOverdue(long now) {
    if (!end.isOverdue(now)) return false;
    log()
        .warn(
            "{} stops with {} elements in flight after waiting {} for them",
            stream,
            end.isFinishing() ? unsettled.hereAndNow() : unsettled.size(),
            end.patience());
    return true;
  }

  private void report() {
    report(false);
  }

  /** Reports at once what others may wait for; otherwise the next report will do. */
  private void reportAwaited() {
    if (standing.isAwaited()) report(true);
  }

  private void report(boolean awaited) {
    standing.told();
    var reason =
        identity.disk().isFull()
            ? Optional.of("no more can wait on the disk, dayu.outbox.quota is used up")
            : standing.problem().or(routing::lacksSide);
    owner.tell(
        new Generator.Status(
            window
                .report(
                    stream, standing.state(), routing.decision(), sender.resent(), reason, now())
                .with(numbering.reserved(), routing.plan().version()),
            awaited));
    failures.report(retries.count()).ifPresent(kept -> owner.tell(new Generator.Failed(kept)));
  }

  private void later(CompletionStage<? extends Generator.Command> event) {
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
