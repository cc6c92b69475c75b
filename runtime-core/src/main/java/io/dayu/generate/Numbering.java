package io.dayu.generate;

import io.dayu.deliver.Ledger;
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
  /**
   * Where the stream begins.
   *
   * @param unsettled elements of the last run that were neither delivered nor given up
   * @param lost whether they cannot be cut again
   */
  record Start(Progress progress, long unsettled, boolean lost) {
    /** What became of the unsettled ones, for people. */
    String fate() {
      return "%d elements were under way when the node ended; %s"
          .formatted(
              unsettled,
              lost
                  ? "their source cannot be read again, so they count as shed"
                  : "they are read again");
    }
  }

  private static final long BLOCK = 20_000;

  private final StreamMemory memory;
  private final String uri;
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
   * cloud says.
   */
  CompletionStage<Start> start(boolean replayable, Supplier<CompletionStage<Long>> firstSeq) {
    return memory
        .recall()
        .thenCompose(
            found ->
                found.isPresent()
                    ? CompletableFuture.completedStage(resume(found.get(), replayable))
                    : firstSeq
                        .get()
                        .thenApply(seq -> new Start(Progress.begin(uri, seq), 0, false)))
        .thenCompose(
            start ->
                memory
                    .keep(start.progress().withNextSeq(start.progress().nextSeq() + BLOCK))
                    .thenApply(done -> start));
  }

  private Start resume(Progress last, boolean replayable) {
    var now = last.resumed(uri, replayable);
    return new Start(now, last.unsettled(), now.shed() > last.shed());
  }

  void started(Start start) {
    next = start.progress().nextSeq();
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

  /**
   * Keeps the progress and reserves what was used up, unless a save is under way or nothing has
   * changed.
   *
   * @return the number up to which numbers are reserved once it is durable; {@link #saved} or
   *     {@link #notSaved} is to be called with its outcome
   */
  Optional<CompletionStage<Long>> save(long position, Ledger ledger) {
    if (saving || !hasStarted()) return Optional.empty();
    long upTo = isLow() ? next + BLOCK : reserved;
    var progress = Progress.of(uri, upTo, position, ledger);
    if (saved.equals(Optional.of(progress))) return Optional.empty();
    saving = true;
    saved = Optional.of(progress);
    return Optional.of(memory.keep(progress).thenApply(done -> upTo));
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
  CompletionStage<Done> end(long position, Ledger ledger) {
    if (!hasStarted()) return CompletableFuture.completedStage(Done.getInstance());
    var kept = memory.keep(Progress.of(uri, next, position, ledger));
    next = -1;
    return kept;
  }

  CompletionStage<Done> forget() {
    return memory.forget();
  }
}
