package io.dayu.generate;

import io.dayu.link.Backoff;
import io.dayu.pipeline.StreamName;
import io.dayu.source.Access;
import io.dayu.source.Knobs;
import io.dayu.source.Repeat;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.SharedKillSwitch;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.typed.javadsl.ActorSink;

/**
 * The source of a stream as its generator reads it: a batch each time it is asked for one. It can
 * be opened again; events of an earlier opening are recognised by their generation. Belongs to one
 * actor, which decides when to open it and receives its {@link Event events}.
 */
final class Feed {
  /**
   * What the source does.
   *
   * @see #isCurrent
   */
  sealed interface Event extends Generator.Command {
    /** Counts the openings. */
    int generation();
  }

  /** It is open; {@code source} waits to be asked for the first batch. */
  record Opened(ActorRef<Ack> source, int generation) implements Event {}

  /** A batch, never empty; {@code source} waits to be asked for the next one. */
  record Given(List<SourceBatches.Piece> pieces, ActorRef<Ack> source, int generation)
      implements Event {}

  /** The origin answers, though there may be no data yet. */
  record Reached(int generation) implements Event {}

  record Ended(int generation) implements Event {}

  record Failed(Throwable cause, int generation) implements Event {}

  /** A thread for reads that block was free. */
  record ThreadFree(int generation) implements Event {}

  enum Ack {
    INSTANCE
  }

  /**
   * @param ending asks the source to end by itself
   * @param source cuts it off; what it has given is still handed over
   * @param all ends all at once
   */
  private record Switches(RestingEnd ending, SharedKillSwitch source, UniqueKillSwitch all) {}

  /**
   * What is read, and how.
   *
   * @param access what may be opened
   */
  record Origin(StreamName stream, URI uri, SourceProvider provider, Access access) {}

  /**
   * All elements of a batch are cut at once, so the last ones wait for room in the window: a larger
   * batch would raise the latencies.
   */
  static final int MAX_BATCH = 64;

  /** A source that gives nothing for so long may wait for a thread. */
  private static final long QUIET_NANOS = Duration.ofSeconds(2).toNanos();

  /** How long a source may take to end by itself. */
  static final Duration PATIENCE = Duration.ofSeconds(1);

  private final ActorSystem<?> system;
  private final ActorRef<Event> owner;
  private final int maxBatch;
  private final Origin origin;
  private final SourceBytes memory;
  private final SourceBytes.Account account;
  private final boolean sheds;
  private Optional<SourceBytes.Opening> room = Optional.empty(); // while it is open
  private final AtomicReference<Knobs> knobs; // read by the source's threads
  private final AtomicReference<LongConsumer> settled = new AtomicReference<>(); // by the source
  private Optional<Switches> open = Optional.empty(); // while it is
  private Cancellable late = Cancellable.alreadyCancelled(); // cuts off who does not end
  private boolean resting; // while it is open, and gives what it has given before it was to rest
  private Optional<ActorRef<Ack>> waiting = Optional.empty(); // to be asked for the next batch
  private int generation;
  private final Backoff backoff;
  private boolean gave; // since it was opened
  private long openedNanos;
  private Duration waited = Duration.ZERO; // before it was opened
  private boolean answered; // since it was opened
  private Optional<Long> askedForThread = Optional.empty(); // when, until there was one
  private boolean over;

  /**
   * @param maxBatch most segments in a batch, at most {@link #MAX_BATCH}
   * @param backoff between tries to open the source
   * @param memory of the node, of which {@code account} is the stream's
   * @param sheds whether segments without memory are given up; otherwise the source waits
   */
  Feed(
      ActorSystem<?> system,
      ActorRef<Event> owner,
      int maxBatch,
      Origin origin,
      Backoff backoff,
      SourceBytes memory,
      SourceBytes.Account account,
      boolean sheds) {
    this.system = system;
    this.owner = owner;
    this.memory = memory;
    this.account = account;
    this.sheds = sheds;
    this.maxBatch = Math.min(MAX_BATCH, maxBatch);
    this.origin = origin;
    this.knobs = new AtomicReference<>(Knobs.NONE);
    this.backoff = backoff;
  }

  void tune(Knobs knobs) {
    this.knobs.set(knobs);
  }

  /**
   * Opens the source, unless it is open or over.
   *
   * @param position where it is read from
   * @param nowNanos any clock that goes on steadily
   */
  void open(long position, long nowNanos) {
    if (open.isPresent() || over) return;
    int mine = ++generation;
    gave = false;
    answered = false;
    openedNanos = nowNanos;
    SourceBytes.Opening opening;
    try {
      opening = account.open(ownBytes());
    } catch (SourceException e) {
      owner.tell(new Failed(e, mine));
      return;
    }
    room = Optional.of(opening);
    var end = KillSwitches.shared("source");
    var ending = new RestingEnd();
    open =
        Optional.of(
            SourceBatches.of(
                    origin.provider(),
                    new SourceContext(
                        origin.uri(),
                        origin.stream().toString(),
                        position,
                        knobs::get,
                        settled::set,
                        () -> owner.tell(new Reached(mine)),
                        ending::take,
                        origin.access()),
                    maxBatch,
                    new SourceBatches.Room(memory, opening, sheds),
                    end)
                .viaMat(KillSwitches.single(), Keep.right())
                .to(
                    ActorSink.actorRefWithBackpressure(
                            owner,
                            (ActorRef<Ack> replyTo, List<SourceBatches.Piece> batch) ->
                                new Given(batch, replyTo, mine),
                            (ActorRef<Ack> replyTo) -> new Opened(replyTo, mine),
                            Ack.INSTANCE,
                            new Ended(mine),
                            error -> new Failed(error, mine))
                        // It would keep 16 batches otherwise, however large their elements are.
                        .withAttributes(Attributes.inputBuffer(1, 1)))
                .mapMaterializedValue(all -> new Switches(ending, end, all))
                .run(system));
  }

  /** What the source has itself, where its URI says that. */
  private long ownBytes() {
    try {
      return origin.provider().elementBytes(origin.uri()).orElse(0);
    } catch (RuntimeException e) {
      return 0; // opening it tells what is wrong
    }
  }

  /** The segments of a batch have become elements, which the stream answers for. */
  void taken(List<SourceBatches.Piece> pieces) {
    long bytes = pieces.stream().mapToLong(SourceBatches.Piece::bytes).sum();
    room.ifPresent(opening -> opening.handedOver(bytes));
  }

  /** For a problem, where pieces were shed for want of memory. */
  Optional<String> lacksMemory(List<SourceBatches.Piece> pieces) {
    return pieces.stream().noneMatch(SourceBatches.Piece::shed)
        ? Optional.empty()
        : Optional.of("elements are shed for want of memory: " + memory.limits());
  }

  /** Whether the event comes from the source as it is open now. */
  boolean isCurrent(Event event) {
    return event.generation() == generation;
  }

  /** {@code source} waits to be asked for the next batch. */
  void waits(ActorRef<Ack> source) {
    waiting = Optional.of(source);
  }

  /** Whether the source waits to be asked for the next batch. */
  boolean isWaiting() {
    return waiting.isPresent();
  }

  /** Asks for the next batch. */
  void pull() {
    waiting.ifPresent(source -> source.tell(Ack.INSTANCE));
    waiting = Optional.empty();
  }

  /** The source gave something. */
  void works() {
    gave = true;
    answered = true;
  }

  /** The origin answers. */
  void answers() {
    answered = true;
  }

  /**
   * Whether the source has given nothing since it was opened, and no thread for reads that block is
   * free, which is likely to be the reason. To be asked now and then; asks for a thread.
   *
   * @param nowNanos the clock of {@link #open}
   */
  boolean lacksThread(long nowNanos) {
    if (open.isEmpty() || answered) return false;
    if (askedForThread.isPresent()) return nowNanos - askedForThread.get() > QUIET_NANOS;
    if (nowNanos - openedNanos > QUIET_NANOS) {
      int mine = generation;
      askedForThread = Optional.of(nowNanos);
      system
          .dispatchers()
          .lookup(DispatcherSelector.fromConfig(SourceContext.BLOCKING_DISPATCHER))
          .execute(() -> owner.tell(new ThreadFree(mine)));
    }
    return false;
  }

  /** A thread was free, also if another source has it by now. */
  void threadFree() {
    askedForThread = Optional.empty();
  }

  /**
   * Stops reading a source that failed. If it had worked for longer than it was waited for, the
   * failure counts as the first one; one that gives a little and fails at once each time is opened
   * less and less often.
   *
   * @param nowNanos the clock of {@link #open}
   * @return the wait before it is to be opened again, longer each time; empty if the source is
   *     given up, because it can never be read
   */
  Optional<Duration> failed(Throwable cause, long nowNanos) {
    stop();
    if (cause instanceof SourceException e && e.permanent()) {
      over = true;
      return Optional.empty();
    }
    if (gave && nowNanos - openedNanos > waited.toNanos()) backoff.reset();
    var wait = backoff.next();
    waited = wait;
    boolean asked = cause instanceof SourceException e && e.atLeast().compareTo(wait) > 0;
    return Optional.of(asked ? ((SourceException) cause).atLeast() : wait);
  }

  /** The source has ended. */
  void ended() {
    room.ifPresent(SourceBytes.Opening::close);
    room = Optional.empty();
    over = true;
  }

  /**
   * Stops reading until it is opened again. A source that repeats nothing gives what was read of it
   * before, and is {@link #isResting resting} until it has ended; one that takes part in that has
   * {@link #PATIENCE} for it.
   */
  void rest() {
    if (resting) return;
    if (open.isEmpty() || origin.provider().descriptor().repeat() != Repeat.NONE) {
      stop();
      return;
    }
    resting = true;
    var end = open.get().source();
    if (!open.get().ending().ask()) end.shutdown();
    else late = system.scheduler().scheduleOnce(PATIENCE, end::shutdown, system.executionContext());
  }

  /** Whether what it gives was read before it was to rest. */
  boolean isResting() {
    return resting;
  }

  /** It has given all; it may be opened again. */
  void rested() {
    stop();
  }

  boolean isOpen() {
    return open.isPresent();
  }

  /** Stops reading for good. */
  void close() {
    stop();
    over = true;
  }

  boolean isOver() {
    return over;
  }

  private void stop() {
    generation++;
    waiting = Optional.empty();
    resting = false;
    late.cancel();
    open.ifPresent(switches -> switches.all().shutdown());
    open = Optional.empty();
    room.ifPresent(SourceBytes.Opening::close);
    room = Optional.empty();
  }

  /** Whether the source wants to know what is settled. */
  boolean isListening() {
    return settled.get() != null;
  }

  /** All before this position is settled, durably. Safe for any thread. */
  void tellSettled(long upTo) {
    var listener = settled.get();
    if (listener != null) listener.accept(upTo);
  }
}
