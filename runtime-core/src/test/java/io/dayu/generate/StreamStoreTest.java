package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import io.dayu.deliver.Ranges;
import io.dayu.disk.ForcedFile;
import io.dayu.link.Logs;
import io.dayu.pipeline.StreamName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StreamStoreTest {
  private static final Progress SOME =
      new Progress("file:a.csv", 40_000, 17, 22, 25, 20, 2, 1, 19, Ranges.of(21, 22));

  @TempDir Path dir;

  @Test
  void whatWasKeptIsThereAfterTheNextStartUntilItIsForgotten() {
    try (var store = StreamStore.open(dir)) {
      assertThat(recall(store, StreamName.parse("p/a"))).isEmpty();
      store.of(StreamName.parse("p/a")).keep(SOME, List.of());
      store.of(StreamName.parse("p/b")).keep(SOME.withNextSeq(70), List.of());
    }
    try (var store = StreamStore.open(dir)) {
      assertThat(recall(store, StreamName.parse("p/a"))).contains(SOME);
      store.of(StreamName.parse("p/a")).forget();
      assertThat(recall(store, StreamName.parse("p/a"))).isEmpty();
    }
    try (var store = StreamStore.open(dir)) {
      assertThat(recall(store, StreamName.parse("p/a"))).isEmpty();
      assertThat(recall(store, StreamName.parse("p/b"))).contains(SOME.withNextSeq(70));
    }
  }

  @Test
  void whatWasCutIsThereUntilTheStreamIsForgotten() {
    var cut = new SourceSpan(22, 17, 18, 1_000);
    var later = new SourceSpan(25, 19, 20, 2_000);
    try (var store = StreamStore.open(dir)) {
      join(store.of(StreamName.parse("p/a")).keep(SOME, List.of(cut)));
      store.of(StreamName.parse("p/a")).note(List.of(later));
      store.of(StreamName.parse("p/b")).note(List.of(later));
    }
    try (var store = StreamStore.open(dir)) {
      var recalled = store.of(StreamName.parse("p/a")).recall().toCompletableFuture().join();
      assertThat(recalled.spans().values()).containsExactly(cut, later);
      join(store.of(StreamName.parse("p/a")).forget());
      recalled = store.of(StreamName.parse("p/a")).recall().toCompletableFuture().join();
      assertThat(recalled.spans()).isEmpty();
      assertThat(store.of(StreamName.parse("p/b")).recall().toCompletableFuture().join().spans())
          .hasSize(1);
    }
  }

  /** A copy of the file is what a crash leaves. */
  @Test
  void whatIsConfirmedIsInTheFile() throws IOException {
    var copy = Files.createDirectory(dir.resolve("copy"));
    try (var store = StreamStore.open(dir)) {
      for (int i = 1; i <= 20; i++) {
        join(store.of(StreamName.parse("p/a")).keep(SOME.withNextSeq(40 + i), List.of()));
        Files.write(copy.resolve("streams.mv"), Files.readAllBytes(dir.resolve("streams.mv")));
        try (var crashed = StreamStore.open(copy)) {
          assertThat(recall(crashed, StreamName.parse("p/a"))).contains(SOME.withNextSeq(40 + i));
        }
      }
    }
  }

  @Test
  void aTornEndCostsNoMoreThanTheLastChanges() throws IOException {
    try (var store = StreamStore.open(dir)) {
      join(store.of(StreamName.parse("p/a")).keep(SOME, List.of()));
    }
    var file = dir.resolve("streams.mv");
    Files.write(file, new byte[1_000], StandardOpenOption.APPEND);
    try (var store = StreamStore.open(dir)) {
      assertThat(recall(store, StreamName.parse("p/a"))).contains(SOME);
    }
  }

  @Test
  void aFileThatCannotBeUsedIsReportedAndPutAside() throws IOException {
    Files.writeString(dir.resolve("streams.mv"), "no store at all".repeat(1_000));
    try (var logs = Logs.of(ForcedFile.class);
        var store = StreamStore.open(dir)) {
      assertThat(recall(store, StreamName.parse("p/a"))).isEmpty();
      join(store.of(StreamName.parse("p/a")).keep(SOME, List.of()));
      assertThat(logs.has(Level.WARN, "streams.mv", "streams.mv.damaged")).isTrue();
    }
    assertThat(dir.resolve("streams.mv.damaged")).exists();
    try (var store = StreamStore.open(dir)) {
      assertThat(recall(store, StreamName.parse("p/a"))).contains(SOME);
    }
  }

  @Test
  void aSecondNodeInTheSameDirectoryIsRefused() {
    try (var store = StreamStore.open(dir)) {
      assertThat(recall(store, StreamName.parse("p/a"))).isEmpty();
      assertThatThrownBy(() -> StreamStore.open(dir))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("another node");
    }
  }

  @Test
  void theFileStaysSmall() throws IOException {
    try (var store = StreamStore.open(dir)) {
      for (int i = 0; i < 1_000; i++) {
        var saves = new ArrayList<CompletableFuture<?>>();
        for (int s = 0; s < 10; s++)
          saves.add(
              store
                  .of(new StreamName("p", "" + s))
                  .keep(SOME.withNextSeq(40 + i), List.of())
                  .toCompletableFuture());
        saves.forEach(CompletableFuture::join);
      }
      assertThat(Files.size(dir.resolve("streams.mv"))).isLessThan(1 << 20);
    }
  }

  @Test
  void whatComesAfterTheEndFails() {
    var store = StreamStore.open(dir);
    store.close();
    assertThat(store.of(StreamName.parse("p/a")).keep(SOME, List.of()).toCompletableFuture())
        .isCompletedExceptionally();
  }

  @Test
  void nothingIsWrittenAfterTheEndWhoeverStillHoldsAStream() throws IOException {
    var store = StreamStore.open(dir);
    var before = store.of(StreamName.parse("p/a"));
    join(before.keep(SOME, List.of()));
    store.close();
    Files.delete(dir.resolve("cuts").resolve("p%2Fa.cuts-0"));
    Files.delete(dir.resolve("cuts").resolve("p%2Fa.cuts-1"));
    for (var memory :
        List.of(before, store.of(StreamName.parse("p/a")), store.of(StreamName.parse("p/b")))) {
      memory.note(List.of(new SourceSpan(22, 17, 18, 1_000)));
      assertThat(memory.keep(SOME, List.of()).toCompletableFuture()).isCompletedExceptionally();
      assertThat(memory.forget().toCompletableFuture()).isCompletedExceptionally();
      assertThat(memory.recall().toCompletableFuture()).isCompletedExceptionally();
    }
    assertThat(dir.resolve("cuts")).isEmptyDirectory();
  }

  @Test
  void aStreamThatCannotBeForgottenIsTold() {
    var store = StreamStore.open(dir);
    store.close();
    try (var logs = Logs.of(StreamStore.class)) {
      assertThat(store.of(StreamName.parse("p/a")).forget().toCompletableFuture())
          .isCompletedExceptionally();
      assertThat(logs.has(Level.WARN, "p/a", "cannot be removed")).isTrue();
    }
  }

  private static Optional<Progress> recall(StreamStore store, StreamName stream) {
    return store.of(stream).recall().toCompletableFuture().join().progress();
  }

  private static void join(java.util.concurrent.CompletionStage<?> stage) {
    stage.toCompletableFuture().join();
  }
}
