package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import io.dayu.deliver.FailedStore;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.OutboxStoreTest;
import io.dayu.deliver.Ranges;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.facts.FailedElements;
import io.dayu.facts.FailureCause;
import io.dayu.pipeline.StreamName;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is really full: a file system of 8 MiB. Mounting it needs root. */
class FullDiskTest {
  private static final int BATCH = 20;
  private static final int ROUNDS = 10;
  private static final long PAGE = 4 << 10;
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path dir;
  private final Random random = new Random(1);

  @BeforeEach
  void mount() throws Exception {
    run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", dir.toString());
  }

  @AfterEach
  void unmount() throws Exception {
    run("umount", "--lazy", dir.toString());
  }

  @Test
  void aFullDiskIsReportedLosesNothingAndHealsWhenSpaceIsBack() throws Exception {
    var filler = Files.write(dir.resolve("filler"), new byte[4 << 20]);
    try (var store = JdbcResultStore.openFile(dir.resolve("results.db"), 5)) {
      var stored = new ArrayList<StoredResult>();
      var full = fill(store, stored);

      assertThat(stored).isNotEmpty();
      assertThat(full.retryable()).isTrue();
      assertThat(full).hasMessageContaining("store results").hasMessageContaining("disk is full");

      var refused = batch(stored.size());
      var again = catchThrowableOfType(StoreException.class, () -> store.store(refused));
      assertThat(again).isNotNull();
      assertThat(again.retryable()).isTrue();

      Files.delete(filler);
      assertThat(store.store(refused)).isEqualTo(refused);
      stored.addAll(refused);

      assertThat(store.page("a", Optional.empty(), 10_000).items()).isEqualTo(stored);
      assertThat(store.counts("a").get(StreamName.parse("a/cam")))
          .isEqualTo(new ResultStore.Counts(stored.size(), 0));
      store.keepFrame(StreamName.parse("a/cam"), 0, noise(1000));
      assertThat(store.frame(StreamName.parse("a/cam"), 0)).isPresent();
    }
  }

  @Test
  void pruningOnAFullDiskSaysSoLosesNothingAndGoesOnWhenSpaceIsBack() throws Exception {
    var filler = Files.write(dir.resolve("filler"), new byte[4 << 20]);
    try (var store = JdbcResultStore.openFile(dir.resolve("results.db"), 5)) {
      var stored = new ArrayList<StoredResult>();
      fill(store, stored);
      Files.write(dir.resolve("rest"), new byte[(int) Files.getFileStore(dir).getUsableSpace()]);
      int kept = stored.size() / 2;
      var pruner = store.pruner(new Pruner.Limits(Duration.ofDays(1), kept, 1L << 40));

      for (int round = 0; round < 3; round++) {
        var full =
            catchThrowableOfType(StoreException.class, () -> pruner.work(Instant.EPOCH, Map.of()));
        assertThat(full).hasMessageContaining("the disk is full");
        assertThat(full.retryable()).isTrue();
      }

      Files.delete(filler);
      while (pruner.work(Instant.EPOCH, Map.of()).isPresent()) {
        // There is more to be pruned.
      }
      var pruned = pruner.usage().pipelines().values().iterator().next().pruned();
      assertThat(pruned).isEqualTo(stored.size() - kept);
      assertThat(store.store(stored)).as("pruned or not, it was stored").isEmpty();
    }
  }

  /**
   * The disk is full at every page that SQLite would write next, for one batch after the other:
   * what is there afterwards is what was acknowledged, and nothing of what was refused.
   */
  @Test
  void whereverTheDiskEndsAllOfABatchIsStoredOrNothing() throws Exception {
    var filler = dir.resolve("filler");
    var file = dir.resolve("results.db");
    var stored = new ArrayList<StoredResult>();
    int refusals = 0;
    try (var store = JdbcResultStore.openFile(file, 5)) {
      for (long free = 0; free <= 40 * PAGE; free += PAGE) {
        fill(filler, free);
        var batch = batch(stored.size());
        try {
          store.store(batch);
        } catch (StoreException e) {
          refusals++;
          assertThat(e.retryable()).as(e.getMessage()).isTrue();
          assertThat(e).hasMessageContaining("disk is full");
          assertThat(store.page("a", Optional.empty(), 10_000).items()).isEqualTo(stored);
          Files.delete(filler);
          assertThat(store.store(batch)).as("%d bytes were free", free).isEqualTo(batch);
        }
        stored.addAll(batch);
        Files.deleteIfExists(filler);
      }
      assertThat(refusals).isGreaterThan(5);
    }
    try (var store = JdbcResultStore.openFile(file, 5)) {
      assertThat(store.page("a", Optional.empty(), 10_000).items()).isEqualTo(stored);
    }
  }

  @Test
  void whatIsStoredByManyAtOnceWhileTheDiskFillsUpIsThereAfterwards() throws Exception {
    run("mount", "-o", "remount,size=128m", dir.toString());
    var filler = dir.resolve("filler");
    var file = dir.resolve("results.db");
    var stored = new ConcurrentHashMap<String, Set<Long>>();
    var failures = new AtomicInteger();
    var stop = new AtomicBoolean();
    try (var store = JdbcResultStore.openFile(file, 5)) {
      var writers =
          IntStream.range(0, 4)
              .mapToObj(
                  i ->
                      CompletableFuture.runAsync(
                          () -> write(store, "p" + i, stored, failures, stop)))
              .toList();
      for (int round = 0; round < ROUNDS; round++) {
        int before = count(stored);
        Awaitility.await().atMost(SOON).until(() -> count(stored) > before + 200);
        fill(filler, 0);
        int refused = failures.get();
        Awaitility.await().atMost(SOON).until(() -> failures.get() > refused + 3);
        Files.delete(filler);
      }
      stop.set(true);
      writers.forEach(CompletableFuture::join);
    }
    try (var store = JdbcResultStore.openFile(file, 5)) {
      stored.forEach(
          (pipeline, seqs) ->
              assertThat(
                      store.page(pipeline, Optional.empty(), 100_000).items().stream()
                          .map(result -> result.element().getSeq()))
                  .containsExactlyElementsOf(seqs.stream().sorted().toList()));
    }
  }

  @Test
  void aDiskThatIsFullAtTheStartIsToldAndTheNextStartWorks() throws Exception {
    var filler = dir.resolve("filler");
    var file = dir.resolve("results.db");
    for (int free = 0; free <= 10; free += 5) {
      fill(filler, free * PAGE);
      assertThatThrownBy(() -> JdbcResultStore.openFile(file, 5).close())
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("disk is full");
    }
    Files.delete(filler);
    try (var store = JdbcResultStore.openFile(file, 5)) {
      assertThat(store.store(batch(0))).hasSize(BATCH);
    }
  }

  /** Leaves this much free. */
  private static void fill(Path filler, long free) throws IOException {
    try (var file = Files.newOutputStream(filler)) {
      while (true) file.write(new byte[(int) PAGE]);
    } catch (IOException full) {
      // That is what it is for.
    }
    try (var file = FileChannel.open(filler, StandardOpenOption.WRITE)) {
      file.truncate(file.size() / PAGE * PAGE - free);
    }
  }

  private static int count(Map<String, Set<Long>> stored) {
    return stored.values().stream().mapToInt(Set::size).sum();
  }

  private void write(
      ResultStore store,
      String pipeline,
      Map<String, Set<Long>> stored,
      AtomicInteger failures,
      AtomicBoolean stop) {
    var mine = stored.computeIfAbsent(pipeline, p -> ConcurrentHashMap.newKeySet());
    for (long seq = 0; !stop.get(); seq++) {
      var result = new StoredResult(Results.element(pipeline + "/cam", seq).build(), false);
      try {
        store.store(List.of(result));
        mine.add(seq);
        if (seq % 8 == 0)
          store.keepFrame(new StreamName(pipeline, "cam"), seq, noise((int) (seq % 16) << 13));
      } catch (StoreException e) {
        assertThat(e.retryable()).isTrue();
        assertThat(e).hasMessageContaining("disk is full");
        failures.incrementAndGet();
        if (!mine.contains(seq)) seq--;
      }
    }
  }

  @Test
  void anOutboxOnAFullDiskLosesNothingAndHealsWhenSpaceIsBack() throws Exception {
    var filler = Files.write(dir.resolve("filler"), new byte[4 << 20]);
    var kept = new Ranges();
    try (var store = OutboxStore.open(dir, OutboxStoreTest.settings(""))) {
      long seq = 0;
      while (put(store, seq)) kept.add(seq++);
      assertThat(kept.size()).isBetween(100L, 3_000L);
      assertThat(store.isFull()).as("the quota is far away").isFalse();
      assertThat(put(store, seq)).as("still full").isFalse();
      // What is there can be read, and handed over, meanwhile.
      assertThat(
              store
                  .read(OutboxStore.Kind.RESULT, StreamName.parse("a/cam"), 0, 10, 1 << 20)
                  .toCompletableFuture()
                  .join())
          .hasSize(10);
      Files.delete(filler);
      assertThat(put(store, seq)).isTrue();
      kept.add(seq);
    }
    try (var store = OutboxStore.open(dir, OutboxStoreTest.settings(""))) {
      assertThat(store.content(StreamName.parse("a/cam")).toCompletableFuture().join().results())
          .isEqualTo(kept);
    }
  }

  @Test
  void whatFailedOnAFullDiskIsNotKeptAndLaterFailuresAreWhenSpaceIsBack() throws Exception {
    var filler = Files.write(dir.resolve("filler"), new byte[4 << 20]);
    var stream = StreamName.parse("a/cam");
    var page = new FailedElements.Page(stream, Optional.empty(), -1, 10_000);
    long kept = 0;
    try (var store = FailedStore.open(dir, 1L << 30)) {
      while (keep(store, kept)) kept++;
      assertThat(kept).isBetween(100L, 3_000L);
      assertThat(keep(store, kept)).as("still full").isFalse();
      assertThat(store.usage(stream).kept()).isEqualTo(kept);
      assertThat(store.page(page).toCompletableFuture().join().items())
          .as("what is there can be looked at")
          .hasSize((int) kept);
      Files.delete(filler);
      assertThat(keep(store, kept)).isTrue();
    }
    try (var store = FailedStore.open(dir, 1L << 30)) {
      assertThat(store.page(page).toCompletableFuture().join().items()).hasSize((int) kept + 1);
    }
  }

  private boolean keep(FailedStore store, long seq) {
    var element = Results.element("a/cam", seq).setPayload(noise(2000)).build();
    var change =
        new FailedStore.Keep(
            StreamName.parse("a/cam"), element, FailureCause.UNKNOWN, Instant.EPOCH, 10_000);
    return !store
        .write(List.of(change))
        .handle((done, error) -> error != null)
        .toCompletableFuture()
        .join();
  }

  private boolean put(OutboxStore store, long seq) {
    var element =
        Results.element("a/cam", seq).addOutputs(Outputs.of("noise", noise(2000))).build();
    return !store
        .put(OutboxStore.Kind.RESULT, List.of(element))
        .handle((done, error) -> error != null)
        .toCompletableFuture()
        .join();
  }

  private StoreException fill(ResultStore store, List<StoredResult> stored) {
    for (var i = 0; i < 1000; i++) {
      var batch = batch(stored.size());
      try {
        store.store(batch);
      } catch (StoreException e) {
        return e;
      }
      stored.addAll(batch);
    }
    throw new AssertionError("8 MiB were never full");
  }

  private List<StoredResult> batch(long from) {
    var batch = new ArrayList<StoredResult>();
    for (var seq = from; seq < from + BATCH; seq++)
      batch.add(
          new StoredResult(
              Results.element("a/cam", seq).addOutputs(Outputs.of("noise", noise(2000))).build(),
              false));
    return batch;
  }

  private Media noise(int length) {
    var bytes = new byte[length];
    random.nextBytes(bytes);
    return Media.newBuilder().setOpaque(ByteString.copyFrom(bytes)).build();
  }

  private static void run(String... command) throws IOException, InterruptedException {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0)
      throw new AssertionError(
          "this test needs root to make a small file system; %s said: %s"
              .formatted(String.join(" ", command), output));
  }
}
