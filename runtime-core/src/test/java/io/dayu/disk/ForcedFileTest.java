package io.dayu.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForcedFileTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int KEPT = 20;
  private static final int WRITES = 6_000;

  @TempDir Path dir;

  @Test
  void aFileThatHoldsLittleStaysSmallHoweverMuchIsWritten() throws Exception {
    var path = dir.resolve("file");
    try (var file = ForcedFile.<Long>open(path, "", ForcedFileTest::keepTheLast)) {
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
    try (var again = ForcedFile.<Long>open(path, "", ForcedFileTest::keepTheLast)) {
      assertThat(again.read(store -> map(store).keyList()).toCompletableFuture().join())
          .containsExactly(1L, 2L);
    }
  }

  @Test
  void nothingIsWrittenAfterClosingWhichMayBeDoneTwice() throws Exception {
    var path = dir.resolve("file");
    var file = ForcedFile.<Long>open(path, "", ForcedFileTest::keepTheLast);
    file.write(List.of(1L));
    file.close();
    Files.delete(path);
    file.close();
    assertThat(file.write(List.of(2L)).toCompletableFuture()).isCompletedExceptionally();
    assertThat(file.read(ForcedFileTest::map).toCompletableFuture()).isCompletedExceptionally();
    assertThat(dir).isEmptyDirectory();
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
