package io.dayu.service;

import io.dayu.element.Element;
import io.dayu.facts.NodeReport;
import io.dayu.facts.ServiceReports;
import io.dayu.link.Backoff;
import io.dayu.service.ServiceDescription.BadDescription;
import io.dayu.stage.Causes;
import io.dayu.stage.Outcome;
import io.dayu.stage.ServiceCalls;
import io.dayu.stage.ServiceProvider;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.Stages;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.Behavior;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service of this node, however it is called: the queue of its calls for all stages that have its
 * type, their deadlines, and whether it is there.
 *
 * <p>Calls wait in one queue, in the order in which they came. While the service is not there
 * nothing is sent and no try is lost; it is asked for its health and its description until it
 * answers. Each call ends at its deadline, wherever it is.
 *
 * <p>A service is silent if a call has run out of its time and nothing was heard since it was sent.
 * Then it is asked whether it is there, as one that cannot be reached. One that does not answer
 * that either is frozen; it is away for as long as it is silent. One that does is trusted: it may
 * have lost one element. If it is silent a second time it hangs, and is away until a call is
 * answered; calls that still come here go to it, and if none come it gets another chance after a
 * while, a longer one each time.
 *
 * <p>Safe for any thread.
 */
abstract class Service<C extends ServiceCall> implements ServiceProvider, AutoCloseable {
  /** Of calls that go together. */
  static final int MAX_BATCH_BYTES = 1 << 20;

  static final int MAX_DESCRIPTION = 256 << 10;
  static final Duration LOOK_TIMEOUT = Duration.ofSeconds(2);

  /** How long nothing is sent to a service that asks to wait and does not say how long. */
  static final Duration BRIEFLY = Duration.ofMillis(500);

  /** How long one that hangs waits for another chance. */
  private static final Duration LONGEST_DISTRUST = Duration.ofMinutes(10);

  /** Silences in a row by which a service hangs although it answers other questions. */
  private static final int HANGS = 2;

  /** How long a service may ask to wait. */
  static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(Service.class);
  private static final Duration FIRST_LOOK = Duration.ofMillis(100);
  private static final Duration LONGEST_LOOK = Duration.ofSeconds(2);

  /** How late a call may end after its deadline. */
  private static final long SWEEP_MILLIS = 100;

  /** A failure is not told at once: tries of one element in a row would meet the same trouble. */
  private static final long PAUSE_MILLIS = 100;

  /** Addresses of before whose calls are told. */
  private static final int MOST_BEFORE = 2;

  final ServiceDeclaration declaration;
  final ScheduledExecutorService timer;

  /** Empty where calls go in clear. */
  final Optional<Tls> tls;

  private final String from;
  private volatile @Nullable ServiceDescription description; // null until it is known
  private volatile Runnable changed = () -> {};

  private volatile @Nullable Service<?> successor;
  private volatile Runnable left = () -> {};

  /** Called with what this one cannot do, where it is on trial. */
  private volatile @Nullable Service<?> fallback;

  /** Those that stages called before this one, the latest first. */
  private volatile List<Service<?>> before = List.of();

  private volatile String ending = "";

  // The rest is guarded by this.

  /** Bounded by the slots of the stages. */
  final ArrayDeque<C> waiting = new ArrayDeque<>();

  private final CallCounts counts = new CallCounts();
  private final Backoff backoff = new Backoff(FIRST_LOOK, LONGEST_LOOK);
  private @Nullable URI url; // null while a program of ours does not run
  private long epoch; // of the url
  private boolean up;
  private boolean missing; // it was looked for, or called, in vain
  private long downSinceNanos = System.nanoTime(); // or since when it is silent
  private int silences; // since a call was answered
  private boolean doubted; // it was silent, and is asked whether it is there
  private long doubtedNanos;
  private final Backoff distrust;
  private boolean distrusted; // until it gets another chance
  private boolean usable; // by what was told last
  private Optional<KeptDescription> kept = Optional.empty();
  private boolean remembered; // the description is of an earlier run of this node
  private boolean looking;
  private boolean sweeping;
  private boolean closed;
  private long heldUntilNanos;
  private boolean held;
  private String problem = "it has not answered yet";

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
    this.distrust = new Backoff(declaration.awayAfter(), longest(declaration.awayAfter()));
    this.from =
        declaration.place() instanceof ServiceDeclaration.At at
            ? at.url().toString()
            : "program " + ((ServiceDeclaration.Program) declaration.place()).command().get(0);
  }

  private static Duration longest(Duration awayAfter) {
    return awayAfter.compareTo(LONGEST_DISTRUST) > 0 ? awayAfter : LONGEST_DISTRUST;
  }

  // What transports do differently

  /**
   * An element as it is sent.
   *
   * @throws Refused if it cannot be
   */
  abstract C prepare(
      Element element, ServiceCall.Stage stage, ServiceDescription description, long deadlineNanos)
      throws Refused;

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

  /** The element does not fit the service. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  final String name() {
    return declaration.name();
  }

  /** Whether what it reads and gives is known. */
  final boolean isDescribed() {
    return description != null;
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
    var now = description;
    if (now == null)
      throw new IllegalStateException("service " + name() + " has not described itself");
    return now;
  }

  /** The service is to be found here from now on; it is called once it answers. */
  final void at(URI place) {
    synchronized (this) {
      url = place;
      epoch++;
      silences = 0;
      lost();
      backoff.reset();
    }
    lookIn(Duration.ZERO);
  }

  /** The service is nowhere for now. */
  final void gone(String why) {
    synchronized (this) {
      url = null;
      epoch++;
      silences = 0;
      lost();
      problem = why;
    }
  }

  /** Holds this. */
  private void lost() {
    if (up && silences == 0) downSinceNanos = System.nanoTime();
    up = false;
    doubted = false;
    tellWhenAway();
  }

  /**
   * Knows until the service answers what it said the last time, and keeps what it says. To be
   * called before it is told where the service is.
   */
  final void keepIn(KeptDescription file) {
    kept = Optional.of(file);
    try {
      var last = file.read();
      if (last.isEmpty()) return;
      description = ServiceDescription.read(declaration, last.get());
      remembered = true;
      usable = true;
    } catch (BadDescription e) {
      LOG.debug("service {}: what it said the last time cannot be used", name(), e);
    }
  }

  /**
   * Runs something whenever the service is known, is away, or is there again; it must not block.
   */
  final void whenChanged(Runnable listener) {
    changed = listener;
  }

  @Override
  public final synchronized boolean isAway() {
    boolean gone = silences >= HANGS || !up && !doubted;
    if (!gone || System.nanoTime() - downSinceNanos < declaration.awayAfter().toNanos())
      return false;
    var other = fallback;
    return other == null || other.isAway();
  }

  @Override
  public final boolean isToCome() {
    var next = successor;
    if (next != null) return next.isToCome();
    if (!declaration.onDemand()) return false;
    synchronized (this) {
      return !up && !doubted && !closed;
    }
  }

  /** Holds this. */
  private void tellWhenAway() {
    if (closed || successor != null) return;
    long left = declaration.awayAfter().toNanos() - (System.nanoTime() - downSinceNanos);
    var unused = timer.schedule(this::tellChange, Math.max(0, left), TimeUnit.NANOSECONDS);
  }

  private synchronized void tellChange() {
    boolean now = description != null && !isAway();
    if (closed || successor != null || now == usable) return;
    usable = now;
    if (!now && declaration.onDemand()) LOG.info("service {} is not loaded here", name());
    else if (!now)
      LOG.warn(
          "service {} is away ({}): its work is left to other nodes that have it", name(), problem);
    changed.run();
  }

  /** What calls wait for; for logs and tests. */
  final synchronized String problem() {
    return up ? "" : problem;
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
    var next = successor;
    if (next != null) return next.call(element, stage, deadlineNanos);
    C call;
    try {
      call = prepare(element, stage, known(), deadlineNanos);
    } catch (Refused | IllegalArgumentException e) {
      return CompletableFuture.completedStage(new Outcome.Failed(Causes.words(e), false));
    } catch (NoSuchElementException e) {
      return CompletableFuture.completedStage(
          new Outcome.Failed(String.valueOf(e.getMessage()), true));
    }
    synchronized (this) {
      next = successor;
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
    if (successor == null) return fellBack();
    leaveIfDone();
    return true;
  }

  private boolean fellBack() {
    var other = fallback;
    if (other == null || !other.isUp()) return false;
    List<C> moved;
    synchronized (this) {
      boolean rests = held && System.nanoTime() - heldUntilNanos < 0;
      if (!missing && !rests) return false;
      var kind = missing ? CallEnd.Kind.BROKEN : CallEnd.Kind.FAILED;
      moved = List.copyOf(waiting);
      waiting.clear();
      moved.forEach(call -> counts.add(kind));
    }
    for (var call : moved) other.take(call);
    return true;
  }

  private synchronized boolean isUp() {
    return up;
  }

  /**
   * What this one cannot do another one is asked for from now on, before it counts as tried: a call
   * that fails here, for whatever reason, as long as it has time, and all calls while nobody is
   * here or it asks to wait.
   *
   * @param other empty for none
   */
  final void fallBackOn(Optional<Service<?>> other) {
    fallback = other.orElse(null);
  }

  /** Where to send to, if anything may be sent now; holds this. */
  final @Nullable URI open() {
    if (held && System.nanoTime() - heldUntilNanos >= 0) held = false;
    return up && !closed && !held && successor == null ? url : null;
  }

  /** Where it is, if it is there as far as is known. */
  final synchronized Optional<URI> present() {
    return up && !closed ? Optional.ofNullable(url) : Optional.empty();
  }

  /**
   * Stages that were made of this one call another one from now on. What waits goes there at once;
   * what is under way ends here, each call by its deadline, and then this is closed.
   *
   * @param left is run then
   */
  final void leaveTo(Service<?> next, Runnable left) {
    synchronized (this) {
      this.left = left;
      successor = next;
    }
    leaveIfDone();
  }

  /** Nothing, unless another one is called in its place. */
  final void leaveIfDone() {
    var next = successor;
    if (next == null) return;
    List<C> moved;
    boolean done;
    synchronized (this) {
      moved = List.copyOf(waiting);
      waiting.clear();
      done = calling() == 0 && !closed;
    }
    for (var call : moved) next.take(call);
    if (!done) return;
    close("it is declared anew");
    left.run();
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
    var all = new ArrayList<Service<?>>();
    all.add(old);
    all.addAll(old.before);
    all.addAll(before);
    before = List.copyOf(all.subList(0, Math.min(MOST_BEFORE, all.size())));
    old.before = List.of();
    knowAs(old);
  }

  /** Until it describes itself, it is what another one is. */
  final void knowAs(Service<?> other) {
    var known = other.description;
    if (known == null) return;
    keepTypes();
    if (description == null) description = known;
    usable = true;
  }

  @Override
  public final List<ServiceCalls> calls() {
    var all = new ArrayList<ServiceCalls>();
    all.add(counted(false));
    var other = fallback;
    if (other != null) all.add(other.counted(true));
    before.forEach(b -> all.add(b.counted(false)));
    return List.copyOf(all);
  }

  private synchronized ServiceCalls counted(boolean asFallback) {
    return counts.at(from, calling(), asFallback);
  }

  /**
   * What it is known to read and give holds until the node is started again, since running
   * pipelines count on it.
   */
  private synchronized void keepTypes() {
    remembered = false;
  }

  final String ending() {
    return ending;
  }

  final synchronized boolean isClosed() {
    return closed;
  }

  /** What fails is told a little later; then its next try is not made in the same moment. */
  final void tell(C call, CallEnd end) {
    synchronized (this) {
      counts.add(end.kind());
    }
    var outcome = end.outcome();
    var other = fallback;
    if (other != null
        && outcome instanceof Outcome.Failed
        && !isClosed()
        && System.nanoTime() - call.deadlineNanos() < 0) {
      other.take(call);
      return;
    }
    if (outcome instanceof Outcome.Failed failed && failed.retryable() && !isClosed()) {
      var unused =
          timer.schedule(
              () -> call.answer().complete(outcome), PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    } else call.answer().complete(outcome);
  }

  final CallEnd late() {
    return new CallEnd(
        new Outcome.Failed(
            "the service did not answer within %s ms".formatted(declaration.timeout().toMillis()),
            true),
        CallEnd.Kind.LATE);
  }

  /** Nothing is sent for so long, because the service asks for it; holds this. */
  final void hold(Duration wait, String why) {
    if (wait.isZero()) return;
    held = true;
    heldUntilNanos = System.nanoTime() + wait.toNanos();
    problem = "%s and asked to wait %s ms".formatted(why, wait.toMillis());
    var unused = timer.schedule(this::pump, wait.toMillis() + 1, TimeUnit.MILLISECONDS);
  }

  /** Calls that wait again, before all others, and have not cost a try; holds this. */
  final void putBack(List<C> calls) {
    for (int i = calls.size() - 1; i >= 0; i--) waiting.addFirst(calls.get(i));
  }

  /** The service is not there any more; it is asked for again. Holds this. */
  final void down(String why, boolean atOnce) {
    if (url == null || !up) return;
    missing = true;
    lost();
    problem = why;
    if (closed || successor != null) return;
    if (declaration.onDemand()) LOG.info("service {} is there no longer: {}", name(), why);
    else LOG.warn("service {} cannot be reached: {}; elements wait for it", name(), why);
    lookIn(atOnce ? Duration.ZERO : backoff.next());
  }

  /**
   * A call has run out of its time and nothing was heard since it was sent; the service is asked
   * whether it is there. Holds this.
   */
  final void silent(long sinceNanos) {
    // Calls that were sent together with the one by which this is known say nothing more.
    if (url == null
        || !up
        || closed
        || successor != null
        || silences > 0 && sinceNanos - doubtedNanos < 0) return;
    missing = true;
    if (silences++ == 0) downSinceNanos = sinceNanos;
    lost();
    doubted = true;
    doubtedNanos = System.nanoTime();
    problem = "it takes calls and does not answer";
    LOG.warn("service {} does not answer; elements wait while it is asked what it does", name());
    lookIn(Duration.ZERO);
  }

  /** A call was answered, however. Holds this. */
  final void answered() {
    if (silences == 0) return;
    silences = 0;
    distrust.reset();
    tellChange();
  }

  /** Holds this. */
  private void trustLater() {
    if (distrusted || closed) return;
    distrusted = true;
    var unused = timer.schedule(this::trust, distrust.next().toMillis(), TimeUnit.MILLISECONDS);
  }

  /** As long as calls are there, they tell. */
  private synchronized void trust() {
    distrusted = false;
    if (!up || silences < HANGS) return;
    if (calling() > 0 || !waiting.isEmpty()) {
      trustLater();
      return;
    }
    LOG.info("service {} gets another chance: it says that it can work", name());
    silences = 0;
    tellChange();
  }

  /** What has been opened works; the next trouble is met as the first. Holds this. */
  final void works() {
    backoff.reset();
  }

  // Deadlines

  /** Holds this. */
  private void sweepLater() {
    if (sweeping || closed) return;
    sweeping = true;
    var unused = timer.schedule(this::sweep, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void sweep() {
    var late = new ArrayList<C>();
    List<Runnable> overdue;
    String why;
    synchronized (this) {
      sweeping = false;
      long now = System.nanoTime();
      // Those at the head have waited longest.
      while (!waiting.isEmpty() && now - waiting.peek().deadlineNanos() >= 0)
        late.add(waiting.remove());
      why = up && !held ? busy() : "the service does not answer: " + problem;
      overdue = overdue(now, !late.isEmpty());
      if (!waiting.isEmpty() || calling() > 0) sweepLater();
    }
    overdue.forEach(Runnable::run);
    pump();
    for (var call : late) call.answer().complete(new Outcome.Failed(why, true));
  }

  // Health and description

  private void lookIn(Duration wait) {
    synchronized (this) {
      if (looking || closed || successor != null || url == null || up) return;
      looking = true;
    }
    var unused = timer.schedule(this::look, wait.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void look() {
    URI there;
    long now;
    synchronized (this) {
      there = url;
      now = epoch;
      if (closed || there == null) {
        looking = false;
        return;
      }
    }
    var unused =
        ask(there)
            .thenAccept(said -> described(said, now))
            .whenComplete((done, error) -> looked(error, now));
  }

  private void described(Optional<byte[]> said, long of) {
    try {
      var read =
          said.isPresent()
              ? ServiceDescription.read(declaration, said.get())
              : ServiceDescription.declared(declaration);
      int bytes = ServiceReports.size(new NodeReport.Service(read.descriptor(), transport(), from));
      if (bytes > ServiceReports.MAX_BYTES)
        throw new BadDescription(
            "its description has %s bytes as nodes tell each other, at most %s are possible; shorten the descriptions of its parameters"
                .formatted(bytes, ServiceReports.MAX_BYTES));
      synchronized (this) {
        if (of != epoch || closed) return;
        take(read);
        up = true;
        missing = false;
        // What was frozen and answers has come back. What has answered all the time still hangs.
        if (!doubted) silences = 0;
        doubted = false;
        if (silences >= HANGS) trustLater();
        tellChange();
      }
      // Not while others wait for this, and not the next one at the same time: looks follow each
      // other.
      kept.ifPresent(file -> said.ifPresentOrElse(file::write, file::forget));
      ready();
    } catch (BadDescription e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private void take(ServiceDescription read) {
    var before = remembered ? null : description;
    remembered = false;
    if (before == null)
      LOG.info(
          "service {} is ready at {}: it gives {}", name(), url, read.descriptor().output().word());
    else if (!read.hasTypesOf(before)) {
      LOG.warn(
          "service {} now says that it reads or gives other types; that holds once this node is started again",
          name());
      return;
    } else if (!up) LOG.info("service {} is ready again", name());
    description = read;
  }

  private void looked(@Nullable Throwable error, long of) {
    Duration again;
    synchronized (this) {
      looking = false;
      if (closed || up) return;
      if (error != null && of == epoch) {
        var cause = Causes.of(error);
        var words =
            cause instanceof CancellationException
                ? "it does not answer within %s ms".formatted(LOOK_TIMEOUT.toMillis())
                : words(cause);
        // A program of ours listens when it has started; whether it does not start is told there.
        // One that is loaded on demand listens when it is wanted.
        boolean starting =
            (declaration.place() instanceof ServiceDeclaration.Program || declaration.onDemand())
                && isUnreached(cause);
        if (!words.equals(problem) && !starting)
          LOG.warn("service {} cannot be used yet: {}", name(), words);
        problem = words;
        missing = true;
        if (doubted) {
          doubted = false;
          tellWhenAway();
        }
      }
      again = of == epoch ? backoff.next() : Duration.ZERO;
    }
    pump();
    lookIn(again);
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
      left = List.copyOf(waiting);
      waiting.clear();
    }
    closeCalls();
    for (var call : left) call.answer().complete(new Outcome.Failed(ending, true));
  }
}
