package io.dayu.generate;

import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Keeps how far a stream has come, so that whoever reads it next goes on from there. What is
 * settled is forgotten on the disk, and the source told, once that is durable. Belongs to one
 * actor, whose messages tell what became of it.
 */
final class Checkpoints {
  /** Where to begin, and what an earlier run left on the disk. */
  record Start(Progress.Resumed resumed, OutboxStore.Content onDisk) {
    /** What waits on the disk and is counted as open. */
    Ranges kept() {
      return onDisk.all().where(resumed.progress().open()::contains);
    }
  }

  /** A source that is told what is settled may wait for it, but every save writes to the disk. */
  private static final Duration SAVE_AFTER = Duration.ofMillis(25);

  private final ActorContext<Generator.Command> context;
  private final TimerScheduler<Generator.Command> timers;
  private final ActorRef<Generator.Event> owner;
  private final Generator.Identity identity;
  private final Feed feed;
  private final Unsettled unsettled;
  private final StreamCounts counts;
  private final Numbering numbering;
  private final SettledNumbers settledNumbers;
  private CompletionStage<Start> starting;
  private boolean savable = true;

  Checkpoints(
      ActorContext<Generator.Command> context,
      TimerScheduler<Generator.Command> timers,
      ActorRef<Generator.Event> owner,
      Generator.Identity identity,
      Feed feed,
      Unsettled unsettled,
      StreamCounts counts,
      Numbering numbering,
      SettledNumbers settledNumbers) {
    this.context = context;
    this.timers = timers;
    this.owner = owner;
    this.identity = identity;
    this.feed = feed;
    this.unsettled = unsettled;
    this.counts = counts;
    this.numbering = numbering;
    this.settledNumbers = settledNumbers;
  }

  /** Looks where to begin. */
  void start() {
    var repeat = identity.provider().descriptor().repeat();
    starting =
        identity
            .disk()
            .content(identity.stream())
            .thenCompose(
                onDisk ->
                    numbering
                        .start(repeat, onDisk.all(), identity.firstSeq())
                        .thenApply(start -> new Start(start, onDisk)));
    context.pipeToSelf(
        starting,
        (start, error) -> error == null ? new Generator.Begin(start) : new Generator.NotYet(error));
  }

  void started(Start start) {
    var progress = start.resumed().progress();
    var kept = start.kept();
    numbering.started(start.resumed());
    feed.seek(progress.position());
    counts.restore(progress);
    unsettled.restore(
        start.onDisk().results().where(kept::contains),
        start.onDisk().elements().where(kept::contains));
    unsettled.recut().restore(start.resumed().recut(), progress.readTo());
    // What is settled already and was only not removed.
    forget(start.onDisk().all().where(seq -> !kept.contains(seq)));
  }

  /** Keeps the progress, unless that is under way or nothing has changed. */
  void save() {
    if (numbering.isSaving()) return;
    var oldest = oldest();
    var saving = numbering.save(unsettled, counts.ledger(unsettled.size()), feed.position());
    if (saving.isPresent()) {
      settledNumbers.begun();
      context.pipeToSelf(
          saving.get(),
          (upTo, error) ->
              error == null
                  ? new Generator.Saved(upTo, oldest.position())
                  : new Generator.NotSaved(error));
    } else {
      forget(settledNumbers.all()); // the counts are durable already
    }
  }

  /** Something was settled: a source that wants to know it need not wait for the next save. */
  void saveSoon() {
    if (feed.isListening() && !timers.isTimerActive(Generator.Timer.SAVE))
      timers.startSingleTimer(Generator.Timer.SAVE, SAVE_AFTER);
  }

  /**
   * The progress is durable.
   *
   * @param upTo numbers are reserved up to here
   * @param position all that the source gave before it is settled
   */
  void saved(long upTo, long position) {
    numbering.saved(upTo);
    forget(settledNumbers.saved());
    savable = true;
    feed.tellSettled(position);
    if (oldest().position() > position) saveSoon();
  }

  void notSaved(Throwable cause) {
    numbering.notSaved();
    settledNumbers.notSaved();
    if (savable)
      context
          .getLog()
          .warn(
              "{}: its progress cannot be kept in dayu.node.data-dir ({}); reading goes on as long as numbers are reserved",
              identity.stream(),
              Generator.unwrapped(cause).toString());
    savable = false;
  }

  /** Keeps where a successor on this node goes on. */
  void end() {
    var oldest = oldest();
    numbering
        .end(unsettled, counts.ledger(unsettled.size()), feed.position())
        .thenRun(() -> feed.tellSettled(oldest.position()));
  }

  /** Keeps nothing: the stream goes on elsewhere, or not at all. */
  void remove() {
    var oldest = oldest();
    // A start that is still under way would keep a record after it was forgotten.
    starting
        .handle((start, error) -> start)
        .thenCompose(started -> identity.memory().forget())
        .thenRun(() -> feed.tellSettled(oldest.position()));
    identity.disk().remove(identity.stream(), unsettled.spooled());
  }

  private Unsettled.Oldest oldest() {
    return unsettled.oldest(numbering.next(), feed.position());
  }

  private void forget(Ranges settled) {
    if (!settled.isEmpty()) owner.tell(new Generator.Settled(identity.stream(), settled));
  }
}
