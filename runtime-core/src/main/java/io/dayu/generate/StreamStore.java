package io.dayu.generate;

import com.google.protobuf.InvalidProtocolBufferException;
import io.dayu.deliver.Ranges;
import io.dayu.wire.member.KeptProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory of all streams of a node, in {@code <data-dir>/streams.mv}. Whatever comes while the
 * disk is busy is written, and forced to the disk, together with the next write. A torn end of the
 * file is cut by MVStore; a file that cannot be used at all is reported, put aside and begun anew.
 * Safe for any thread; a thread of its own does all that blocks.
 */
public final class StreamStore implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StreamStore.class);
  private static final String FILE = "streams.mv";
  private static final int CACHE_MIB = 1;

  private final Path file;
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(
          task -> {
            var thread = new Thread(task, "stream-store");
            thread.setDaemon(true);
            return thread;
          });
  // Guarded by this.
  private Map<String, Optional<Progress>> queued = new LinkedHashMap<>();
  private List<CompletableFuture<Done>> waiting = new ArrayList<>();
  // The writer's, once it is open.
  private MVStore store;
  private MVMap<String, byte[]> streams;

  private StreamStore(Path file) {
    this.file = file;
  }

  /**
   * Opens the file, or makes it; blocks.
   *
   * @throws IllegalStateException if another process has it open, or it cannot be written
   */
  public static StreamStore open(Path dataDir) {
    var opened = new StreamStore(dataDir.resolve(FILE));
    try {
      opened.open();
    } catch (MVStoreException e) {
      opened.writer.shutdown();
      if (e.getErrorCode() == DataUtils.ERROR_FILE_LOCKED)
        throw new IllegalStateException(
            "%s is in use; does another node run in this directory?".formatted(opened.file), e);
      throw new IllegalStateException("%s: %s".formatted(opened.file, e.getMessage()), e);
    }
    return opened;
  }

  public StreamMemory of(String stream) {
    return new StreamMemory() {
      @Override
      public CompletionStage<Optional<Progress>> recall() {
        return CompletableFuture.supplyAsync(() -> find(stream), writer);
      }

      @Override
      public CompletionStage<Done> keep(Progress progress) {
        return enqueue(stream, Optional.of(progress));
      }

      @Override
      public CompletionStage<Done> forget() {
        return enqueue(stream, Optional.empty());
      }
    };
  }

  /** Writes what is not written yet; blocks. What comes later fails. */
  @Override
  public void close() {
    synchronized (this) {
      writer.execute(
          () -> {
            flush();
            if (store != null) store.close();
            store = null;
          });
      writer.shutdown();
    }
    try {
      if (!writer.awaitTermination(10, TimeUnit.SECONDS))
        LOG.warn("{} is still being written; its last changes may be lost", file);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized CompletionStage<Done> enqueue(String stream, Optional<Progress> progress) {
    var done = new CompletableFuture<Done>();
    if (writer.isShutdown()) {
      done.completeExceptionally(new IllegalStateException(file + " is closed"));
      return done;
    }
    if (waiting.isEmpty()) writer.execute(this::flush);
    queued.put(stream, progress);
    waiting.add(done);
    return done;
  }

  private Optional<Progress> find(String stream) {
    flush();
    reopen();
    var bytes = streams.get(stream);
    if (bytes == null) return Optional.empty();
    try {
      var proto = KeptProgress.parseFrom(bytes);
      return Optional.of(
          new Progress(
              proto.getUri(),
              proto.getNextSeq(),
              proto.getPosition(),
              proto.getRecut(),
              proto.getUsed(),
              proto.getDelivered(),
              proto.getFailed(),
              proto.getShed(),
              Ranges.ofBounds(proto.getOpenList())));
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      LOG.warn("what {} has of {} cannot be read ({}); it is ignored", file, stream, e.toString());
      return Optional.empty();
    }
  }

  private void flush() {
    Map<String, Optional<Progress>> changes;
    List<CompletableFuture<Done>> answered;
    synchronized (this) {
      changes = queued;
      answered = waiting;
      queued = new LinkedHashMap<>();
      waiting = new ArrayList<>();
    }
    if (answered.isEmpty()) return;
    try {
      reopen();
      changes.forEach(
          (stream, progress) ->
              progress.ifPresentOrElse(
                  p -> streams.put(stream, bytes(p)), () -> streams.remove(stream)));
      store.commit();
      store.sync();
      answered.forEach(done -> done.complete(Done.getInstance()));
    } catch (RuntimeException e) {
      // MVStore is of no use after a write that failed; the next one opens it again.
      if (store != null) store.closeImmediately();
      store = null;
      answered.forEach(done -> done.completeExceptionally(e));
    }
  }

  private static byte[] bytes(Progress p) {
    return KeptProgress.newBuilder()
        .setUri(p.uri())
        .setNextSeq(p.nextSeq())
        .setPosition(p.position())
        .setRecut(p.recut())
        .setUsed(p.used())
        .setDelivered(p.delivered())
        .setFailed(p.failed())
        .setShed(p.shed())
        .addAllOpen(p.open().bounds())
        .build()
        .toByteArray();
  }

  private void reopen() {
    if (store == null) open();
  }

  private void open() {
    MVStore opened;
    try {
      opened = builder().open();
    } catch (MVStoreException e) {
      if (e.getErrorCode() != DataUtils.ERROR_FILE_CORRUPT
          && e.getErrorCode() != DataUtils.ERROR_UNSUPPORTED_FORMAT) throw e;
      putAside(e);
      opened = builder().open();
    }
    store = opened;
    store.setVersionsToKeep(0);
    // Every commit is forced to the disk, so that old chunks need not stay for safety.
    store.setRetentionTime(0);
    streams = store.openMap("streams");
  }

  private MVStore.Builder builder() {
    return new MVStore.Builder()
        .fileName(file.toString())
        .autoCommitDisabled()
        .cacheSize(CACHE_MIB);
  }

  private void putAside(MVStoreException cause) {
    var aside = file.resolveSibling(FILE + ".damaged");
    LOG.warn(
        "{} cannot be used ({}); it is kept as {}, and streams begin where the cloud says",
        file,
        cause.getMessage(),
        aside.getFileName());
    try {
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new IllegalStateException("%s cannot be moved: %s".formatted(file, e), e);
    }
  }
}
