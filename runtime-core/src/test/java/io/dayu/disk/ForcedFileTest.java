package io.dayu.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.dayu.disk.ForcedFile.Older;
import io.dayu.link.Logs;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForcedFileTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int KEPT = 20;
  private static final int WRITES = 6_000;

  @TempDir Path dir;

  @Test
  void aFileThatHoldsLittleStaysSmallHoweverMuchIsWritten() throws Exception {
    var path = dir.resolve("file");
    try (var file = ForcedFile.<Long>open(path, "", Older.USED, ForcedFileTest::keepTheLast)) {
      for (long i = 0; i < WRITES; i++) file.write(List.of(i)).toCompletableFuture().join();
      assertThat(Files.size(path)).isLessThan(1 << 20);
      assertThat(file.read(store -> map(store).size()).toCompletableFuture().join())
          .isEqualTo(KEPT);
    }
  }

  @Test
  void closingWaitsForWhatIsBeingWrittenAndWritesTheRest() throws Exception {
    var path = dir.resolve("file");
    var writing = new CountDownLatch(1);
    var slow = new CountDownLatch(1);
    var file =
        ForcedFile.<Long>open(
            path,
            "",
            Older.USED,
            (store, numbers) -> {
              writing.countDown();
              awaited(slow);
              return keepTheLast(store, numbers);
            });
    var first = file.write(List.of(1L)).toCompletableFuture();
    writing.await();
    var second = file.write(List.of(2L)).toCompletableFuture();
    var closing = new Thread(file::close, "closing");
    closing.start();
    await().atMost(SOON).until(() -> closing.getState() == Thread.State.TIMED_WAITING);
    assertThat(first).isNotDone();
    slow.countDown();
    closing.join();
    assertThat(first).isCompleted();
    assertThat(second).isCompleted();
    try (var again = ForcedFile.<Long>open(path, "", Older.USED, ForcedFileTest::keepTheLast)) {
      assertThat(again.read(store -> map(store).keyList()).toCompletableFuture().join())
          .containsExactly(1L, 2L);
    }
  }

  @Test
  void nothingIsWrittenAfterClosingWhichMayBeDoneTwice() throws Exception {
    var path = dir.resolve("file");
    var file = ForcedFile.<Long>open(path, "", Older.USED, ForcedFileTest::keepTheLast);
    file.write(List.of(1L));
    file.close();
    Files.delete(path);
    Files.delete(Witness.note(path));
    file.close();
    assertThat(file.write(List.of(2L)).toCompletableFuture()).isCompletedExceptionally();
    assertThat(file.read(ForcedFileTest::map).toCompletableFuture()).isCompletedExceptionally();
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void aFileThatIsEmptyOrGoneAfterItWasThereIsToldAndBegunAnew() throws Exception {
    var path = dir.resolve("file");
    write(path, 1);
    Files.write(path, new byte[0]);
    try (var logs = Logs.of(ForcedFile.class)) {
      assertThat(numbers(path, Older.USED)).isEmpty();
      assertThat(logs.has(Level.WARN, path.toString(), "it is empty", "file.damaged")).isTrue();
    }
    write(path, 2);
    Files.delete(path);
    try (var logs = Logs.of(ForcedFile.class)) {
      assertThat(numbers(path, Older.USED)).isEmpty();
      assertThat(logs.has(Level.WARN, path.toString(), "it is gone")).isTrue();
    }
    try (var logs = Logs.of(ForcedFile.class)) {
      assertThat(numbers(path, Older.USED)).as("told once").isEmpty();
      assertThat(logs.loud()).isEmpty();
    }
  }

  @Test
  void aFileThatHasLostItsLastWritesIsToldAndUsedOrPutAsideByRule() throws Exception {
    var path = dir.resolve("file");
    write(path, 1);
    var older = Files.readAllBytes(path);
    write(path, 2);
    Files.write(path, older);
    try (var logs = Logs.of(ForcedFile.class)) {
      assertThat(numbers(path, Older.USED)).containsExactly(1L);
      assertThat(logs.has(Level.WARN, path.toString(), "what was written last is missing"))
          .isTrue();
    }
    write(path, 3);
    write(path, 4);
    Files.write(path, older);
    try (var logs = Logs.of(ForcedFile.class)) {
      assertThat(numbers(path, Older.PUT_ASIDE)).isEmpty();
      assertThat(logs.has(Level.WARN, path.toString(), "file.damaged")).isTrue();
      assertThat(dir.resolve("file.damaged")).hasBinaryContent(older);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 50, 90})
  void aFileThatIsCutOffIsNeverUsedWithoutAWord(int percent) throws Exception {
    var path = dir.resolve("file");
    try (var file = ForcedFile.<Long>open(path, "", Older.PUT_ASIDE, ForcedFileTest::keepTheLast)) {
      for (long i = 0; i < 100; i++) file.write(List.of(i)).toCompletableFuture().join();
    }
    write(path, 100); // notes the version
    try (var channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() * percent / 100);
    }
    try (var logs = Logs.of(ForcedFile.class)) {
      var left = numbers(path, Older.PUT_ASIDE);
      assertThat(left.size() == KEPT || logs.has(Level.WARN, path.toString(), "file.damaged"))
          .as("%s", left)
          .isTrue();
    }
  }

  @Test
  void aFileThatEndedWellOrWithItsProcessIsWhole() throws Exception {
    var path = dir.resolve("file");
    var copy = dir.resolve("copy");
    try (var logs = Logs.of(ForcedFile.class)) {
      try (var file =
          ForcedFile.<Long>open(path, "", Older.PUT_ASIDE, ForcedFileTest::keepTheLast)) {
        for (long i = 0; i < 300; i++) file.write(List.of(i)).toCompletableFuture().join();
        // As a killed process leaves it.
        Files.copy(path, copy);
        Files.copy(Witness.note(path), Witness.note(copy));
      }
      assertThat(numbers(copy, Older.PUT_ASIDE)).hasSize(KEPT);
      assertThat(numbers(path, Older.PUT_ASIDE)).hasSize(KEPT);
      assertThat(logs.loud()).isEmpty();
    }
  }

  private static void write(Path path, long number) {
    try (var file = ForcedFile.<Long>open(path, "", Older.USED, ForcedFileTest::keepTheLast)) {
      file.write(List.of(number)).toCompletableFuture().join();
    }
  }

  private static List<Long> numbers(Path path, Older older) {
    try (var file = ForcedFile.<Long>open(path, "", older, ForcedFileTest::keepTheLast)) {
      return file.read(store -> map(store).keyList()).toCompletableFuture().join();
    }
  }

  private static void awaited(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Runnable keepTheLast(MVStore store, List<Long> numbers) {
    for (var number : numbers) {
      map(store).put(number, new byte[1000]);
      map(store).remove(number - KEPT);
    }
    return () -> {};
  }

  private static MVMap<Long, byte[]> map(MVStore store) {
    return store.openMap("numbers");
  }
}
