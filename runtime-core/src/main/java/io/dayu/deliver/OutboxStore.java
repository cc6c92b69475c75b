package io.dayu.deliver;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import io.dayu.disk.ForcedFile;
import io.dayu.element.Element;
import io.dayu.pipeline.StreamName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.zip.CRC32C;
import org.apache.pekko.Done;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What waits on a node's disk for the cloud, in the {@link ForcedFile} {@code
 * <data-dir>/outbox.mv}: results of the {@link Outbox}, and elements that are to be worked on
 * later. Entries are found by stream and number, the lowest first; each has a checksum of its own,
 * and one that is damaged is reported and left out. Safe for any thread, and never blocks but in
 * {@link #open} and {@link #close}.
 */
public final class OutboxStore implements AutoCloseable {
  /** What an entry is. A number has one entry at most: a result replaces the element. */
  public enum Kind {
    RESULT,
    /** An element that was not worked on yet, with its payload. */
    ELEMENT;

    private String map(String stream) {
      return name() + " " + stream;
    }
  }

  /** The numbers that are there of one stream. */
  public record Content(Ranges results, Ranges elements) {
    public Ranges all() {
      return results.plus(elements);
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(OutboxStore.class);
  private static final String FILE = "outbox.mv";
  private static final int HEADER = Integer.BYTES; // CRC-32C of the rest

  /** What an entry takes besides its bytes. */
  private static final int OVERHEAD = 32;

  /**
   * A change; without an element it removes the number, of either kind.
   *
   * @param stream the text of its name, which every element carries and the file's maps are called
   *     by: a {@link StreamName} is made of it for callers only, not for each element
   */
  private record Change(Kind kind, String stream, long seq, Optional<Element> element) {}

  private final Path path;
  private final ForcedFile<Change> file;
  private final OutboxSettings settings;
  // Guarded by this.
  private long queuedBytes;
  private final Map<Kind, Map<String, Ranges>> index = new EnumMap<>(Kind.class); // see Change
  private long bytes;

  private OutboxStore(Path path, OutboxSettings settings) {
    this.path = path;
    this.settings = settings;
    for (var kind : Kind.values()) index.put(kind, new TreeMap<>());
    // Results that are there again were sent before, which does no harm.
    this.file =
        ForcedFile.open(
            path,
            "what waited there for the cloud is not sent",
            ForcedFile.Older.USED,
            this::apply);
    file.lookThrough(this::indexAll, this::begunAnew);
  }

  /**
   * Opens the file, or makes it; blocks. It is looked through in the background, before anything
   * else is answered.
   *
   * @throws IllegalStateException if another process has it open, or it cannot be written
   */
  public static OutboxStore open(Path dataDir, OutboxSettings settings) {
    return new OutboxStore(dataDir.resolve(FILE), settings);
  }

  public OutboxSettings settings() {
    return settings;
  }

  /** Whether the quota is used up, by what is there and by what is being written. */
  public boolean isFull() {
    return room() <= 0;
  }

  /** Bytes of the quota that are not used up. */
  public synchronized long room() {
    return settings.quota() - used();
  }

  /** Bytes of the quota that are used up, by what is there and by what is being written. */
  public synchronized long used() {
    return bytes + queuedBytes;
  }

  /** How many of {@code kind} there are, by stream. */
  public synchronized Map<StreamName, Long> backlog(Kind kind) {
    var counts = new TreeMap<StreamName, Long>();
    numbers(kind).forEach((stream, seqs) -> counts.put(StreamName.parse(stream), seqs.size()));
    return counts;
  }

  public CompletionStage<Content> content(StreamName stream) {
    var name = stream.toString();
    return file.read(
        store -> {
          synchronized (this) {
            return new Content(numbers(Kind.RESULT, name), numbers(Kind.ELEMENT, name));
          }
        });
  }

  /**
   * Writes entries; those with the same number are replaced. Completes when they outlive a crash of
   * the machine; fails when that is not certain, or at once where the quota is used up.
   */
  public CompletionStage<Done> put(Kind kind, List<Element> elements) {
    if (isFull())
      return CompletableFuture.failedStage(
          new IllegalStateException(
              "%s holds dayu.outbox.quota = %s bytes".formatted(path, settings.quota())));
    return write(
        elements.stream()
            .map(e -> new Change(kind, e.getStream(), e.getSeq(), Optional.of(e)))
            .toList());
  }

  /** Removes what there is of these numbers; completes and fails like {@link #put}. */
  public CompletionStage<Done> remove(StreamName stream, Ranges seqs) {
    var name = stream.toString();
    var changes = new ArrayList<Change>();
    synchronized (this) {
      for (var kind : Kind.values()) {
        var there = numbers(kind).get(name);
        if (there == null) continue;
        seqs.forEach(
            seq -> {
              if (there.contains(seq)) changes.add(new Change(kind, name, seq, Optional.empty()));
            });
      }
    }
    return changes.isEmpty()
        ? CompletableFuture.completedStage(Done.getInstance())
        : write(changes);
  }

  /**
   * The lowest entries of a stream.
   *
   * @param from the lowest number that is wanted
   * @param bytes reading stops after so many bytes; the first entry is read in any case
   */
  public CompletionStage<List<Element>> read(
      Kind kind, StreamName stream, long from, int count, long bytes) {
    return file.read(store -> find(store, kind, stream.toString(), from, count, bytes));
  }

  /** Writes what is not written yet; blocks. What comes later fails. */
  @Override
  public void close() {
    file.close();
  }

  private CompletionStage<Done> write(List<Change> changes) {
    long size = size(changes);
    queue(size);
    var written = file.write(changes);
    written.exceptionally(
        error -> {
          queue(-size);
          return null;
        });
    return written;
  }

  private static long size(Change change) {
    return change.element().map(e -> e.getSerializedSize() + HEADER + (long) OVERHEAD).orElse(0L);
  }

  private Runnable apply(MVStore store, List<Change> changes) {
    long grown = 0;
    var made = new ArrayList<Change>();
    for (var change : changes) {
      if (isLate(store, change)) continue;
      grown += apply(store, change);
      made.add(change);
    }
    long more = grown;
    return () -> made(made, more, size(changes));
  }

  private synchronized void made(List<Change> changes, long more, long size) {
    queuedBytes -= size;
    bytes += more;
    changes.forEach(this::note);
  }

  private synchronized void queue(long size) {
    queuedBytes += size;
  }

  private static long size(List<Change> changes) {
    return changes.stream().mapToLong(OutboxStore::size).sum();
  }

  /** Applies a change; returns by how many bytes the content has grown. */
  private static long apply(MVStore store, Change change) {
    if (change.element().isEmpty()) return -remove(store, change.kind(), change);
    long before = change.kind() == Kind.RESULT ? remove(store, Kind.ELEMENT, change) : 0;
    var old =
        map(store, change.kind(), change.stream()).put(change.seq(), entry(change.element().get()));
    return size(change) - before - (old == null ? 0 : old.length + (long) OVERHEAD);
  }

  /**
   * Whether the change adds an element whose result is on the disk already: both were to be written
   * at the same time.
   */
  private static boolean isLate(MVStore store, Change change) {
    return change.kind() == Kind.ELEMENT
        && store.hasMap(Kind.RESULT.map(change.stream()))
        && map(store, Kind.RESULT, change.stream()).containsKey(change.seq());
  }

  @CanIgnoreReturnValue
  private static long remove(MVStore store, Kind kind, Change change) {
    if (!store.hasMap(kind.map(change.stream()))) return 0;
    var map = map(store, kind, change.stream());
    var old = map.remove(change.seq());
    if (map.isEmpty()) store.removeMap(map);
    return old == null ? 0 : old.length + (long) OVERHEAD;
  }

  /** Keeps {@link #index} in line with the file. */
  private void note(Change change) {
    if (change.element().isEmpty()) {
      drop(change.kind(), change);
      return;
    }
    if (change.kind() == Kind.RESULT) drop(Kind.ELEMENT, change);
    numbers(change.kind()).computeIfAbsent(change.stream(), s -> new Ranges()).add(change.seq());
  }

  private void drop(Kind kind, Change change) {
    var seqs = numbers(kind).get(change.stream());
    if (seqs == null) return;
    seqs.remove(change.seq());
    if (seqs.isEmpty()) numbers(kind).remove(change.stream());
  }

  private Map<String, Ranges> numbers(Kind kind) {
    return Objects.requireNonNull(index.get(kind), "every kind has an index");
  }

  private Ranges numbers(Kind kind, String stream) {
    return Ranges.copyOf(numbers(kind).getOrDefault(stream, new Ranges()));
  }

  private List<Element> find(
      MVStore store, Kind kind, String stream, long from, int count, long bytes) {
    var found = new ArrayList<Element>();
    if (!store.hasMap(kind.map(stream))) return found;
    long size = 0;
    var damaged = new Ranges();
    var map = map(store, kind, stream);
    for (var key = map.ceilingKey(from); key != null; key = map.higherKey(key)) {
      var entry = Objects.requireNonNull(map.get(key), "only the writer removes entries");
      var element = element(entry);
      if (element.isEmpty()) damaged.add(key);
      element.ifPresent(found::add);
      size += entry.length;
      if (found.size() >= count || size >= bytes) break;
    }
    if (!damaged.isEmpty()) report(stream, damaged);
    return found;
  }

  private synchronized void begunAnew() {
    index.values().forEach(Map::clear);
    bytes = 0;
  }

  /** Counts what is there and leaves out what is damaged. */
  private void indexAll(MVStore store) {
    for (var name : List.copyOf(store.getMapNames())) {
      var kind = Kind.valueOf(name.substring(0, name.indexOf(' ')));
      var stream = name.substring(name.indexOf(' ') + 1);
      if (!StreamName.isName(stream)) {
        LOG.warn(
            "{}: \"{}\" is not the name of a stream; its elements stay there and are not sent",
            path,
            stream);
        continue;
      }
      var good = new Ranges();
      var damaged = new Ranges();
      long size = 0;
      var entries = map(store, kind, stream).cursor(null);
      while (entries.hasNext()) {
        long seq = entries.next();
        if (element(entries.getValue()).isEmpty()) {
          damaged.add(seq);
          continue;
        }
        good.add(seq);
        size += entries.getValue().length + (long) OVERHEAD;
      }
      synchronized (this) {
        if (!good.isEmpty()) numbers(kind).put(stream, good);
        bytes += size;
      }
      if (!damaged.isEmpty()) report(stream, damaged);
      damaged.forEach(seq -> remove(store, kind, new Change(kind, stream, seq, Optional.empty())));
    }
    if (!store.hasUnsavedChanges()) return;
    store.commit();
    store.sync();
  }

  private void report(String stream, Ranges damaged) {
    LOG.warn(
        "{}: {} entries of {} are damaged and lost: {}", path, damaged.size(), stream, damaged);
  }

  private static byte[] entry(Element element) {
    var entry = new byte[HEADER + element.getSerializedSize()];
    try {
      var out =
          com.google.protobuf.CodedOutputStream.newInstance(entry, HEADER, entry.length - HEADER);
      element.writeTo(out);
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    ByteBuffer.wrap(entry).putInt(checksum(entry));
    return entry;
  }

  private static Optional<Element> element(byte[] entry) {
    if (entry.length < HEADER || ByteBuffer.wrap(entry).getInt() != checksum(entry))
      return Optional.empty();
    try {
      return Optional.of(
          Element.parseFrom(UnsafeByteOperations.unsafeWrap(entry, HEADER, entry.length - HEADER)));
    } catch (InvalidProtocolBufferException e) {
      return Optional.empty();
    }
  }

  private static int checksum(byte[] entry) {
    var crc = new CRC32C();
    crc.update(entry, HEADER, entry.length - HEADER);
    return (int) crc.getValue();
  }

  private static MVMap<Long, byte[]> map(MVStore store, Kind kind, String stream) {
    return store.openMap(kind.map(stream));
  }
}
