package io.dayu.flow;

import io.dayu.disk.WholeFile;
import io.dayu.facts.Decision;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.Facts;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import io.dayu.facts.wire.KnownFacts;
import io.dayu.pipeline.StreamName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this node has heard of pipelines, decisions and its peers' data ports, kept in {@code
 * <data-dir>/known.pb} so that a node that is started without the cloud runs what it ran before.
 * The file is replaced as a whole; one that is damaged is reported, put aside and forgotten. Safe
 * for any thread.
 */
public final class LastKnown implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LastKnown.class);
  private static final String FILE = "known.pb";
  private static final int HEADER = Integer.BYTES; // CRC-32C of the rest

  /** Changes that follow each other are written together, but for those of pipelines. */
  private static final Duration WRITE_EVERY = Duration.ofSeconds(1);

  private static final Resources UNKNOWN =
      new Resources(0, 0, 0, 0, 0, 0, 0, 0, OptionalDouble.empty());

  private final Path file;
  private final Executor blocking;
  private final Supplier<CompletableFuture<Void>> soon;
  private volatile Consumer<View> learnt = view -> {};
  private final Object writing = new Object(); // held while writing; locked before this
  private View written; // guarded by writing
  // Guarded by this.
  private View known;
  private Optional<CompletableFuture<Void>> due = Optional.empty(); // while a write is to come
  private boolean closed;

  private LastKnown(
      Path file, View known, Executor blocking, Supplier<CompletableFuture<Void>> soon) {
    this.file = file;
    this.known = known;
    this.written = known;
    this.blocking = blocking;
    this.soon = soon;
  }

  /** Reads the file; blocks. {@code blocking} is where it is written. */
  public static LastKnown open(Path dataDir, Executor blocking) {
    return open(
        dataDir,
        blocking,
        () ->
            new CompletableFuture<Void>()
                .completeOnTimeout(null, WRITE_EVERY.toMillis(), TimeUnit.MILLISECONDS));
  }

  /**
   * Begins without what was known, since the node may not survive it; the file is kept as {@code
   * known.pb.aside}. To be called before {@link #open}; blocks.
   *
   * @param why for people
   */
  public static void putAside(Path dataDir, String why) {
    var file = dataDir.resolve(FILE);
    if (!Files.exists(file)) {
      LOG.warn("{}; it has kept no pipelines", why);
      return;
    }
    var aside = file.resolveSibling(FILE + ".aside");
    LOG.warn(
        "{}; it begins without the pipelines that it kept ({}) and waits for the cloud to say what is to run. Delete or change the pipeline that it cannot bear, or give it a larger heap. What waits in its outbox stays",
        why,
        aside.getFileName());
    move(file, aside);
  }

  /**
   * @param soon completes when what was learnt is to be written
   */
  static LastKnown open(Path dataDir, Executor blocking, Supplier<CompletableFuture<Void>> soon) {
    var file = dataDir.resolve(FILE);
    return new LastKnown(file, read(file), blocking, soon);
  }

  /** The view as it is known; after the start that of the last run. */
  public synchronized View view() {
    return known;
  }

  /**
   * Remembers what is new in {@code view}; after {@link #close} only until the process ends. Which
   * pipelines there are is written at once: a node that is killed when people have just seen a
   * pause come true must not forget it.
   *
   * @return the view, completed by what was known before. As long as a view names no cloud node, it
   *     comes from a node that has just begun to listen or is cut off, so facts that it does not
   *     name may still hold
   */
  public View learn(View view) {
    var whole = remember(view);
    learnt.accept(whole);
    return whole;
  }

  /**
   * Has everything that is learnt told to {@code listener} too, what is known now first. To be
   * called before {@link #learn}; the listener must not block.
   */
  void tell(Consumer<View> listener) {
    learnt = listener;
    listener.accept(view());
  }

  private View remember(View view) {
    View whole;
    CompletableFuture<Void> time;
    synchronized (this) {
      whole = merge(known, view);
      var kept = worthKeeping(whole);
      if (kept.equals(known)) return whole;
      boolean atOnce =
          !kept.pipelines().equals(known.pipelines()) || !kept.services().equals(known.services());
      known = kept;
      if (closed || !atOnce && due.isPresent()) return whole;
      time = atOnce ? CompletableFuture.completedFuture(null) : soon.get();
      if (!atOnce) due = Optional.of(time);
    }
    // Not while the lock is held, because whoever writes takes it after another one.
    var unused =
        time.thenRunAsync(() -> writeDue(time), blocking)
            .whenComplete((done, error) -> notWritten(error));
    return whole;
  }

  /**
   * Writes what is not written yet, after whoever is writing; blocks. When it returns nothing is
   * written any more.
   */
  @Override
  public void close() {
    synchronized (writing) {
      View last;
      synchronized (this) {
        if (closed) return;
        closed = true;
        due.ifPresent(time -> time.cancel(false));
        last = known;
      }
      write(last);
    }
  }

  private static View merge(View known, View heard) {
    var nodes = new TreeMap<String, View.Seen>();
    if (heard.nodes().values().stream().noneMatch(n -> n.report().role() == Role.CLOUD))
      nodes.putAll(known.nodes());
    nodes.putAll(heard.nodes());
    var pipelines = new TreeMap<String, DesiredPipeline>(known.pipelines());
    heard
        .pipelines()
        .forEach((name, p) -> pipelines.merge(name, p, (a, b) -> a.isNewerThan(b) ? a : b));
    heard
        .dropped()
        .forEach(
            (name, v) -> pipelines.computeIfPresent(name, (n, p) -> p.version() <= v ? null : p));
    var decisions = new TreeMap<StreamName, Decision>(known.decisions());
    decisions.keySet().removeIf(stream -> !pipelines.containsKey(stream.pipeline()));
    heard
        .decisions()
        .forEach((s, d) -> decisions.merge(s, d, (a, b) -> b.version() >= a.version() ? b : a));
    var services = new TreeMap<String, DeclaredService>(known.services());
    heard.services().forEach((name, s) -> services.merge(name, s, DeclaredService::later));
    return new View(nodes, decisions, pipelines, heard.dropped(), services);
  }

  private static View worthKeeping(View view) {
    var nodes = new TreeMap<String, View.Seen>();
    view.nodes()
        .forEach(
            (name, seen) -> nodes.put(name, new View.Seen(address(seen.report()), Instant.EPOCH)));
    var decisions = new TreeMap<>(view.decisions());
    decisions.keySet().removeIf(stream -> !view.pipelines().containsKey(stream.pipeline()));
    // Facts of dropped pipelines are not kept: these pipelines are not in the file any more.
    return new View(nodes, decisions, view.pipelines(), new TreeMap<>(), view.services());
  }

  private static NodeReport address(NodeReport report) {
    return NodeReport.idle(report.self(), NodeReport.Edition.NONE, UNKNOWN);
  }

  private void writeDue(CompletableFuture<Void> time) {
    synchronized (writing) {
      View now;
      synchronized (this) {
        if (closed) return;
        if (due.equals(Optional.of(time))) due = Optional.empty();
        now = known;
      }
      write(now);
    }
  }

  private synchronized void notWritten(@Nullable Throwable error) {
    // Closing cancels what is due and writes it itself.
    if (error != null && !closed) LOG.warn("{} is not written", file, error);
  }

  private void write(View now) {
    if (now.equals(written)) return;
    try {
      WholeFile.replace(file, checked(Facts.write(now).toByteArray()));
      written = now;
    } catch (IOException e) {
      LOG.warn(
          "{} cannot be written ({}); if this node is started without the cloud, it runs what it ran earlier",
          file,
          e.toString());
    }
  }

  private static byte[] checked(byte[] content) {
    return ByteBuffer.allocate(HEADER + content.length)
        .putInt(checksum(content))
        .put(content)
        .array();
  }

  private static View read(Path file) {
    try {
      var bytes = ByteBuffer.wrap(Files.readAllBytes(file));
      if (bytes.remaining() < HEADER) throw new IOException("it is cut off");
      int expected = bytes.getInt();
      var content = new byte[bytes.remaining()];
      bytes.get(content);
      if (checksum(content) != expected) throw new IOException("its checksum is wrong");
      return Facts.read(KnownFacts.parseFrom(content));
    } catch (NoSuchFileException e) {
      return View.EMPTY;
    } catch (IOException | IllegalArgumentException e) {
      return putAside(file, e);
    }
  }

  private static View putAside(Path file, Exception cause) {
    var aside = file.resolveSibling(FILE + ".damaged");
    LOG.warn(
        "{} cannot be used ({}); it is kept as {}, and this node waits for the cloud to say what is to run",
        file,
        cause.getMessage(),
        aside.getFileName());
    move(file, aside);
    return View.EMPTY;
  }

  private static void move(Path file, Path aside) {
    try {
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.warn("{} cannot be moved: {}", file, e.toString());
    }
  }

  private static int checksum(byte[] content) {
    var crc = new CRC32C();
    crc.update(content);
    return (int) crc.getValue();
  }
}
