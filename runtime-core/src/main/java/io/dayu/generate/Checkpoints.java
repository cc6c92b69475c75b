package io.dayu.generate;

import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import io.dayu.stage.Causes;
import java.util.ArrayList;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps how far a stream has come, so that whoever reads it next goes on from there, and reserves
 * its numbers along with it. What is settled may be removed from the disk once that is durable.
 * Belongs to one actor, which is told by {@link Event events} what became of its requests.
 */
final class Checkpoints {
  /** What became of a request. */
  sealed interface Event extends Generator.Command {}

  /** It is known where to begin, and numbers are reserved. */
  record Found(Start start) implements Event {}

  /** It is not known yet; {@link #start} is to be called again. */
  record NotFound(Throwable cause) implements Event {}

  /**
   * The progress is durable.
   *
   * @param reserved numbers below are reserved
   * @param position all that the source gave before it is settled
   */
  record Saved(long reserved, long position) implements Event {}

  record NotSaved(Throwable cause) implements Event {}

  /** Where to begin, and what an earlier run left on the disk. */
  record Start(Progress.Resumed resumed, OutboxStore.Content onDisk) {
    /** What waits on the disk and is counted as open. */
    Ranges kept() {
      return onDisk.all().where(resumed.progress().open()::contains);
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);

  private final Feed.Origin origin;
  private final StreamMemory memory;
  private final OutboxStore disk;
  private final Numbering numbering;
  private final Consumer<CompletionStage<? extends Event>> later;
  private final SettledNumbers settled = new SettledNumbers();
  private CompletionStage<Start> starting =
      CompletableFuture.failedStage(new IllegalStateException("not begun"));
  private boolean saving;
  private boolean savable = true;
  private Optional<Progress> saved = Optional.empty();

  /**
   * @param later sends the event of the stage to the actor; the stage never fails
   */
  Checkpoints(
      Feed.Origin origin,
      StreamMemory memory,
      OutboxStore disk,
      Numbering numbering,
      Consumer<CompletionStage<? extends Event>> later) {
    this.origin = origin;
    this.memory = memory;
    this.disk = disk;
    this.numbering = numbering;
    this.later = later;
  }

  /**
   * Looks where to begin: where the last run ended if anything is known of it, otherwise where the
   * cloud says, above all that is on the disk. Answered by {@link Found} or {@link NotFound}.
   *
   * @param firstSeq asks the cloud
   */
  void start(Supplier<CompletionStage<Long>> firstSeq) {
    starting =
        disk.content(origin.stream())
            .thenCompose(
                onDisk ->
                    resume(onDisk.all(), firstSeq)
                        .thenCompose(this::reserve)
                        .thenApply(resumed -> new Start(resumed, onDisk)));
    later.accept(
        starting.handle((start, error) -> error == null ? new Found(start) : new NotFound(error)));
  }

  private CompletionStage<Progress.Resumed> resume(
      Ranges onDisk, Supplier<CompletionStage<Long>> firstSeq) {
    var repeat = origin.provider().descriptor().repeat();
    return memory
        .recall()
        .thenCompose(
            found ->
                found
                    .progress()
                    .map(CompletableFuture::completedStage)
                    .orElseGet(
                        () -> firstSeq.get().thenApply(seq -> unknown(seq, onDisk, found.spans())))
                    .thenApply(last -> last.resumed(uri(), repeat, onDisk, found.spans())));
  }

  /**
   * Of a stream without a record only the elements on the disk are known; they are handed over to
   * the cloud.
   */
  private Progress unknown(long firstSeq, Ranges onDisk, NavigableMap<Long, SourceSpan> spans) {
    long next = firstSeq;
    if (!onDisk.isEmpty()) next = Math.max(next, onDisk.last() + 1);
    if (!spans.isEmpty()) next = Math.max(next, spans.lastKey() + 1);
    return new Progress(uri(), next, 0, next, next, 0, 0, 0, 0, onDisk);
  }

  private CompletionStage<Progress.Resumed> reserve(Progress.Resumed resumed) {
    var progress = resumed.progress();
    var underWay = new ArrayList<>(resumed.lost());
    underWay.addAll(resumed.replayed());
    return memory
        .keep(progress.withNextSeq(progress.nextSeq() + Numbering.BLOCK), underWay)
        .thenApply(done -> resumed);
  }

  /** A number is settled. */
  void settled(long seq) {
    settled.add(seq);
  }

  /**
   * Keeps the progress, unless that is under way or nothing has changed. Answered by {@link Saved}
   * or {@link NotSaved}.
   *
   * @param position of the source, behind all that was cut
   * @return what may be removed from the disk at once, because the counts that include it are
   *     durable
   */
  Ranges save(Unsettled unsettled, StreamCounts counts, long position) {
    if (saving) return new Ranges();
    if (!numbering.hasStarted()) return settled.all();
    long upTo = numbering.toReserve();
    var progress = progress(upTo, unsettled, counts, position);
    if (saved.equals(Optional.of(progress))) return settled.all();
    saving = true;
    saved = Optional.of(progress);
    settled.saveBegins();
    later.accept(
        memory
            .keep(progress, unsettled.underWay())
            .handle(
                (done, error) ->
                    error == null ? new Saved(upTo, progress.position()) : new NotSaved(error)));
    return new Ranges();
  }

  /** Returns what may be removed from the disk now. */
  Ranges saved(Saved event) {
    savable = true;
    saving = false;
    numbering.reserved(event.reserved());
    return settled.saved();
  }

  void notSaved(NotSaved event) {
    if (savable)
      LOG.warn(
          "{}: its progress cannot be kept in dayu.node.data-dir ({}); reading continues until all reserved numbers are used",
          origin.stream(),
          Causes.of(event.cause()).toString());
    savable = false;
    saving = false;
    saved = Optional.empty();
  }

  /**
   * Keeps where a successor on this node goes on, and gives back the numbers that were not used.
   *
   * @return completes when that is durable, with the position before which all is settled
   */
  CompletionStage<Long> end(Unsettled unsettled, StreamCounts counts, long position) {
    if (!numbering.hasStarted()) return CompletableFuture.completedStage(position);
    var progress = progress(numbering.next(), unsettled, counts, position);
    numbering.end();
    return memory
        .keep(progress, unsettled.underWay())
        .whenComplete(
            (done, error) -> {
              if (error != null)
                LOG.warn(
                    "{}: its last progress cannot be kept in dayu.node.data-dir ({}); the next reader of the stream continues from the one before",
                    origin.stream(),
                    Causes.of(error).toString());
            })
        .thenApply(done -> progress.position());
  }

  /**
   * Keeps nothing: the stream goes on elsewhere, or not at all.
   *
   * @return completes when all is forgotten
   */
  CompletionStage<Done> remove(Unsettled unsettled) {
    // No later save will release the settled entries, so they are removed here as well.
    var kept = unsettled.spooled().plus(settled.all());
    disk.remove(origin.stream(), kept)
        .exceptionally(
            error -> {
              LOG.warn(
                  "{} is over, and {} elements of it cannot be removed from the disk (dayu.node.data-dir): {}",
                  origin.stream(),
                  kept.size(),
                  Causes.of(error).toString());
              return Done.getInstance();
            });
    // Wait for a start that still runs: it would write a record after the stream was forgotten.
    return starting.handle((start, error) -> start).thenCompose(started -> memory.forget());
  }

  private Progress progress(long upTo, Unsettled unsettled, StreamCounts counts, long position) {
    var ledger = counts.ledger(unsettled.size());
    var oldest = unsettled.oldest(numbering.next(), position);
    return new Progress(
        uri(),
        upTo,
        oldest.position(),
        oldest.seq(),
        numbering.next(),
        ledger.delivered(),
        ledger.failed(),
        ledger.shed(),
        unsettled.replayed().readTo(position),
        unsettled.open());
  }

  private String uri() {
    return origin.uri().toString();
  }
}
