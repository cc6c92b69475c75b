package io.dayu.deliver;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.dayu.deliver.wire.KeptFailure;
import io.dayu.disk.ForcedFile;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.facts.FailedElements;
import io.dayu.facts.FailedElements.Item;
import io.dayu.facts.FailedElements.Pick;
import io.dayu.facts.FailureCause;
import io.dayu.pipeline.StreamName;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.zip.CRC32C;
import org.apache.pekko.Done;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The elements of a node's streams that have failed, with their payloads, in the {@link ForcedFile}
 * {@code <data-dir>/failed.mv}. They are found by stream and number. When there are too many of a
 * stream, or too many bytes, the lowest numbers are removed. Safe for any thread, and never blocks
 * but in {@link #open} and {@link #close}.
 */
public final class FailedStore implements AutoCloseable {
  /** What is changed; all changes of a write are made, or none. */
  public sealed interface Change {
    StreamName stream();
  }

  /**
   * Keeps a failed element; one of its number is replaced.
   *
   * @param atMost so many of the stream
   */
  public record Keep(
      StreamName stream, Element element, FailureCause cause, Instant at, long atMost)
      implements Change {}

  /** What was kept as {@code from} was sent again as {@code to}, and has failed again. */
  public record KeepAgain(StreamName stream, long from, long to, FailureCause cause, Instant at)
      implements Change {}

  /**
   * An element is on its way again, or is no longer.
   *
   * @param as its number there
   */
  public record Mark(StreamName stream, long seq, OptionalLong as) implements Change {}

  public record Remove(StreamName stream, long seq) implements Change {}

  /** Removes all but the newest, and what failed before a time. */
  public record Trim(StreamName stream, long atMost, Instant since) implements Change {}

  /** Nothing of the stream is on its way again but as one of these numbers. */
  private record Resume(StreamName stream, Ranges open) implements Change {}

  public record Usage(long kept, long bytes) {}

  /**
   * Elements that are to be sent again.
   *
   * @param payloads by number
   * @param notKept of those that were named
   * @param underWay of those that were named: they are on their way already
   * @param upTo the highest number that was meant
   * @param last all up to here were looked at
   * @param more whether others are left
   */
  public record Picked(
      NavigableMap<Long, Media> payloads,
      List<Long> notKept,
      List<Long> underWay,
      long upTo,
      long last,
      boolean more) {}

  private record Slot(long bytes, long atMs) {}

  private static final Logger LOG = LoggerFactory.getLogger(FailedStore.class);
  private static final String FILE = "failed.mv";
  private static final String ABOUT = "about ";
  private static final String PAYLOAD = "payload ";
  private static final int HEADER = Integer.BYTES; // CRC-32C of the rest

  /** As many as are sent again by one question. */
  private static final int MOST_PICKED = 128;

  private static final long MOST_PICKED_BYTES = 4 << 20;

  private final ForcedFile<Change> file;
  private final long quota;
  // Guarded by this.
  private final Map<StreamName, TreeMap<Long, Slot>> index = new TreeMap<>();
  private long bytes;

  private FailedStore(Path path, long quota) {
    this.quota = quota;
    this.file =
        ForcedFile.open(
            path,
            "failed elements that it held cannot be sent again",
            ForcedFile.Older.USED,
            this::apply);
    file.lookThrough(this::indexAll, this::begunAnew);
  }

  /**
   * Opens the file, or makes it; blocks. It is looked through in the background, before anything
   * else is answered.
   *
   * @param quota bytes of all payloads
   * @throws IllegalStateException if another process has it open, or it cannot be written
   */
  public static FailedStore open(Path dataDir, long quota) {
    return new FailedStore(dataDir.resolve(FILE), quota);
  }

  /** Bytes of all payloads that are kept at most. */
  public long quota() {
    return quota;
  }

  public synchronized long used() {
    return bytes;
  }

  public synchronized Usage usage(StreamName stream) {
    var slots = index.getOrDefault(stream, new TreeMap<>());
    return new Usage(slots.size(), slots.values().stream().mapToLong(Slot::bytes).sum());
  }

  public synchronized Set<StreamName> streams() {
    return Set.copyOf(index.keySet());
  }

  public synchronized boolean isEmpty(StreamName stream) {
    return !index.containsKey(stream);
  }

  public synchronized boolean contains(StreamName stream, long seq) {
    var slots = index.get(stream);
    return slots != null && slots.containsKey(seq);
  }

  /** Whether a {@link Trim} would remove something. */
  public synchronized boolean exceeds(StreamName stream, long atMost, Instant since) {
    var slots = index.get(stream);
    if (slots == null) return false;
    long sinceMs = since.toEpochMilli();
    return slots.size() > atMost
        || sinceMs > 0 && slots.values().stream().anyMatch(s -> s.atMs() < sinceMs);
  }

  /** Completes when the changes outlive a crash of the machine; fails when that is not certain. */
  public CompletionStage<Done> write(List<? extends Change> changes) {
    return changes.isEmpty()
        ? CompletableFuture.completedStage(Done.getInstance())
        : file.write(List.copyOf(changes));
  }

  /**
   * A stream goes on after a start: what it was sending again under other numbers than these was
   * not sent. Completes like {@link #write}.
   */
  public CompletionStage<Done> resume(StreamName stream, Ranges open) {
    var change = new Resume(stream, Ranges.copyOf(open));
    return file.read(store -> store.hasMap(ABOUT + stream))
        .thenCompose(there -> write(there ? List.of(change) : List.of()));
  }

  /** Removes all of a stream; completes like {@link #write}. */
  public CompletionStage<Done> removeAll(StreamName stream) {
    return file.write(List.of(new Trim(stream, 0, Instant.EPOCH)));
  }

  /** See {@link FailedElements.Page}. */
  public CompletionStage<FailedElements.Items> page(FailedElements.Page page) {
    return file.read(store -> find(store, page));
  }

  /** The payload as it is kept; empty if it is not. */
  public CompletionStage<Optional<ByteString>> payload(StreamName stream, long seq) {
    return file.read(store -> bytes(store, stream, seq));
  }

  /** What is to be sent again, as much as is good at once. */
  public CompletionStage<Picked> pick(StreamName stream, Pick pick) {
    return file.read(store -> find(store, stream, pick));
  }

  /** Removes what is meant, but for what is on its way again. Returns how many. */
  public CompletionStage<Long> drop(StreamName stream, Pick pick) {
    return file.read(
            store -> {
              var found = new ArrayList<Change>();
              for (long seq : meant(store, stream, pick)) found.add(new Remove(stream, seq));
              return found;
            })
        .thenCompose(found -> write(found).thenApply(done -> (long) found.size()));
  }

  /** Writes what is not written yet; blocks. What comes later fails. */
  @Override
  public void close() {
    file.close();
  }

  private Runnable apply(MVStore store, List<Change> changes) {
    var round = new Round(store, used());
    for (var change : changes) {
      if (change instanceof Keep keep) round.keep(keep);
      else if (change instanceof KeepAgain again) round.keepAgain(again);
      else if (change instanceof Mark mark) round.mark(mark.stream(), mark.seq(), mark.as());
      else if (change instanceof Remove remove) round.remove(remove.stream(), remove.seq());
      else if (change instanceof Trim trim) round.trim(trim);
      else if (change instanceof Resume resume) round.resume(resume);
    }
    return round::durable;
  }

  /** A write under way. Belongs to the writer; the index follows when it is durable. */
  private final class Round {
    private final MVStore store;
    private final List<Runnable> edits = new ArrayList<>();
    private long total;

    Round(MVStore store, long total) {
      this.store = store;
      this.total = total;
    }

    void durable() {
      synchronized (FailedStore.this) {
        edits.forEach(Runnable::run);
        bytes = total;
      }
    }

    void keep(Keep keep) {
      var stream = keep.stream();
      var element = keep.element();
      long seq = element.getSeq();
      remove(stream, seq);
      var payload = element.getPayload().toByteArray();
      put(
          stream,
          seq,
          KeptFailure.newBuilder()
              .setStage(keep.cause().stage())
              .setReason(keep.cause().reason())
              .setAtMs(keep.at().toEpochMilli())
              .setCreatedAtMs(element.getCreatedAtMs())
              .setMedia(MediaType.of(element.getPayload()).word())
              .setBytes(payload.length)
              .setFirstSeq(seq)
              .build(),
          checked(payload));
      while (about(store, stream).sizeAsLong() > keep.atMost()) removeOldest(stream);
      while (total > quota && about(store, stream).sizeAsLong() > 1) removeOldest(stream);
      while (total > quota && removeOfOthers(stream)) {
        // until there is room
      }
    }

    private void removeOldest(StreamName stream) {
      remove(stream, Objects.requireNonNull(about(store, stream).firstKey(), "it is not empty"));
    }

    private boolean removeOfOthers(StreamName stream) {
      for (var name : store.getMapNames()) {
        if (!name.startsWith(ABOUT) || name.equals(ABOUT + stream)) continue;
        removeOldest(StreamName.parse(name.substring(ABOUT.length())));
        return true;
      }
      return false;
    }

    void keepAgain(KeepAgain again) {
      var old = about(store, again.stream(), again.from());
      if (old.isEmpty()) return;
      var payload = store.<Long, byte[]>openMap(PAYLOAD + again.stream()).get(again.from());
      remove(again.stream(), again.from());
      if (payload == null) return;
      put(
          again.stream(),
          again.to(),
          old.get().toBuilder()
              .clearRetriedAs()
              .setStage(again.cause().stage())
              .setReason(again.cause().reason())
              .setAtMs(again.at().toEpochMilli())
              .setRetries(old.get().getRetries() + 1)
              .build(),
          payload);
    }

    void mark(StreamName stream, long seq, OptionalLong as) {
      var old = about(store, stream, seq);
      if (old.isEmpty()) return;
      var now = old.get().toBuilder().clearRetriedAs();
      as.ifPresent(now::setRetriedAs);
      about(store, stream).put(seq, checked(now.build().toByteArray()));
    }

    void resume(Resume resume) {
      for (long seq : numbers(store, resume.stream())) {
        var about = about(store, resume.stream(), seq);
        if (about.filter(KeptFailure::hasRetriedAs).isPresent()
            && !resume.open().contains(about.get().getRetriedAs()))
          mark(resume.stream(), seq, OptionalLong.empty());
      }
    }

    void trim(Trim trim) {
      var left = new ArrayList<Long>();
      for (long seq : numbers(store, trim.stream())) {
        var about = about(store, trim.stream(), seq);
        if (about.isEmpty() || about.get().getAtMs() < trim.since().toEpochMilli())
          remove(trim.stream(), seq);
        else left.add(seq);
      }
      for (int i = 0; i < left.size() - trim.atMost(); i++) remove(trim.stream(), left.get(i));
    }

    private void put(StreamName stream, long seq, KeptFailure about, byte[] payload) {
      about(store, stream).put(seq, checked(about.toByteArray()));
      store.<Long, byte[]>openMap(PAYLOAD + stream).put(seq, payload);
      total += about.getBytes();
      var slot = new Slot(about.getBytes(), about.getAtMs());
      edits.add(() -> index.computeIfAbsent(stream, s -> new TreeMap<>()).put(seq, slot));
    }

    void remove(StreamName stream, long seq) {
      if (!store.hasMap(ABOUT + stream)) return;
      var about = about(store, stream, seq);
      var abouts = about(store, stream);
      if (abouts.remove(seq) == null) return;
      total -= about.map(KeptFailure::getBytes).orElse(0L);
      var payloads = store.<Long, byte[]>openMap(PAYLOAD + stream);
      payloads.remove(seq);
      if (abouts.isEmpty()) {
        store.removeMap(abouts);
        store.removeMap(payloads);
      }
      edits.add(
          () ->
              index.computeIfPresent(
                  stream,
                  (s, slots) -> {
                    slots.remove(seq);
                    return slots.isEmpty() ? null : slots;
                  }));
    }
  }

  private FailedElements.Items find(MVStore store, FailedElements.Page page) {
    var items = new ArrayList<Item>();
    for (long seq : numbers(store, page.stream())) {
      if (seq <= page.after()) continue;
      var about = about(store, page.stream(), seq);
      if (about.isEmpty() || !isOf(about.get(), page.stage())) continue;
      if (items.size() >= page.limit()) return new FailedElements.Items(items, true);
      items.add(item(seq, about.get()));
    }
    return new FailedElements.Items(items, false);
  }

  private static boolean isOf(KeptFailure about, Optional<String> stage) {
    return stage.isEmpty() || stage.get().equals(about.getStage());
  }

  private static Item item(long seq, KeptFailure about) {
    return new Item(
        seq,
        new FailureCause(about.getStage(), about.getReason()),
        Instant.ofEpochMilli(about.getAtMs()),
        Instant.ofEpochMilli(about.getCreatedAtMs()),
        about.getMedia(),
        about.getBytes(),
        about.getRetries(),
        about.getFirstSeq(),
        about.hasRetriedAs() ? OptionalLong.of(about.getRetriedAs()) : OptionalLong.empty());
  }

  private Picked find(MVStore store, StreamName stream, Pick pick) {
    var there = numbers(store, stream);
    long upTo = pick.upTo() >= 0 ? pick.upTo() : there.isEmpty() ? -1 : there.last();
    var payloads = new TreeMap<Long, Media>();
    var notKept = new ArrayList<Long>();
    var underWay = new ArrayList<Long>();
    long size = 0;
    long last = pick.after();
    for (long seq : pick.seqs().isEmpty() ? there : new TreeSet<>(pick.seqs())) {
      if (seq <= pick.after() || pick.seqs().isEmpty() && seq > upTo) continue;
      if (payloads.size() >= MOST_PICKED || size >= MOST_PICKED_BYTES)
        return new Picked(payloads, notKept, underWay, upTo, last, true);
      last = seq;
      var about = about(store, stream, seq);
      if (about.isPresent() && !isOf(about.get(), pick.stage())) continue;
      if (about.isPresent() && about.get().hasRetriedAs()) {
        if (!pick.seqs().isEmpty()) underWay.add(seq);
        continue;
      }
      var payload = about.isEmpty() ? Optional.<Media>empty() : media(store, stream, seq);
      if (payload.isEmpty()) {
        notKept.add(seq);
        continue;
      }
      payloads.put(seq, payload.get());
      size += about.get().getBytes();
    }
    return new Picked(payloads, notKept, underWay, upTo, last, false);
  }

  /** What is meant and is not on its way again. */
  private static List<Long> meant(MVStore store, StreamName stream, Pick pick) {
    var meant = new ArrayList<Long>();
    for (long seq : numbers(store, stream)) {
      if (!pick.seqs().isEmpty() && !pick.seqs().contains(seq)) continue;
      if (seq <= pick.after() || pick.upTo() >= 0 && seq > pick.upTo()) continue;
      var about = about(store, stream, seq);
      if (about.isEmpty() || isOf(about.get(), pick.stage()) && !about.get().hasRetriedAs())
        meant.add(seq);
    }
    return meant;
  }

  private static Optional<Media> media(MVStore store, StreamName stream, long seq) {
    var bytes = bytes(store, stream, seq);
    try {
      return bytes.isEmpty() ? Optional.empty() : Optional.of(Media.parseFrom(bytes.get()));
    } catch (InvalidProtocolBufferException e) {
      return Optional.empty();
    }
  }

  private static Optional<ByteString> bytes(MVStore store, StreamName stream, long seq) {
    if (!store.hasMap(PAYLOAD + stream)) return Optional.empty();
    var entry = store.<Long, byte[]>openMap(PAYLOAD + stream).get(seq);
    if (entry == null) return Optional.empty();
    var content = content(entry);
    if (content.isEmpty())
      LOG.warn("{}: the payload of {}#{} is damaged and lost", FILE, stream, seq);
    return content;
  }

  private synchronized void begunAnew() {
    index.clear();
    bytes = 0;
  }

  private void indexAll(MVStore store) {
    var found = new HashMap<StreamName, TreeMap<Long, Slot>>();
    long total = 0;
    for (var name : List.copyOf(store.getMapNames())) {
      if (!name.startsWith(ABOUT) || !StreamName.isName(name.substring(ABOUT.length()))) continue;
      var stream = StreamName.parse(name.substring(ABOUT.length()));
      for (long seq : numbers(store, stream)) {
        var about = about(store, stream, seq);
        long size = about.map(KeptFailure::getBytes).orElse(0L);
        found
            .computeIfAbsent(stream, s -> new TreeMap<>())
            .put(seq, new Slot(size, about.map(KeptFailure::getAtMs).orElse(0L)));
        total += size;
      }
    }
    synchronized (this) {
      index.putAll(found);
      bytes = total;
    }
  }

  /** Of all that are there, in order; a copy, so that some can be removed meanwhile. */
  private static NavigableSet<Long> numbers(MVStore store, StreamName stream) {
    var numbers = new TreeSet<Long>();
    if (store.hasMap(ABOUT + stream))
      about(store, stream).keyIterator(null).forEachRemaining(numbers::add);
    return numbers;
  }

  private static MVMap<Long, byte[]> about(MVStore store, StreamName stream) {
    return store.openMap(ABOUT + stream);
  }

  private static Optional<KeptFailure> about(MVStore store, StreamName stream, long seq) {
    if (!store.hasMap(ABOUT + stream)) return Optional.empty();
    var entry = about(store, stream).get(seq);
    if (entry == null) return Optional.empty();
    try {
      var content = content(entry);
      return content.isEmpty()
          ? Optional.empty()
          : Optional.of(KeptFailure.parseFrom(content.get()));
    } catch (InvalidProtocolBufferException e) {
      return Optional.empty();
    }
  }

  private static byte[] checked(byte[] content) {
    return ByteBuffer.allocate(HEADER + content.length)
        .putInt(checksum(content, 0))
        .put(content)
        .array();
  }

  private static Optional<ByteString> content(byte[] entry) {
    if (entry.length < HEADER || ByteBuffer.wrap(entry).getInt() != checksum(entry, HEADER))
      return Optional.empty();
    return Optional.of(ByteString.copyFrom(entry, HEADER, entry.length - HEADER));
  }

  private static int checksum(byte[] bytes, int from) {
    var crc = new CRC32C();
    crc.update(bytes, from, bytes.length - from);
    return (int) crc.getValue();
  }
}
