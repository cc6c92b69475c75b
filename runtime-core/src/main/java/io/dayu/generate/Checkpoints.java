package io.dayu.generate;

import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import io.dayu.flow.Controller;
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
  private final ActorRef<Controller.Command> controller;
  private final Generator.Identity identity;
  private final Feed feed;
  private final Pending pending;
  private final Accounts accounts;
  private final Numbering numbering;
  private final Forgetting forgetting;
  private CompletionStage<Start> starting;
  private boolean savable = true;

  Checkpoints(
      ActorContext<Generator.Command> context,
      TimerScheduler<Generator.Command> timers,
      ActorRef<Controller.Command> controller,
      Generator.Identity identity,
      Feed feed,
      Pending pending,
      Accounts accounts,
      Numbering numbering,
      Forgetting forgetting) {
    this.context = context;
    this.timers = timers;
    this.controller = controller;
    this.identity = identity;
    this.feed = feed;
    this.pending = pending;
    this.accounts = accounts;
    this.numbering = numbering;
    this.forgetting = forgetting;
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
    accounts.restore(progress);
    pending.restore(
        start.onDisk().results().where(kept::contains),
        start.onDisk().elements().where(kept::contains));
    pending.recut().restore(start.resumed().recut(), progress.readTo());
    // What is settled already and was only not removed.
    forget(start.onDisk().all().where(seq -> !kept.contains(seq)));
  }

  /** Keeps the progress, unless that is under way or nothing has changed. */
  void save() {
    if (numbering.isSaving()) return;
    var oldest = oldest();
    var saving = numbering.save(pending, accounts.ledger(pending.size()), feed.position());
    if (saving.isPresent()) {
      forgetting.begun();
      context.pipeToSelf(
          saving.get(),
          (upTo, error) ->
              error == null
                  ? new Generator.Saved(upTo, oldest.position())
                  : new Generator.NotSaved(error));
    } else {
      forget(forgetting.all()); // the counts are durable already
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
    forget(forgetting.saved());
    savable = true;
    feed.tellSettled(position);
    if (oldest().position() > position) saveSoon();
  }

  void notSaved(Throwable cause) {
    numbering.notSaved();
    forgetting.notSaved();
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
        .end(pending, accounts.ledger(pending.size()), feed.position())
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
    identity.disk().remove(identity.stream(), pending.spooled());
  }

  private Pending.Oldest oldest() {
    return pending.oldest(numbering.next(), feed.position());
  }

  private void forget(Ranges settled) {
    if (!settled.isEmpty()) controller.tell(new Controller.Settled(identity.stream(), settled));
  }
}
