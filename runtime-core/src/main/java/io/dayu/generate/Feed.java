package io.dayu.generate;

import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.typed.javadsl.ActorSink;

/**
 * The source of a stream as its generator reads it: a batch each time it is asked for one, sent to
 * the generator. It can be opened again, and what an earlier opening still sends is told by its
 * generation. Belongs to one actor, which opens it when the time has come.
 */
final class Feed {
  enum Ack {
    INSTANCE
  }

  /** A batch is cut as one, so its last elements wait for room: more would show in latencies. */
  static final int MAX_BATCH = 16;

  private final ActorContext<Generator.Command> context;
  private final TimerScheduler<Generator.Command> timers;
  private final GenerateSettings settings;
  private final Generator.Identity identity;
  private final AtomicReference<Knobs> knobs; // read by the source's threads
  private final AtomicReference<LongConsumer> settled = new AtomicReference<>(); // the source's ear
  private UniqueKillSwitch kill;
  private ActorRef<Ack> owedTo;
  private int generation;
  private Duration backoff;
  private long position;
  private boolean over;

  Feed(
      ActorContext<Generator.Command> context,
      TimerScheduler<Generator.Command> timers,
      GenerateSettings settings,
      Generator.Identity identity) {
    this.context = context;
    this.timers = timers;
    this.settings = settings;
    this.identity = identity;
    this.knobs = new AtomicReference<>(Knobs.NONE);
    this.backoff = settings.sourceMinBackoff();
  }

  void tune(Knobs knobs) {
    this.knobs.set(knobs);
  }

  /** Where the source is read from when it is opened. */
  void seek(long position) {
    this.position = position;
  }

  /** The source's position behind all that was cut. */
  long position() {
    return position;
  }

  void cut(Segment segment) {
    position = segment.position();
  }

  /** Opens the source where it was left, unless it is open or over. */
  void open() {
    if (kill != null || over) return;
    int mine = ++generation;
    var generator = context.getSelf();
    kill =
        Reading.batches(
                identity.provider(),
                new SourceContext(
                    identity.source().uri(),
                    identity.stream(),
                    position,
                    knobs::get,
                    settled::set,
                    () -> generator.tell(new Generator.SourceReached(mine))),
                Math.min(MAX_BATCH, settings.maxWindow()))
            .viaMat(KillSwitches.single(), Keep.right())
            .to(
                ActorSink.actorRefWithBackpressure(
                    generator,
                    (ActorRef<Ack> replyTo, List<Reading.Piece> batch) ->
                        new Generator.Given(batch, replyTo, mine),
                    (ActorRef<Ack> replyTo) -> new Generator.Opened(replyTo, mine),
                    Ack.INSTANCE,
                    new Generator.SourceEnded(mine),
                    error -> new Generator.SourceFailed(error, mine)))
            .run(context.getSystem());
  }

  /** Whether what was sent comes from the source as it is open now. */
  boolean isCurrent(int generation) {
    return generation == this.generation;
  }

  /** {@code source} waits to be asked for the next batch. */
  void owes(ActorRef<Ack> source) {
    owedTo = source;
  }

  boolean isOwing() {
    return owedTo != null;
  }

  /** Asks for the next batch. */
  void pull() {
    owedTo.tell(Ack.INSTANCE);
    owedTo = null;
  }

  /** The source gave something: the next failure is a first one. */
  void works() {
    backoff = settings.sourceMinBackoff();
  }

  /**
   * Stops reading a source that failed. {@link Generator.Timer#OPEN} comes when it is to be opened
   * again, each time later.
   *
   * @return false if it is over, since it cannot ever be read
   */
  boolean failed(Throwable cause) {
    stop();
    if (cause instanceof SourceException e && e.permanent()) {
      over = true;
      context.getLog().warn("{} cannot be read: {}", identity.stream(), cause.getMessage());
      return false;
    }
    context
        .getLog()
        .warn(
            "{} is not readable now ({}), tried again in {} ms",
            identity.stream(),
            cause.getMessage(),
            backoff.toMillis());
    timers.startSingleTimer(Generator.Timer.OPEN, backoff);
    var doubled = backoff.multipliedBy(2);
    backoff =
        doubled.compareTo(settings.sourceMaxBackoff()) > 0 ? settings.sourceMaxBackoff() : doubled;
    return true;
  }

  /** The source has ended. */
  void ended() {
    over = true;
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
    owedTo = null;
    if (kill != null) kill.shutdown();
    kill = null;
  }

  /** Whether the source wants to know what is settled. */
  boolean isListening() {
    return settled.get() != null;
  }

  /** All before this position is settled, durably. Safe for any thread. */
  void tellSettled(long upTo) {
    var ear = settled.get();
    if (ear != null) ear.accept(upTo);
  }
}
