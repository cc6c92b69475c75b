package io.dayu.generate;

import io.dayu.deliver.Ranges;
import io.dayu.facts.Ledger;
import io.dayu.source.Repeat;
import java.util.ArrayList;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.Done;

/**
 * Numbers the elements of a stream so that none is used twice, whatever ends the node: numbers are
 * reserved in blocks, and a block is used only once its reservation is durable. Keeps the stream's
 * progress along with it. Belongs to one actor.
 */
final class Numbering {
  private static final long BLOCK = 20_000;

  private final StreamMemory memory;
  private final String uri;
  private long first;
  private long next = -1;
  private long reserved;
  private boolean saving;
  private Optional<Progress> saved = Optional.empty();

  Numbering(StreamMemory memory, String uri) {
    this.memory = memory;
    this.uri = uri;
  }

  /**
   * Looks where to begin: where the last run ended if anything is known of it, otherwise where the
   * cloud says, above all that is on the disk.
   *
   * @param onDisk the numbers of what waits there for the cloud
   */
  CompletionStage<Progress.Resumed> start(
      Repeat repeat, Ranges onDisk, Supplier<CompletionStage<Long>> firstSeq) {
    return memory
        .recall()
        .thenCompose(
            found -> {
              var cuts = found.cuts();
              return found
                  .progress()
                  .map(CompletableFuture::completedStage)
                  .orElseGet(() -> firstSeq.get().thenApply(seq -> unknown(seq, onDisk, cuts)))
                  .thenApply(last -> last.resumed(uri, repeat, onDisk, cuts));
            })
        .thenCompose(
            start -> {
              var progress = start.progress();
              var underWay = new ArrayList<>(start.lost());
              underWay.addAll(start.recut());
              return memory
                  .keep(progress.withNextSeq(progress.nextSeq() + BLOCK), underWay)
                  .thenApply(done -> start);
            });
  }

  /** Of a stream without a record only what is on the disk is known: it goes to the cloud. */
  private Progress unknown(long firstSeq, Ranges onDisk, NavigableMap<Long, SourceSpan> cuts) {
    long next = firstSeq;
    if (!onDisk.isEmpty()) next = Math.max(next, onDisk.last() + 1);
    if (!cuts.isEmpty()) next = Math.max(next, cuts.lastKey() + 1);
    return new Progress(uri, next, 0, next, next, 0, 0, 0, 0, onDisk);
  }

  void started(Progress.Resumed start) {
    first = start.progress().nextSeq();
    next = first;
    reserved = next + BLOCK;
  }

  boolean hasStarted() {
    return next >= 0;
  }

  /** Whether {@code count} numbers may be taken. */
  boolean has(int count) {
    return reserved - next >= count;
  }

  /** Whether it is time to reserve more. */
  boolean isLow() {
    return reserved - next < BLOCK / 2;
  }

  long take() {
    if (next >= reserved) throw new IllegalStateException("no number is reserved");
    return next++;
  }

  /** Whether an element of this run has the number. */
  boolean hasTaken(long seq) {
    return seq >= first && seq < next;
  }

  /** The number of the next element. */
  long next() {
    return next;
  }

  /**
   * Keeps the progress and reserves what was used up, unless a save is under way or nothing has
   * changed.
   *
   * @param position of the source, behind all that was cut
   * @return the number up to which numbers are reserved once it is durable; {@link #saved} or
   *     {@link #notSaved} is to be called with its outcome
   */
  Optional<CompletionStage<Long>> save(Unsettled unsettled, Ledger ledger, long position) {
    if (saving || !hasStarted()) return Optional.empty();
    long upTo = isLow() ? next + BLOCK : reserved;
    var progress = progress(upTo, unsettled, ledger, position);
    if (saved.equals(Optional.of(progress))) return Optional.empty();
    saving = true;
    saved = Optional.of(progress);
    return Optional.of(memory.keep(progress, unsettled.underWay()).thenApply(done -> upTo));
  }

  /** Whether a save is under way. */
  boolean isSaving() {
    return saving;
  }

  void saved(long upTo) {
    saving = false;
    reserved = upTo;
  }

  void notSaved() {
    saving = false;
    saved = Optional.empty();
  }

  /** No more numbers are taken: gives back what is reserved. */
  CompletionStage<Done> end(Unsettled unsettled, Ledger ledger, long position) {
    if (!hasStarted()) return CompletableFuture.completedStage(Done.getInstance());
    var kept = memory.keep(progress(next, unsettled, ledger, position), unsettled.underWay());
    next = -1;
    return kept;
  }

  private Progress progress(long upTo, Unsettled unsettled, Ledger ledger, long position) {
    var oldest = unsettled.oldest(next, position);
    return new Progress(
        uri,
        upTo,
        oldest.position(),
        oldest.seq(),
        next,
        ledger.delivered(),
        ledger.failed(),
        ledger.shed(),
        unsettled.recut().readTo(position),
        unsettled.open());
  }
}
