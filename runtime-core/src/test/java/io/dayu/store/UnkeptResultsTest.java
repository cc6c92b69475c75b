package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.Media;
import io.dayu.pipeline.StreamName;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnkeptResultsTest {
  private static final StreamName STREAM = new StreamName("crossing", "cam-0");

  @TempDir private Path directory;
  private ResultStore kept;
  private ResultStore store;

  @BeforeEach
  void open() {
    kept = JdbcResultStore.openFile(directory.resolve("results.db"), 2);
    store = new UnkeptResults(kept);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void allOfABatchIsTakenAndNoneOfItIsKept() {
    var batch = Results.range("crossing/cam-0", 0, 5);

    assertThat(store.store(batch)).isEqualTo(batch);
    assertThat(store.keepsResults()).isFalse();
    assertThat(store.page("crossing", Optional.empty(), 10).items()).isEmpty();
    assertThat(store.counts("crossing")).isEmpty();
    assertThat(store.outcomes(STREAM, List.of(1L))).isEmpty();
  }

  @Test
  void numbersGoOnAboveWhatWasTakenAndAboveWhatWasStoredBefore() {
    assertThat(store.highestSeq(STREAM)).isEqualTo(-1);
    kept.store(Results.range("crossing/cam-0", 0, 8));
    assertThat(store.highestSeq(STREAM)).isEqualTo(7);
    store.store(Results.range("crossing/cam-0", 20, 23));
    store.store(Results.range("crossing/cam-0", 10, 12));
    assertThat(store.highestSeq(STREAM)).isEqualTo(22);
    assertThat(store.highestSeq(new StreamName("crossing", "cam-1"))).isEqualTo(-1);
  }

  @Test
  void whatWasStoredBeforeAndKeptFramesCanStillBeRead() {
    kept.store(Results.range("crossing/cam-0", 0, 3));
    store.keepFrame(STREAM, 4, Media.getDefaultInstance());

    assertThat(store.page("crossing", Optional.empty(), 10).items()).hasSize(3);
    assertThat(store.frame(STREAM, 4)).contains(Media.getDefaultInstance());
  }
}
