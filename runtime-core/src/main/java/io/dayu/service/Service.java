package io.dayu.service;

import io.dayu.element.Element;
import io.dayu.stage.Causes;
import io.dayu.stage.Outcome;
import io.dayu.stage.ServiceCalls;
import io.dayu.stage.ServiceProvider;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.Stages;
import java.net.URI;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.Behavior;
import org.jspecify.annotations.Nullable;

/**
 * A service of this node, however it is called: the queue of its calls for all stages that have its
 * type, and their deadlines.
 *
 * <p>Calls wait in one queue, in the order in which they came. While the service is not there
 * nothing is sent and no try is lost; it is asked for its health and its description until it
 * answers ({@link Watch}). Each call ends at its deadline, wherever it is.
 *
 * <p>Safe for any thread. One lock, this object, guards the queue, the calls under way that the
 * transports have, the counts, the {@link Presence} and the {@link Watch}. {@link KnownDescription}
 * and {@link Succession} need no lock of others. A service that is held asks another one at most
 * whether its fallback is away; calls are answered, and go to other services, while none is held.
 */
abstract class Service<C extends ServiceCall> implements ServiceProvider, AutoCloseable {
  /** Of calls that go together. */
  static final int MAX_BATCH_BYTES = 1 << 20;

  /** How late a call may end after its deadline. */
  private static final long SWEEP_MILLIS = 100;

  /** A failure is not told at once: tries of one element in a row would meet the same trouble. */
  private static final long PAUSE_MILLIS = 100;

  final ServiceDeclaration declaration;
  final ScheduledExecutorService timer;

  /** Empty where calls go in clear. */
  final Optional<Tls> tls;

  final KnownDescription description;
  final Succession succession = new Succession();

  private final String from;
  private volatile String ending = "";

  // The rest is guarded by this.

  final WaitingCalls<C> waiting = new WaitingCalls<>();
  final Presence presence;
  final Watch watch;
  private final CallCounts counts = new CallCounts();
  private boolean sweeping;
  private boolean closed;

  /**
   * @param timer runs short tasks only
   */
  Service(ServiceDeclaration declaration, ScheduledExecutorService timer) {
    this.declaration = declaration;
    this.timer = timer;
    this.tls =
        declaration.place() instanceof ServiceDeclaration.At at && at.isSecure()
            ? Optional.of(Tls.trusting(at.ca()))
            : Optional.empty();
    this.description = new KnownDescription(declaration);
    this.from =
        declaration.place() instanceof ServiceDeclaration.At at
            ? at.url().toString()
            : "program " + ((ServiceDeclaration.Program) declaration.place()).command().get(0);
    this.presence = new Presence(declaration.awayAfter(), System.nanoTime());
    this.watch = new Watch(this, presence);
  }

  // What transports do differently

  /**
   * An element as it is sent.
   *
   * @throws Refused if it cannot be
   */
  abstract C prepare(
      Element element, ServiceCall.Stage stage, ServiceDescription description, long deadlineNanos)
      throws ServiceCall.Refused;

  /** Sends what waits, as far as the service takes it. */
  abstract void send();

  /**
   * Asks the service whether it can work and what it is; fails if it cannot be used.
   *
   * @return the JSON of its description; empty if it does not describe itself
   */
  abstract CompletableFuture<Optional<byte[]>> ask(URI there);

  /** The service can be used from now on. */
  abstract void ready();

  /** Whether a failure says that nobody has taken what was sent. */
  abstract boolean isUnreached(Throwable cause);

  /** A failure in words for people. */
  abstract String words(Throwable cause);

  /** Why a call has found no room until its deadline while the service was there; holds this. */
  abstract String busy();

  /** Calls that are under way; holds this. */
  abstract int calling();

  /**
   * Takes calls that are under way and late; holds this.
   *
   * @param starved whether calls have found no room until their deadline
   * @return what is to be done then without it
   */
  abstract List<Runnable> overdue(long now, boolean starved);

  /** Ends calls that are under way; the service is closed already. */
  abstract void closeCalls();

  final String name() {
    return declaration.name();
  }

  /** Whether what it reads and gives is known. */
  final boolean isDescribed() {
    return description.isKnown();
  }

  @Override
  public final StageDescriptor descriptor() {
    return known().descriptor();
  }

  @Override
  public final String transport() {
    return declaration.transport().word();
  }

  @Override
  public final String from() {
    return from;
  }

  @Override
  public final Behavior<StageCommand> create(StageContext context) {
    var stage = ServiceCall.Stage.of(context);
    if (descriptor().namedInputs().isEmpty()) return Stages.async(element -> call(element, stage));
    var inputs = context.inputs();
    return Stages.async(element -> call(inputs.named(element), stage));
  }

  final ServiceDescription known() {
    return description.get();
  }

  /**
   * Knows until the service answers what it said the last time, and keeps what it says. To be
   * called before it is told where the service is.
   */
  final void keepIn(KeptDescription file) {
    if (description.keepIn(file)) isKnown();
  }

  /** Until it describes itself, it is what another one is, and goes on with its types. */
  final void knowAs(Service<?> other) {
    if (description.knowAs(other.description)) isKnown();
  }

  private synchronized void isKnown() {
    watch.known();
  }

  @Override
  public final synchronized boolean isAway() {
    return watch.isAway();
  }

  @Override
  public final boolean isToCome() {
    var next = succession.successor();
    if (next != null) return next.isToCome();
    if (!declaration.onDemand()) return false;
    synchronized (this) {
      return presence.isAbsent() && !closed;
    }
  }

  /** What calls wait for; for logs and tests. */
  final synchronized String problem() {
    return presence.isUp() ? "" : presence.problem();
  }

  /** Calls that nobody has sent yet; for tests. */
  final synchronized int waiting() {
    return waiting.size();
  }

  // Calls

  final CompletionStage<Outcome> call(Element element, ServiceCall.Stage stage) {
    return call(element, stage, System.nanoTime() + declaration.timeout().toNanos());
  }

  private CompletionStage<Outcome> call(
      Element element, ServiceCall.Stage stage, long deadlineNanos) {
    var next = succession.successor();
    if (next != null) return next.call(element, stage, deadlineNanos);
    C call;
    try {
      call = prepare(element, stage, known(), deadlineNanos);
    } catch (ServiceCall.Refused | IllegalArgumentException e) {
      return CompletableFuture.completedStage(new Outcome.Failed(Causes.words(e), false));
    } catch (NoSuchElementException e) {
      return CompletableFuture.completedStage(
          new Outcome.Failed(String.valueOf(e.getMessage()), true));
    }
    synchronized (this) {
      next = succession.successor();
      if (next == null) {
        if (closed) return CompletableFuture.completedStage(new Outcome.Failed(ending, true));
        waiting.add(call);
        sweepLater();
      }
    }
    if (next != null) return next.call(element, stage, deadlineNanos);
    pump();
    return call.answer();
  }

  /** What waits goes to the service, or to that which is called in its place. */
  final void pump() {
    if (!passedOn()) send();
  }

  /** Has what waits go to that which is called in this one's place, if there is one now. */
  final boolean passedOn() {
    if (!succession.isLeft()) return fellBack();
    leaveIfDone();
    return true;
  }

  private boolean fellBack() {
    var other = succession.fallback();
    if (other == null) return false;
    List<C> moved;
    synchronized (this) {
      boolean missing = presence.isMissing();
      if (!missing && !presence.rests(System.nanoTime())) return false;
      var kind = missing ? CallEnd.Kind.BROKEN : CallEnd.Kind.FAILED;
      moved = waiting.removeAll();
      moved.forEach(call -> counts.add(kind));
    }
    for (var call : moved) other.take(call);
    return true;
  }

  final synchronized boolean isUp() {
    return presence.isUp();
  }

  /**
   * What this one cannot do another one is asked for from now on, before it counts as tried: a call
   * that fails here, for whatever reason, as long as it has time, and all calls while nobody is
   * here or it asks to wait.
   *
   * @param other empty for none
   */
  final void fallBackOn(Optional<Service<?>> other) {
    succession.fallBackOn(other.orElse(null));
  }

  /** Where to send to, if anything may be sent now; holds this. */
  final @Nullable URI open() {
    var there = presence.open(System.nanoTime());
    return isOver() ? null : there;
  }

  /** Where it is, if it is there as far as is known. */
  final synchronized Optional<URI> present() {
    return presence.isUp() && !closed ? Optional.ofNullable(presence.url()) : Optional.empty();
  }

  /**
   * Stages that were made of this one call another one from now on. What waits goes there at once;
   * what is under way ends here, each call by its deadline, and then this is closed.
   *
   * @param left is run then
   */
  final void leaveTo(Service<?> next, Runnable left) {
    synchronized (this) {
      succession.leaveTo(next, left);
    }
    leaveIfDone();
  }

  /** Nothing, unless another one is called in its place. */
  final void leaveIfDone() {
    var next = succession.successor();
    if (next == null) return;
    List<C> moved;
    boolean done;
    synchronized (this) {
      moved = waiting.removeAll();
      done = calling() == 0 && !closed;
    }
    for (var call : moved) next.take(call);
    if (!done) return;
    close("it is declared anew");
    succession.end();
  }

  /** A call that another service has not made. */
  private void take(ServiceCall of) {
    var unused =
        call(of.element(), of.stage(), of.deadlineNanos())
            .whenComplete(
                (outcome, error) -> {
                  if (error == null) of.answer().complete(outcome);
                  else of.answer().completeExceptionally(error);
                });
  }

  /** The calls of another one are told after those of this one. */
  final void follow(Service<?> old) {
    succession.follow(old, old.succession);
    knowAs(old);
  }

  @Override
  public final List<ServiceCalls> calls() {
    return succession.calls(counted(false));
  }

  final synchronized ServiceCalls counted(boolean asFallback) {
    return counts.at(from, calling(), asFallback);
  }

  final String ending() {
    return ending;
  }

  final synchronized boolean isClosed() {
    return closed;
  }

  /** Nothing is to be sent from here any more: it is closed, or another one is called. */
  final boolean isOver() {
    return isClosed() || succession.isLeft();
  }

  /** Whether calls wait or are under way; holds this. */
  final boolean hasCalls() {
    return calling() > 0 || !waiting.isEmpty();
  }

  /** What fails is told a little later; then its next try is not made in the same moment. */
  final void tell(C call, CallEnd end) {
    synchronized (this) {
      counts.add(end.kind());
    }
    var outcome = end.outcome();
    var other = isClosed() ? null : succession.insteadOf(outcome, call);
    if (other != null) {
      other.take(call);
      return;
    }
    if (outcome instanceof Outcome.Failed failed && failed.retryable() && !isClosed()) {
      var unused =
          timer.schedule(
              () -> call.answer().complete(outcome), PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    } else call.answer().complete(outcome);
  }

  // Deadlines

  /** Holds this. */
  private void sweepLater() {
    if (sweeping || closed) return;
    sweeping = true;
    var unused = timer.schedule(this::sweep, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void sweep() {
    List<C> late;
    List<Runnable> overdue;
    String why;
    synchronized (this) {
      sweeping = false;
      long now = System.nanoTime();
      late = waiting.removeLate(now);
      why = presence.wasOpen() ? busy() : "the service does not answer: " + presence.problem();
      overdue = overdue(now, !late.isEmpty());
      if (hasCalls()) sweepLater();
    }
    overdue.forEach(Runnable::run);
    pump();
    for (var call : late) call.answer().complete(new Outcome.Failed(why, true));
  }

  /** Ends all calls; the program, if it is ours, is ended by who started it. */
  @Override
  public final void close() {
    close("the node ends");
  }

  /**
   * The same, before the node ends.
   *
   * @param why for the elements that it had
   */
  final void close(String why) {
    List<C> left;
    synchronized (this) {
      closed = true;
      ending = why;
      left = waiting.removeAll();
    }
    closeCalls();
    for (var call : left) call.answer().complete(new Outcome.Failed(ending, true));
  }
}
