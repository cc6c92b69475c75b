package io.dayu.generate;

import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Keeps how far a stream has come, so that whoever reads it next goes on from there, and tells what
 * may be forgotten once that is durable. Belongs to one actor.
 */
final class Checkpoints {
  /** Where to begin, and what an earlier run left on the disk. */
  record Start(Numbering.Start numbering, OutboxStore.Content onDisk) {
    /** What waits on the disk and is counted as open. */
    Ranges kept() {
      return numbering.progress().open();
    }

    /** What is settled already and was only not removed. */
    Ranges removable() {
      var kept = kept();
      return onDisk.all().where(seq -> !kept.contains(seq));
    }
  }

  /**
   * Progress that is durable.
   *
   * @param upTo numbers are reserved up to here
   * @param position all that the source gave before it is settled
   */
  record Saved(long upTo, long position) {}

  private final Generator.Identity identity;
  private final Feed feed;
  private final Pending pending;
  private final Accounts accounts;
  private final Numbering numbering;
  private final Forgetting forgetting;

  Checkpoints(
      Generator.Identity identity,
      Feed feed,
      Pending pending,
      Accounts accounts,
      Numbering numbering,
      Forgetting forgetting) {
    this.identity = identity;
    this.feed = feed;
    this.pending = pending;
    this.accounts = accounts;
    this.numbering = numbering;
    this.forgetting = forgetting;
  }

  /** Looks where to begin; fails while that cannot be known. */
  CompletionStage<Start> start() {
    boolean replayable = identity.provider().descriptor().replayable();
    return identity
        .disk()
        .content(identity.stream())
        .thenCompose(
            onDisk ->
                numbering
                    .start(replayable, onDisk.all(), identity.firstSeq())
                    .thenApply(start -> new Start(start, onDisk)));
  }

  void started(Start start) {
    var progress = start.numbering().progress();
    var kept = start.kept();
    numbering.started(start.numbering());
    feed.seek(progress.position());
    accounts.restore(progress);
    pending.restore(
        start.onDisk().results().where(kept::contains),
        start.onDisk().elements().where(kept::contains));
  }

  boolean isSaving() {
    return numbering.isSaving();
  }

  /**
   * Keeps the progress, unless nothing has changed; {@link #saved} or {@link #notSaved} is to be
   * called with the outcome.
   */
  Optional<CompletionStage<Saved>> save() {
    var oldest = oldest();
    var saving = numbering.save(oldest, accounts.ledger(pending.size()), pending.open());
    if (saving.isEmpty()) return Optional.empty();
    forgetting.begun();
    return Optional.of(saving.get().thenApply(upTo -> new Saved(upTo, oldest.position())));
  }

  /** The progress is durable: what may be removed from the disk. */
  Ranges saved(Saved saved) {
    numbering.saved(saved.upTo());
    return forgetting.saved();
  }

  void notSaved() {
    numbering.notSaved();
    forgetting.notSaved();
  }

  /** What may be removed where nothing has changed: the counts are durable already. */
  Ranges removable() {
    return forgetting.all();
  }

  /** Whether more is settled than is durable. */
  boolean isBehind(Saved saved) {
    return oldest().position() > saved.position();
  }

  /** Keeps where a successor on this node goes on: gives the position before it. */
  CompletionStage<Long> end() {
    var oldest = oldest();
    return numbering
        .end(oldest, accounts.ledger(pending.size()), pending.open())
        .thenApply(done -> oldest.position());
  }

  /** Keeps nothing: the stream goes on elsewhere, or not at all. */
  CompletionStage<Long> forget() {
    long position = oldest().position();
    var forgotten = numbering.forget().thenApply(done -> position);
    identity.disk().remove(identity.stream(), pending.spooled());
    return forgotten;
  }

  private Pending.Oldest oldest() {
    return pending.oldest(numbering.next(), feed.position());
  }
}
