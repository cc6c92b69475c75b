package io.dayu.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForcedFileTest {
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
