package io.dayu.generate;

import io.dayu.deliver.FailedStore;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.Decision;
import io.dayu.facts.FailedElements;
import io.dayu.facts.FailureCause;
import io.dayu.facts.NodeReport.KeptFailed;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.link.Backoff;
import io.dayu.link.LinkSettings;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plan;
import io.dayu.process.Router;
import io.dayu.side.Sides;
import io.dayu.source.Access;
import io.dayu.source.SourceProvider;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Reads one source and answers for its elements until each is acknowledged. Spawned by the
 * controller of the source's node, one per stream.
 *
 * <p>In order:
 *
 * <ol>
 *   <li>{@link Checkpoints} look where to begin: {@link Checkpoints.Found}, or {@link
 *       Checkpoints.NotFound} and once more after a second. Numbers are reserved with it.
 *   <li>The first {@link Follow} brings the decision. With both, the {@link Feed} opens the source.
 *   <li>{@link Feed.Given} is a batch of segments. The {@link Cutter} numbers them, and notes that
 *       on the disk; the elements wait for the {@link Window}. The next batch is asked for when the
 *       window has room, of a live source at once.
 *   <li>As long as the window has room the {@link Sender} gives an element its path and offers it
 *       to the processors of the first stages, or writes it to the disk while the cloud is out of
 *       reach and the pipeline says {@code spool}.
 *   <li>{@link Acknowledged} frees its place: its result is stored. {@link Kept} frees it, too: its
 *       result is in this node's outbox. What has no place is shed by a live source, counted, and
 *       held back by one that can wait.
 *   <li>An element that is late, or whose path leads through a node that is suspect ({@link
 *       Suspects}), is sent again with a higher attempt; all are when acknowledgements may have
 *       been lost ({@link Unanswered}).
 *   <li>Every 200 ms the progress is kept, and numbers are reserved: {@link Checkpoints.Saved}.
 *       Only then is what was settled removed from the disk, and the source told of it.
 *   <li>A source that fails ({@link Feed.Failed}) is opened again with back-off. When it has ended
 *       and nothing is open any more, the stream is completed.
 *   <li>A {@link Change} to a plan that is paused closes the source, or asks one that wants to be
 *       told what is settled for nothing more; the next one that is not reads on where it was left.
 *       What is in flight is finished meanwhile. That source is closed, too, when the plan is
 *       stopped and it has been told of all.
 *   <li>What failed is kept where the pipeline says so, and {@link Retry} sends it again under a
 *       new number: {@link Failures}, {@link Retries}.
 *   <li>{@link Drain} and {@link Finish} close the source; the actor stops when nothing that it
 *       waits for is in flight, or after {@code dayu.generate.drain} or {@code finish}.
 * </ol>
 */
public final class Generator {
  public sealed interface Command
      permits Request,
          GeneratorActor.Own,
          Feed.Event,
          Checkpoints.Event,
          Sender.Event,
          Failures.Event,
          Retries.Event {}

  /** What the owner asks. */
  sealed interface Request extends Command {}

  /** What the owner hears. */
  public sealed interface Event {}

  /**
   * Every second and at changes.
   *
   * @param awaited whether it tells what others may wait for: another state, the first element
   *     settled since the stream began or went on, or that nothing of a paused one is in flight
   */
  public record Status(StreamReport report, boolean awaited) implements Event {}

  /** Elements that need not wait on the disk any more, durably. */
  public record Settled(StreamName stream, Ranges seqs) implements Event {}

  /** What is kept of elements that failed, every second while there is something to tell. */
  public record Failed(KeptFailed kept) implements Event {}

  /** Follow this decision from the next element on. */
  public record Follow(Decision decision) implements Request {}

  /**
   * The pipeline has changed: elements cut from now on take the new plan. While it is paused none
   * are.
   */
  public record Change(Plan plan) implements Request {}

  /** Results were stored. */
  public record Acknowledged(Acknowledgement acknowledgement) implements Request {}

  /**
   * Results that no cloud node could take are safe in this node's outbox.
   *
   * @param failed why, of those that failed
   */
  public record Kept(Ranges seqs, Map<Long, FailureCause> failed) implements Request {
    public Kept {
      failed = Map.copyOf(failed);
    }

    /** None of which failed. */
    public Kept(Ranges seqs) {
      this(seqs, Map.of());
    }
  }

  /**
   * Send elements that failed again; answered once the pipeline is known in this version or a later
   * one.
   */
  public record Retry(
      FailedElements.Pick pick, long version, ActorRef<? super FailedElements.Answer> replyTo)
      implements Request {}

  /**
   * Nodes that give no sign of life.
   *
   * @param offline whether no cloud node can be reached
   */
  public record Suspects(Set<String> nodes, boolean offline) implements Request {}

  /** Acknowledgements may have been lost: ask again for what is in flight, by sending it again. */
  public enum Unanswered implements Request {
    INSTANCE
  }

  /**
   * Stop reading; end when no element is in flight any more, or after {@code dayu.generate.drain}.
   */
  public enum Drain implements Request {
    INSTANCE
  }

  /**
   * The node is stopping: stop reading; end when no element is in flight any more, or after {@code
   * dayu.generate.finish}.
   */
  public enum Finish implements Request {
    INSTANCE
  }

  /**
   * Who this generator is and what it reads.
   *
   * @param node this node
   * @param access what the source may open
   * @param firstSeq asks for the sequence number to begin with, of a stream that {@code memory}
   *     does not know; tried until it answers
   * @param disk where elements wait while the cloud is out of reach
   * @param failed where what failed is kept
   */
  public record Identity(
      String node,
      Plan plan,
      SourceSpec source,
      SourceProvider provider,
      Access access,
      Supplier<CompletionStage<Long>> firstSeq,
      StreamMemory memory,
      OutboxStore disk,
      FailedStore failed) {
    StreamName stream() {
      return plan.spec().stream(source);
    }
  }

  /**
   * How generators of a node work.
   *
   * @param backoffs a new one for each generator, between tries to open its source
   * @param memory of the node, on which all generators draw
   * @param reportEvery between two reports
   * @param sides which versions of side inputs this node has
   * @param nanos a clock as {@link System#nanoTime}
   */
  public record Setup(
      GenerateSettings settings,
      LinkSettings links,
      SourceBytes memory,
      Supplier<Backoff> backoffs,
      Duration reportEvery,
      Sides sides,
      Clock clock,
      LongSupplier nanos) {}

  private Generator() {}

  /**
   * @param owner hears the {@link Event events}
   * @param locator answers where instances are
   */
  public static Behavior<Command> create(
      Setup setup, Identity identity, ActorRef<Event> owner, ActorRef<Router.Locate> locator) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Generator.class);
                  return new GeneratorActor(context, timers, setup, identity, owner, locator);
                }));
  }
}
