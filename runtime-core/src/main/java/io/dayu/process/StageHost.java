package io.dayu.process;

import io.dayu.link.Inlet;
import io.dayu.stage.FunctionStage;
import io.dayu.stage.Outcome;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageProvider;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * The actor of a stage as its processor sees it: starts it, sends it elements, waits for each
 * answer no longer than {@code dayu.process.stage-timeout}, and says of each element once what has
 * become of it ({@link Results}). A quick {@link FunctionStage} gets several elements in one
 * message; the other stages have a {@link AnswerSlot} for each. A call that still runs when it is
 * late cannot be interrupted: the stage is not {@link #isFree free} then until it returns.
 *
 * <p>Belongs to one actor, which receives its {@link Event events}, watches the stage by it, and
 * starts it again.
 */
final class StageHost {
  /** What the stage does. */
  sealed interface Event extends Inlet.Command
      permits Started, Returned, AllAnswered, AnswerSlot.Answered {}

  /** It takes elements. Until then it may load a model. */
  record Started(int generation) implements Event {}

  /** A call has returned that was given up. */
  record Returned(int generation) implements Event {}

  /** There are answers in the {@link StageCalls}. */
  record AllAnswered(int generation) implements Event {}

  /** What becomes of elements that were sent to the stage. */
  interface Results {
    /** The stage has answered, or the try has failed. */
    void ended(Work work, Outcome outcome, long begunNanos, long endedNanos);

    /** The stage has not begun with it, and will not. Called for the last one first. */
    void takenBack(Work work);

    /** For people: what holds the stage up. */
    void problem(String what);
  }

  /**
   * What a stage had when it crashed.
   *
   * @param during for people: at which element it may have been; empty if it had begun with none
   * @param elements how many, of which it had not answered
   */
  record Had(String during, int elements) {}

  /** An element at the stage. */
  static final class Visit extends StageCalls.Call {
    private final Work work;
    private final @Nullable AnswerSlot slot; // null if the answer is kept in the StageCalls

    private Visit(Work work, @Nullable AnswerSlot slot) {
      super(work.parcel().element(), slot == null ? null : slot.replyTo(), work.begunNanos());
      this.work = work;
      this.slot = slot;
    }
  }

  /** Elements are sent again for some minutes, and so many calls are not given up in that time. */
  private static final int OVERDUE = 1_000;

  private final ActorContext<Inlet.Command> context;
  private final StageProvider provider;
  private final Supplier<StageContext> given;
  private final Duration timeout;
  private final Results results;
  private final LongSupplier nanos;
  private final int parallelism;
  private final ArrayDeque<AnswerSlot> free = new ArrayDeque<>();
  private final Set<Visit> visits = new LinkedHashSet<>(); // in the order in which they were sent
  private final Set<Work.Numbered> overdue = new LinkedHashSet<>(); // were given up running
  private ArrayList<Visit> turn = new ArrayList<>(); // to be sent
  private ActorRef<StageCalls.Turn<Visit>> stage;
  private StageCalls<Visit> calls;
  private boolean busy; // with a call that was given up
  private int generation;

  /**
   * Starts the stage.
   *
   * @param given to the stage each time it is started
   * @param parallelism how many elements are at it at once
   * @param timeout for an answer
   * @param nanos a clock as {@link System#nanoTime}
   */
  StageHost(
      ActorContext<Inlet.Command> context,
      StageProvider provider,
      Supplier<StageContext> given,
      int parallelism,
      Duration timeout,
      Results results,
      LongSupplier nanos) {
    this.context = context;
    this.provider = provider;
    this.given = given;
    this.timeout = timeout;
    this.results = results;
    this.nanos = nanos;
    this.parallelism = parallelism;
    for (int i = 0; i < parallelism; i++) free.add(new AnswerSlot(context));
    start();
  }

  /** Starts the stage again, after it has {@link #crashed}. */
  void start() {
    int mine = ++generation;
    var made = given.get();
    var self = context.getSelf();
    // create() may load a model for seconds, so it runs on the stage's dispatcher, not on this one.
    Behavior<StageCommand> behavior =
        Behaviors.setup(
            c -> {
              var created = provider.create(made);
              self.tell(new Started(mine));
              return created;
            });
    var making = new StageCalls<Visit>(nanos, () -> self.tell(new Returned(mine)));
    Runnable answered = () -> self.tell(new AllAnswered(mine));
    calls = making;
    stage =
        context.spawn(
            Behaviors.intercept(() -> new StageGuard<>(making, answered, nanos), behavior),
            "stage-" + mine,
            DispatcherSelector.fromConfig("dayu.dispatchers.stages"));
    context.watch(stage);
  }

  /** Whether this is the stage as it was started last. */
  boolean is(ActorRef<Void> ref) {
    return stage.equals(ref.<StageCalls.Turn<Visit>>unsafeUpcast());
  }

  /** Whether the event is one of the stage as it was started last. */
  boolean isCurrent(Started started) {
    return started.generation() == generation;
  }

  /** Elements that were sent and have not ended. */
  int size() {
    return visits.size();
  }

  /** Whether it takes an element now. */
  boolean isFree() {
    return !busy && visits.size() < parallelism;
  }

  /** Whether it is in a call that takes longer than it may. */
  boolean isBusy() {
    return busy;
  }

  /** Whether it takes several elements at once. */
  boolean callsFunction() {
    return calls.callsFunction();
  }

  /**
   * Whether this is a copy of an element whose call was given up while it ran, sent because that
   * was not acknowledged meanwhile.
   */
  boolean isOverdue(Work work) {
    return !overdue.isEmpty() && overdue.contains(work.numbered());
  }

  /**
   * The element goes to the stage with {@link #flush}; only while it {@link #isFree}.
   *
   * @param function whether it {@link #callsFunction}, which is to be asked once for all that go
   *     together
   */
  void send(Work work, boolean function) {
    var slot = function ? null : free.remove();
    var visit = new Visit(work, slot);
    if (slot != null) slot.take(visit);
    visits.add(visit);
    turn.add(visit);
  }

  /** Sends the stage in one message what was to be sent to it. */
  void flush() {
    if (turn.isEmpty()) return;
    stage.tell(new StageCalls.Turn<>(turn));
    turn = new ArrayList<>();
  }

  void on(Returned returned) {
    if (returned.generation() == generation) busy = false;
  }

  void on(AllAnswered all) {
    if (all.generation() == generation) takeAnswers();
  }

  void on(AnswerSlot.Answered answered) {
    var visit = answered.slot().answered(answered);
    if (visit != null) ended(leave(visit), answered.outcome());
  }

  private void takeAnswers() {
    for (var answer : calls.answers())
      // What is no longer there was given up.
      if (visits.contains(answer.call()))
        results.ended(
            leave(answer.call()), answer.outcome(), answer.begunNanos(), answer.endedNanos());
  }

  /** Gives up what is late; to be called several times within the time-out. */
  void sweep(long now) {
    takeAnswers();
    // The call that holds up the others first: then they were not late by themselves.
    for (var visit : List.copyOf(visits))
      if (isLate(visit, now) && calls.isRunning(visit)) late(visit);
    for (var visit : List.copyOf(visits))
      if (visits.contains(visit) && isLate(visit, now)) late(visit);
  }

  private boolean isLate(Visit visit, long now) {
    long since = visit.slot == null ? calls.sinceNanos(visit) : visit.work.begunNanos();
    return now - since > timeout.toNanos();
  }

  private void late(Visit visit) {
    var reason = "no answer within " + timeout.toMillis() + " ms";
    if (calls.giveUp(visit) != StageCalls.GivenUp.RUNNING) {
      giveUp(visit, new Outcome.Failed(reason, true));
      return;
    }
    busy = true;
    overdue.add(visit.work.numbered());
    if (overdue.size() > OVERDUE) overdue.remove(overdue.iterator().next());
    reason += ", and the stage is still in the call: it is not tried again";
    giveUp(visit, new Outcome.Failed(reason, false));
    results.problem(
        "a call takes longer than dayu.process.stage-timeout (%s ms) and cannot be interrupted; the stage gets nothing else until it returns"
            .formatted(timeout.toMillis()));
    // What waits at the stage behind it waits in the queue again.
    for (var waiting : lastFirst()) {
      var unused = takeBack(waiting); // what it has begun with stays there
    }
  }

  /**
   * The stage is gone. What it had answered before ends so; what it has not begun with is taken
   * back, and the tries of the others have failed.
   *
   * @return what it had, at which it may have crashed
   */
  Had crashed(String cause) {
    takeAnswers(); // of the elements before the one at which it crashed
    var had = new Had(during(), visits.size());
    generation++;
    busy = false;
    for (var visit : lastFirst())
      if (!takeBack(visit)) giveUp(visit, new Outcome.Failed("stage crashed: " + cause, true));
    return had;
  }

  private String during() {
    var there = visits.stream().filter(calls::hasBegun).map(visit -> visit.work.called()).toList();
    if (there.isEmpty()) return "";
    return " while it worked on " + there.get(0) + (there.size() > 1 ? " and others" : "");
  }

  /**
   * @return false if the stage has begun with it
   */
  private boolean takeBack(Visit visit) {
    if (calls.giveUp(visit) != StageCalls.GivenUp.NOT_BEGUN) return false;
    results.takenBack(leaveUnanswered(visit).unbegun());
    return true;
  }

  private List<Visit> lastFirst() {
    var reversed = new ArrayList<>(visits);
    Collections.reverse(reversed);
    return reversed;
  }

  /** Ends the wait for an answer of the stage: the try has failed. */
  private void giveUp(Visit visit, Outcome.Failed failed) {
    ended(leaveUnanswered(visit), failed);
  }

  private void ended(Work work, Outcome outcome) {
    results.ended(work, outcome, work.begunNanos(), nanos.getAsLong());
  }

  private Work leaveUnanswered(Visit visit) {
    if (visit.slot != null) visit.slot.giveUp();
    return leave(visit);
  }

  private Work leave(Visit visit) {
    visits.remove(visit);
    if (visit.slot != null) {
      visit.slot.free();
      free.add(visit.slot);
    }
    return visit.work;
  }
}
