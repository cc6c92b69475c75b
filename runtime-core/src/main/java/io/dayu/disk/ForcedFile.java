package io.dayu.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An MVStore whose writes are confirmed when they are forced to the disk, so that what is confirmed
 * survives a crash of the process and of the machine. What comes while the disk is busy goes with
 * the next write. A torn end of the file is cut by MVStore. A file that cannot be used at all, or
 * that was there and is empty or gone, is reported, put aside and begun anew; what happens to one
 * that has lost its last writes is up to {@link Older}. A write that fails, as on a full disk,
 * leaves the file as it was; the next one opens it again. The file stays within a few times of what
 * it holds.
 *
 * <p>Safe for any thread, and never blocks but in {@link #open} and {@link #close}; a thread of its
 * own, the writer, does all work that blocks.
 *
 * @param <C> a change
 */
public final class ForcedFile<C> implements AutoCloseable {
  /** What is done with a file that was cut off: with what it held some time ago. */
  public enum Older {
    /** It is of use. */
    USED,
    /** It would mislead, and is put aside as a damaged one is. */
    PUT_ASIDE
  }

  private static final Logger LOG = LoggerFactory.getLogger(ForcedFile.class);
  private static final int CACHE_MIB = 1;

  // With these values no loss of speed was measured.
  private static final int TIDY_EVERY = 256;
  private static final int TIDY_BYTES = 64 << 10;
  private static final int LIVE_PERCENT = 50;

  private final Path file;
  private final String loss;
  private final Witness witness;
  private final BiFunction<MVStore, List<C>, Runnable> apply;
  private final ExecutorService writer;
  // Guarded by this.
  private List<C> queued = new ArrayList<>();
  private List<CompletableFuture<Done>> waiting = new ArrayList<>();
  // Used by the writer's thread alone, once the file is open.
  private @Nullable MVStore store;
  private long writes;

  private ForcedFile(Path file, String loss, BiFunction<MVStore, List<C>, Runnable> apply) {
    this.file = file;
    this.loss = loss;
    this.witness = new Witness(file);
    this.apply = apply;
    this.writer =
        Executors.newSingleThreadExecutor(
            task -> {
              var thread = new Thread(task, "writer-" + file.getFileName());
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Opens the file, or makes it; blocks.
   *
   * @param loss for people: what it means that a damaged file is put aside
   * @param older what is done with it when its last writes are missing
   * @param apply makes changes, in their order, on the writer; what it returns is run there once
   *     they are durable, before they are confirmed
   * @throws IllegalStateException if another process has it open, or it cannot be written
   */
  public static <C> ForcedFile<C> open(
      Path file, String loss, Older older, BiFunction<MVStore, List<C>, Runnable> apply) {
    var opened = new ForcedFile<>(file, loss, apply);
    try {
      opened.look(older);
      opened.store = opened.open();
    } catch (MVStoreException e) {
      opened.writer.shutdown();
      if (e.getErrorCode() == DataUtils.ERROR_FILE_LOCKED)
        throw new IllegalStateException(
            "%s is in use; does another node run in this directory?".formatted(file), e);
      throw new IllegalStateException("%s: %s".formatted(file, e.getMessage()), e);
    }
    return opened;
  }

  /** Completes when the changes outlive a crash of the machine; fails when that is not certain. */
  public synchronized CompletionStage<Done> write(List<C> changes) {
    if (writer.isShutdown()) return closed();
    if (waiting.isEmpty()) writer.execute(this::flush);
    queued.addAll(changes);
    var done = new CompletableFuture<Done>();
    waiting.add(done);
    return done;
  }

  /** What {@code reader} returns. It runs on the writer, after all earlier changes are written. */
  public synchronized <T> CompletionStage<T> read(Function<MVStore, T> reader) {
    return writer.isShutdown()
        ? closed()
        : CompletableFuture.supplyAsync(() -> reader.apply(opened()), writer);
  }

  /**
   * Reads through the file in the background. Opening a file does not detect a damaged page in its
   * middle; if {@code look} fails because of one, the file is put aside as well.
   *
   * @param begunAnew runs before a new file is begun
   */
  public synchronized void lookThrough(Consumer<MVStore> look, Runnable begunAnew) {
    if (writer.isShutdown()) return;
    writer.execute(
        () -> {
          var looked = opened();
          try {
            look.accept(looked);
          } catch (RuntimeException e) {
            abandon();
            begunAnew.run();
            putAside(String.valueOf(e.getMessage()));
            store = open();
          }
        });
  }

  /** Writes what is not written yet; blocks. What comes later fails. */
  @Override
  public void close() {
    synchronized (this) {
      if (!writer.isShutdown()) writer.execute(this::end);
      writer.shutdown();
    }
    try {
      if (!writer.awaitTermination(10, TimeUnit.SECONDS))
        LOG.warn("{} is still being written; its last changes may be lost", file);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void end() {
    flush();
    if (store != null) store.close();
    store = null;
  }

  private <T> CompletionStage<T> closed() {
    return CompletableFuture.failedStage(new IllegalStateException(file + " is closed"));
  }

  private void flush() {
    List<C> changes;
    List<CompletableFuture<Done>> answered;
    synchronized (this) {
      changes = queued;
      answered = waiting;
      queued = new ArrayList<>();
      waiting = new ArrayList<>();
    }
    if (answered.isEmpty()) return;
    try {
      var written = opened();
      var durable = apply.apply(written, changes);
      written.commit();
      written.sync();
      durable.run();
      witness.saw(written.getCurrentVersion());
      answered.forEach(done -> done.complete(Done.getInstance()));
      tidy(written);
    } catch (RuntimeException e) {
      // MVStore cannot be used after a failed write; the next write opens the file again.
      abandon();
      answered.forEach(done -> done.completeExceptionally(e));
    }
  }

  /**
   * Moves used data out of chunks that are mostly unused, with the next write. MVStore itself does
   * so only on a thread of its own, which does not know when a write is confirmed. Without this,
   * every commit would leave some two kilobytes for good, and in the end the file would fill the
   * disk.
   */
  private void tidy(MVStore written) {
    if (++writes % TIDY_EVERY == 0) written.compact(LIVE_PERCENT, TIDY_BYTES);
  }

  private void abandon() {
    if (store != null) store.closeImmediately();
    store = null;
  }

  private void look(Older older) {
    var found = witness.look();
    if (found instanceof Witness.Finding.Gone gone) {
      putAside(gone.what());
    } else if (found instanceof Witness.Finding.Damaged damaged) {
      putAside(damaged.reason());
    } else if (found == Witness.Finding.Older.INSTANCE) {
      if (older == Older.PUT_ASIDE) putAside("what was written last is missing");
      else
        LOG.warn(
            "{} was cut off: what was written last is missing, and what it held before is used",
            file);
    }
  }

  private MVStore opened() {
    if (store == null) store = open();
    return store;
  }

  private MVStore open() {
    MVStore opened;
    try {
      opened = builder().open();
    } catch (MVStoreException e) {
      if (e.getErrorCode() != DataUtils.ERROR_FILE_CORRUPT
          && e.getErrorCode() != DataUtils.ERROR_UNSUPPORTED_FORMAT) throw e;
      putAside(String.valueOf(e.getMessage()));
      opened = builder().open();
    }
    opened.setVersionsToKeep(0);
    // Every commit is forced to the disk, so that old chunks need not stay for safety.
    opened.setRetentionTime(0);
    return opened;
  }

  private MVStore.Builder builder() {
    return new MVStore.Builder()
        .fileName(file.toString())
        .autoCommitDisabled()
        .cacheSize(CACHE_MIB);
  }

  private void putAside(String reason) {
    witness.forget();
    if (!Files.exists(file)) {
      LOG.warn("{} was there before ({}); {}", file, reason, loss);
      return;
    }
    var aside = file.resolveSibling(file.getFileName() + ".damaged");
    LOG.warn(
        "{} cannot be used ({}); it is kept as {}, and {}",
        file,
        reason,
        aside.getFileName(),
        loss);
    try {
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new IllegalStateException("%s cannot be moved: %s".formatted(file, e), e);
    }
  }
}
