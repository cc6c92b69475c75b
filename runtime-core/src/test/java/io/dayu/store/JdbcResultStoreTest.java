package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Level;
import io.dayu.link.Logs;
import io.dayu.pipeline.StreamName;
import io.dayu.testkit.LocalPostgres;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JdbcResultStoreTest {
  @Nested
  class InAFile extends ResultStoreContract {
    @TempDir Path dir;

    @Override
    ResultStore create(int framesPerStream) {
      return JdbcResultStore.openFile(dir.resolve("made/results"), framesPerStream);
    }
  }

  @Nested
  class InMemory extends ResultStoreContract {
    @Override
    ResultStore create(int framesPerStream) {
      return JdbcResultStore.openMemory(UUID.randomUUID().toString(), framesPerStream);
    }
  }

  @Test
  void aStoreThatAnotherProcessHasOpenIsNamedByItsFile(@TempDir Path dir) throws Exception {
    var file = dir.resolve("store.mv.db");
    JdbcResultStore.openFile(dir.resolve("store"), 1).close();
    // H2 takes this lock itself; within one process it would share the store.
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE);
        var lock = channel.lock()) {
      assertThat(lock.isValid()).isTrue();
      assertThatThrownBy(() -> JdbcResultStore.openFile(dir.resolve("store"), 1))
          .isInstanceOf(StoreException.class)
          .hasMessageContainingAll("another process has " + file + " open", "dayu.node.data-dir")
          .hasMessageNotContaining("jdbc:");
    }
  }

  /** Only where a server is installed, which ./test sees to. */
  @Nested
  class OnPostgres extends ResultStoreContract {
    private static LocalPostgres postgres;
    private static int databases;

    @BeforeAll
    static void start() {
      assumeTrue(LocalPostgres.installed(), "Debian's package postgresql is not installed");
      postgres = LocalPostgres.start();
    }

    @AfterAll
    static void stop() {
      if (postgres != null) postgres.close();
    }

    @Override
    ResultStore create(int framesPerStream) {
      return open(postgres.create("results" + ++databases), framesPerStream);
    }

    private ResultStore open(String url, int framesPerStream) {
      return JdbcResultStore.open(JdbcResultStore.pool(url, postgres.user(), ""), framesPerStream);
    }

    @Test
    void nodesThatStartTogetherMakeOneSchema() throws Exception {
      var url = postgres.create("results" + ++databases);
      var threads = Executors.newFixedThreadPool(4);
      try {
        var opened =
            threads.invokeAll(Collections.nCopies(4, (Callable<ResultStore>) () -> open(url, 1)));
        for (var store : opened) store.get().close();
      } finally {
        threads.shutdownNow();
      }
    }

    @Test
    void aServerThatIsAwayFailsInTimeAndIsUsedAgainWhenItIsBack() {
      try (var store = open(postgres.create("results" + ++databases), 1)) {
        store.store(Results.range("a/cam", 0, 3));
        postgres.down();
        try {
          assertThatThrownBy(() -> store.store(Results.range("a/cam", 3, 6)))
              .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.retryable()).isTrue())
              .hasMessageContaining("check that the database is reachable");
        } finally {
          postgres.up();
        }
        assertThat(store.store(Results.range("a/cam", 0, 6)))
            .isEqualTo(Results.range("a/cam", 3, 6));
      }
    }
  }

  @TempDir Path dir;

  @Test
  void resultsOutliveTheStore() {
    var file = dir.resolve("results");
    try (var store = JdbcResultStore.openFile(file, 1)) {
      store.store(Results.range("a/cam", 0, 10));
    }
    try (var store = JdbcResultStore.openFile(file, 1)) {
      assertThat(store.store(Results.range("a/cam", 5, 12)))
          .isEqualTo(Results.range("a/cam", 10, 12));
      assertThat(store.page("a", Optional.empty(), 100).items())
          .isEqualTo(Results.range("a/cam", 0, 12));
      assertThat(store.highestSeq(StreamName.parse("a/cam"))).isEqualTo(11);
    }
  }

  @Test
  void whatWasStoredIsInTheFileAtOnce() throws Exception {
    var copy = dir.resolve("copy");
    try (var store = JdbcResultStore.openFile(dir.resolve("results"), 1)) {
      store.store(Results.range("a/cam", 0, 10));
      // The state a killed process would leave behind.
      Files.copy(dir.resolve("results.mv.db"), dir.resolve("copy.mv.db"));
    }
    try (var store = JdbcResultStore.openFile(copy, 1)) {
      assertThat(store.page("a", Optional.empty(), 100).items()).hasSize(10);
    }
  }

  @Test
  void aFileThatIsNotADatabaseIsReportedWithItsName() throws Exception {
    Files.write(dir.resolve("results.mv.db"), new byte[10_000]);

    assertThatThrownBy(() -> JdbcResultStore.openFile(dir.resolve("results"), 1))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("open the result store")
        .hasMessageContaining(dir.resolve("results").toString());
  }

  @Test
  void aFileThatWasThereAndIsEmptyGoneOrCutOffIsRefusedWithWhatToDo() throws Exception {
    var file = dir.resolve("results");
    var data = dir.resolve("results.mv.db");
    try (var store = JdbcResultStore.openFile(file, 1)) {
      store.store(Results.range("a/cam", 0, 2_000));
    }
    var whole = Files.readAllBytes(data);
    // Half of it may hold all that the note knows, which is some seconds old.
    for (var left : List.of(0, 5_000)) {
      var bytes = Arrays.copyOf(whole, left);
      Files.write(data, bytes);
      assertThat(catchThrowable(() -> JdbcResultStore.openFile(file, 1).close()))
          .as("%d of %d bytes", left, whole.length)
          .isInstanceOf(StoreException.class)
          .hasMessageContainingAll(data.toString(), "nothing was changed", "results.mv.db.seen")
          .hasMessageNotContaining("recovery tool");
      assertThat(data).hasBinaryContent(bytes);
    }
    Files.delete(data);
    assertThatThrownBy(() -> JdbcResultStore.openFile(file, 1).close())
        .hasMessageContainingAll("it is gone", "backup");
    Files.delete(dir.resolve("results.mv.db.seen"));
    try (var store = JdbcResultStore.openFile(file, 1)) {
      assertThat(store.page("a", Optional.empty(), 100).items()).isEmpty();
    }
  }

  @Test
  void aFileThatLostItsLastMomentsIsToldAndOneThatLostMoreIsRefused() throws Exception {
    var file = dir.resolve("results");
    var data = dir.resolve("results.mv.db");
    var note = dir.resolve("results.mv.db.seen");
    try (var store = JdbcResultStore.openFile(file, 1)) {
      store.store(Results.range("a/cam", 0, 10));
    }
    var older = Files.readAllBytes(data);
    try (var store = JdbcResultStore.openFile(file, 1)) {
      store.store(Results.range("a/cam", 10, 20));
    }
    JdbcResultStore.openFile(file, 1).close(); // notes the version
    Files.write(data, older);
    try (var logs = Logs.of(EmbeddedFile.class);
        var store = JdbcResultStore.openFile(file, 1)) {
      assertThat(logs.has(Level.WARN, data.toString(), "last moments")).isTrue();
      assertThat(store.page("a", Optional.empty(), 100).items()).hasSize(10);
      store.store(Results.range("a/cam", 10, 20));
    }
    JdbcResultStore.openFile(file, 1).close();
    // The next note knows that the one before is old.
    Files.setLastModifiedTime(note, FileTime.from(Instant.now().minusSeconds(120)));
    try (var store = JdbcResultStore.openFile(file, 1)) {
      store.store(Results.range("a/cam", 20, 30));
    }
    Files.write(data, older);
    assertThatThrownBy(() -> JdbcResultStore.openFile(file, 1).close())
        .hasMessageContainingAll("more than a minute", "delete " + note);
    Files.delete(note);
    try (var store = JdbcResultStore.openFile(file, 1)) {
      assertThat(store.page("a", Optional.empty(), 100).items()).hasSize(10);
    }
  }

  @Test
  void whatAKilledProcessLeavesIsWhole() throws Exception {
    try (var logs = Logs.of(EmbeddedFile.class);
        var store = JdbcResultStore.openFile(dir.resolve("results"), 1)) {
      for (int i = 0; i < 50; i++) store.store(Results.range("a/cam", 10 * i, 10 * i + 10));
      Files.copy(dir.resolve("results.mv.db"), dir.resolve("copy.mv.db"));
      Files.copy(dir.resolve("results.mv.db.seen"), dir.resolve("copy.mv.db.seen"));
      JdbcResultStore.openFile(dir.resolve("copy"), 1).close();
      assertThat(logs.loud()).isEmpty();
    }
  }

  @Test
  void aFailureInTheMiddleOfABatchStoresNothing() {
    var memory = UUID.randomUUID().toString();
    try (var store = JdbcResultStore.openMemory(memory, 1);
        var pool = JdbcResultStore.pool("jdbc:h2:mem:" + memory, "sa", "")) {
      store.store(Results.range("a/cam", 0, 3));
      new Database(pool)
          .transaction(
              "forbid",
              c ->
                  c.createStatement()
                      .execute("ALTER TABLE dayu_results ADD CONSTRAINT only CHECK (seq <> 7)"));

      assertThatThrownBy(() -> store.store(Results.range("a/cam", 3, 10)))
          .isInstanceOfSatisfying(
              StoreException.class, e -> assertThat(e.retryable()).as("retryable").isFalse())
          .hasMessageContaining("store results: the database refuses it");

      assertThat(store.page("a", Optional.empty(), 100).items())
          .isEqualTo(Results.range("a/cam", 0, 3));
      assertThat(store.counts("a").get(StreamName.parse("a/cam")))
          .isEqualTo(new ResultStore.Counts(3, 0));
      assertThat(store.store(List.of(Results.delivered("a/cam", 3)))).hasSize(1);
    }
  }
}
