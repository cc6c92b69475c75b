package io.dayu.member;

import io.dayu.disk.WholeFile;
import io.dayu.facts.DroppedPipeline;
import io.dayu.stage.Causes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Deletions that were accepted although the pipeline's entity does not answer, as while the store
 * is away: the pipeline stops everywhere at once, and its entity is asked until it answers. They
 * are kept in {@code <data-dir>/deletions}, one {@code version name} per line, so that they survive
 * the end of this process. One per cloud node, spawned by its guardian on a dispatcher for blocking
 * work.
 */
public final class PendingDeletions extends AbstractBehavior<PendingDeletions.Command> {
  public sealed interface Command {}

  /**
   * Delete this pipeline.
   *
   * @param version that is to be deleted; a later one stays
   */
  public record Accept(String pipeline, long version, ActorRef<Answer> replyTo)
      implements Command {}

  /** What became of {@link Accept}. */
  public enum Answer {
    /** The pipeline stops, and it will be deleted, also if this node is started again before. */
    ACCEPTED,
    /** Nothing was done, because the disk of this node takes nothing. */
    REFUSED
  }

  /** The entity has answered: the pipeline is deleted, or was already, or is a newer one. */
  private record Done(String pipeline, long version) implements Command {}

  private record NotAnswered(String pipeline) implements Command {}

  private record Again(String pipeline) implements Command {}

  /** How the entity of a pipeline is asked. */
  public interface Entities {
    /**
     * Completes with whatever the entity answers, and fails if it does not in time.
     *
     * @param upTo see {@link PipelineEntity.Delete}
     */
    CompletionStage<?> delete(String pipeline, long upTo);
  }

  static final Duration AGAIN_AFTER = Duration.ofSeconds(1);
  static final String FILE = "deletions";

  private final TimerScheduler<Command> timers;
  private final Path file;
  private final ActorRef<Gossip.Command> gossip;
  private final Entities entities;
  private Map<String, Long> pending; // versions by pipeline; what is in the file

  private PendingDeletions(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Path dataDir,
      ActorRef<Gossip.Command> gossip,
      Entities entities) {
    super(context);
    this.timers = timers;
    this.file = dataDir.resolve(FILE);
    this.gossip = gossip;
    this.entities = entities;
    this.pending = read();
    // Not told to gossip before the entity had time to answer: since this node ended, somebody may
    // have submitted a pipeline of that name again.
    pending.keySet().forEach(this::ask);
  }

  public static Behavior<Command> create(
      Path dataDir, ActorRef<Gossip.Command> gossip, Entities entities) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(PendingDeletions.class);
                  return new PendingDeletions(context, timers, dataDir, gossip, entities);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Accept.class, this::onAccept)
        .onMessage(Done.class, this::onDone)
        .onMessage(NotAnswered.class, this::onNotAnswered)
        .onMessage(
            Again.class,
            again -> {
              ask(again.pipeline());
              return this;
            })
        .build();
  }

  private Behavior<Command> onAccept(Accept accept) {
    var name = accept.pipeline();
    boolean known = pending.containsKey(name);
    var with = new TreeMap<>(pending);
    with.merge(name, accept.version(), Math::max);
    if (!write(with)) {
      accept.replyTo().tell(Answer.REFUSED);
      return this;
    }
    getContext()
        .getLog()
        .warn(
            "Pipeline {} stops now; it is deleted in the store when that can be used again", name);
    tellGossip(name);
    if (!known) ask(name);
    accept.replyTo().tell(Answer.ACCEPTED);
    return this;
  }

  private Behavior<Command> onDone(Done done) {
    var name = done.pipeline();
    var version = pending.get(name);
    if (version == null) return this;
    if (version > done.version()) {
      ask(name);
      return this;
    }
    var without = new TreeMap<>(pending);
    without.remove(name);
    if (write(without)) getContext().getLog().info("Pipeline {} is deleted in the store", name);
    else timers.startSingleTimer(name, new Again(name), AGAIN_AFTER);
    return this;
  }

  private Behavior<Command> onNotAnswered(NotAnswered not) {
    if (!pending.containsKey(not.pipeline())) return this;
    tellGossip(not.pipeline());
    timers.startSingleTimer(not.pipeline(), new Again(not.pipeline()), AGAIN_AFTER);
    return this;
  }

  private void ask(String pipeline) {
    var version = pending.get(pipeline);
    if (version == null) return;
    getContext()
        .pipeToSelf(
            entities.delete(pipeline, version),
            (answer, error) ->
                error == null ? new Done(pipeline, version) : new NotAnswered(pipeline));
  }

  /** Gossip ignores it where it knows a later version. */
  private void tellGossip(String pipeline) {
    var version = pending.get(pipeline);
    if (version != null)
      gossip.tell(new Gossip.PublishPipeline(new DroppedPipeline(pipeline, version + 1)));
  }

  private boolean write(Map<String, Long> wanted) {
    var text =
        wanted.entrySet().stream()
            .map(e -> e.getValue() + " " + e.getKey() + "\n")
            .collect(Collectors.joining());
    try {
      WholeFile.replace(file, text.getBytes(StandardCharsets.UTF_8));
      pending = wanted;
      return true;
    } catch (IOException e) {
      getContext().getLog().warn("{} cannot be written: {}", file, Causes.words(e));
      return false;
    }
  }

  private Map<String, Long> read() {
    var read = new TreeMap<String, Long>();
    try {
      for (var line : Files.readAllLines(file)) {
        var words = line.split(" ");
        if (words.length == 2 && words[0].matches("\\d{1,18}"))
          read.put(words[1], Long.parseLong(words[0]));
        else getContext().getLog().warn("{} has a line that is no deletion: {}", file, line);
      }
    } catch (NoSuchFileException e) {
      // Nothing was ever pending.
    } catch (IOException e) {
      getContext()
          .getLog()
          .warn("{} cannot be read ({}); delete again what should not run", file, Causes.words(e));
    }
    return read;
  }
}
