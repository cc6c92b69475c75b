package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.dayu.pipeline.StreamName;
import io.dayu.testkit.LocalPostgres;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.DriverManager;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
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
      return JdbcResultStore.openFile(dir.resolve("made/results.db"), framesPerStream);
    }
  }

  @Test
  void aStoreThatIsOpenElsewhereIsNamedByItsFile() throws Exception {
    var file = dir.resolve("results.db");
    JdbcResultStore.openFile(file, 1).close();
    try (var channel = FileChannel.open(dir.resolve("results.db.lock"), StandardOpenOption.WRITE);
        var lock = channel.lock()) {
      assertThat(lock.isValid()).isTrue();
      assertThatThrownBy(() -> JdbcResultStore.openFile(file, 1))
          .isInstanceOf(StoreException.class)
          .hasMessageContainingAll("another process has " + file + " open", "dayu.node.data-dir")
          .hasMessageNotContaining("jdbc:");
    }
    JdbcResultStore.openFile(file, 1).close();
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
    var file = dir.resolve("results.db");
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
  void whatAKilledProcessLeavesHoldsAllThatWasStored() throws Exception {
    try (var store = JdbcResultStore.openFile(dir.resolve("results.db"), 1)) {
      for (int i = 0; i < 50; i++) store.store(Results.range("a/cam", 10 * i, 10 * i + 10));
      for (var name : List.of("", "-wal", ".lock"))
        Files.copy(dir.resolve("results.db" + name), dir.resolve("copy.db" + name));
    }
    try (var store = JdbcResultStore.openFile(dir.resolve("copy.db"), 1)) {
      assertThat(store.page("a", Optional.empty(), 1_000).items()).hasSize(500);
    }
  }

  @Test
  void aFileOfAnotherProgramIsRefusedAndStaysAsItIs() throws Exception {
    var file = dir.resolve("results.db");
    try (var theirs = DriverManager.getConnection("jdbc:sqlite:" + file)) {
      theirs.createStatement().execute("CREATE TABLE theirs (n INT)");
    }
    var bytes = Files.readAllBytes(file);
    assertThatThrownBy(() -> JdbcResultStore.openFile(file, 1))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll(file + " belongs to another program", "nothing was changed");
    assertThat(file).hasBinaryContent(bytes);

    Files.write(file, new byte[10_000]);
    assertThatThrownBy(() -> JdbcResultStore.openFile(file, 1))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll("open the store", file.toString(), "not a database");
    assertThat(file).hasBinaryContent(new byte[10_000]);
  }

  @Test
  void aFileThatWasThereAndIsEmptyGoneOrCutOffIsRefusedWithWhatToDo() throws Exception {
    var file = dir.resolve("results.db");
    var lock = dir.resolve("results.db.lock");
    try (var store = JdbcResultStore.openFile(file, 1)) {
      store.store(Results.range("a/cam", 0, 2_000));
    }
    var whole = Files.readAllBytes(file);
    for (var left : List.of(0, 1, 99, 100, 5_000, whole.length / 2, whole.length - 1)) {
      var bytes = Arrays.copyOf(whole, left);
      Files.write(file, bytes);
      assertThat(catchThrowable(() -> JdbcResultStore.openFile(file, 1).close()))
          .as("%d of %d bytes", left, whole.length)
          .isInstanceOf(StoreException.class)
          .hasMessageContainingAll(file.toString(), "nothing was changed", lock.toString());
      assertThat(file).hasBinaryContent(bytes);
    }
    Files.delete(file);
    assertThatThrownBy(() -> JdbcResultStore.openFile(file, 1).close())
        .hasMessageContainingAll("it is gone", "backup");
    Files.write(file, whole);
    try (var store = JdbcResultStore.openFile(file, 1)) {
      assertThat(store.page("a", Optional.empty(), 10_000).items()).hasSize(2_000);
    }
    Files.delete(file);
    Files.delete(lock);
    try (var store = JdbcResultStore.openFile(file, 1)) {
      assertThat(store.page("a", Optional.empty(), 100).items()).isEmpty();
    }
  }

  @Test
  void aFailureInTheMiddleOfABatchStoresNothing() throws Exception {
    var file = dir.resolve("results.db");
    try (var store = JdbcResultStore.openFile(file, 1)) {
      store.store(Results.range("a/cam", 0, 3));
      try (var other = DriverManager.getConnection("jdbc:sqlite:" + file)) {
        other
            .createStatement()
            .execute(
                "CREATE TRIGGER no_seven BEFORE INSERT ON dayu_results WHEN NEW.seq = 7"
                    + " BEGIN SELECT RAISE(ABORT, 'seven'); END");
      }

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
