package io.dayu.generate;

import com.google.protobuf.InvalidProtocolBufferException;
import io.dayu.deliver.Ranges;
import io.dayu.disk.ForcedFile;
import io.dayu.generate.wire.KeptProgress;
import io.dayu.pipeline.StreamName;
import io.dayu.stage.Causes;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.Done;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory of all streams of a node: their progress in the {@link ForcedFile} {@code
 * <data-dir>/streams.mv}, and a {@link SpanLog} each in {@code <data-dir>/cuts}. Safe for any
 * thread.
 */
public final class StreamStore implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StreamStore.class);
  private static final String FILE = "streams.mv";

  /** Without progress the stream is forgotten. */
  private record Change(StreamName stream, Optional<Progress> progress) {}

  private final ForcedFile<Change> file;
  private final Path cuts;
  private final Map<StreamName, SpanLog> logs = new ConcurrentHashMap<>(); // by stream
  private volatile boolean closed;

  private StreamStore(ForcedFile<Change> file, Path cuts) {
    this.file = file;
    this.cuts = cuts;
  }

  /**
   * Opens the file, or makes it; blocks.
   *
   * @throws IllegalStateException if another process has it open, or it cannot be written
   */
  public static StreamStore open(Path dataDir) {
    var cuts = dataDir.resolve("cuts");
    try {
      Files.createDirectories(cuts);
    } catch (IOException e) {
      throw new IllegalStateException("%s cannot be made: %s".formatted(cuts, e), e);
    }
    return new StreamStore(
        // Older progress would give out numbers a second time.
        ForcedFile.open(
            dataDir.resolve(FILE),
            "streams begin where the cloud says",
            ForcedFile.Older.PUT_ASIDE,
            StreamStore::apply),
        cuts);
  }

  public StreamMemory of(StreamName stream) {
    var log =
        logs.computeIfAbsent(
            stream,
            name -> new SpanLog(cuts, URLEncoder.encode(name.toString(), StandardCharsets.UTF_8)));
    if (closed) log.close(); // close() may have missed a new one
    return new StreamMemory() {
      @Override
      public CompletionStage<Recalled> recall() {
        return file.read(store -> new Recalled(find(store, stream), log.read()));
      }

      @Override
      public CompletionStage<Done> keep(Progress progress, Collection<SourceSpan> underWay) {
        log.begin(underWay);
        return file.write(List.of(new Change(stream, Optional.of(progress))))
            .thenApply(
                done -> {
                  log.saved();
                  return done;
                });
      }

      @Override
      public void note(List<SourceSpan> spans) {
        log.add(spans);
      }

      @Override
      public CompletionStage<Done> forget() {
        return file.write(List.of(new Change(stream, Optional.empty())))
            .thenApply(
                done -> {
                  log.delete();
                  return done;
                })
            .whenComplete(
                (done, error) -> {
                  // Only logged: the caller has ended, and cannot do anything about it.
                  if (error != null)
                    LOG.warn(
                        "{} has ended and cannot be removed from {}; a stream of the same name would continue from it: {}",
                        stream,
                        FILE,
                        Causes.of(error).toString());
                });
      }
    };
  }

  /** Writes what is not written yet; blocks. What comes later fails, and is written nowhere. */
  @Override
  public void close() {
    file.close();
    closed = true;
    logs.values().forEach(SpanLog::close);
  }

  private static Runnable apply(MVStore store, List<Change> changes) {
    var streams = streams(store);
    for (var change : changes)
      change
          .progress()
          .ifPresentOrElse(
              progress -> streams.put(change.stream().toString(), bytes(progress)),
              () -> streams.remove(change.stream().toString()));
    return () -> {};
  }

  private static MVMap<String, byte[]> streams(MVStore store) {
    return store.openMap("streams");
  }

  private static Optional<Progress> find(MVStore store, StreamName stream) {
    var bytes = streams(store).get(stream.toString());
    if (bytes == null) return Optional.empty();
    try {
      var proto = KeptProgress.parseFrom(bytes);
      return Optional.of(
          new Progress(
              proto.getUri(),
              proto.getNextSeq(),
              proto.getPosition(),
              proto.getFirstReplayed(),
              proto.getUsed(),
              proto.getDelivered(),
              proto.getFailed(),
              proto.getShed(),
              proto.getReadTo(),
              Ranges.ofBounds(proto.getOpenList())));
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      LOG.warn("what {} has of {} cannot be read ({}); it is ignored", FILE, stream, e.toString());
      return Optional.empty();
    }
  }

  private static byte[] bytes(Progress p) {
    return KeptProgress.newBuilder()
        .setUri(p.uri())
        .setNextSeq(p.nextSeq())
        .setPosition(p.position())
        .setFirstReplayed(p.firstReplayed())
        .setUsed(p.used())
        .setDelivered(p.delivered())
        .setFailed(p.failed())
        .setShed(p.shed())
        .setReadTo(p.readTo())
        .addAllOpen(p.open().bounds())
        .build()
        .toByteArray();
  }
}
