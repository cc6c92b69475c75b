package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.dayu.element.Ending;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Outputs;
import io.dayu.pipeline.StreamName;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link ResultStore} promises. */
abstract class ResultStoreContract {
  private static final String STREAM = "crossing/cam-0"; // as elements carry it
  private static final StreamName NAME = StreamName.parse(STREAM);
  private static final int FRAMES = 3;

  private ResultStore store;

  /** An empty store that keeps {@code framesPerStream} frames. */
  abstract ResultStore create(int framesPerStream) throws Exception;

  @BeforeEach
  final void open() throws Exception {
    store = create(FRAMES);
  }

  @AfterEach
  final void close() {
    store.close();
  }

  @Test
  void aNewResultIsReturnedAndRead() {
    var result = new StoredResult(Results.element(STREAM, 7).build(), true);

    assertThat(store.store(List.of(result))).containsExactly(result);

    var page = store.page("crossing", Optional.empty(), 10);
    assertThat(page.items()).containsExactly(result);
    assertThat(page.next()).isEmpty();
  }

  @Test
  void aResultStoredBeforeIsNotNew() {
    store.store(Results.range(STREAM, 0, 5));

    assertThat(store.store(Results.range(STREAM, 3, 8))).isEqualTo(Results.range(STREAM, 5, 8));
    assertThat(store.store(Results.range(STREAM, 0, 8))).isEmpty();
    assertThat(items("crossing")).isEqualTo(Results.range(STREAM, 0, 8));
  }

  @Test
  void ofTwoResultsWithOneKeyInABatchTheFirstIsStored() {
    var first = Results.delivered(STREAM, 1);

    assertThat(store.store(List.of(first, Results.failed(STREAM, 1)))).containsExactly(first);
    assertThat(items("crossing")).containsExactly(first);
  }

  @Test
  void lateResultsFillTheGapsBelowTheHighestSeq() {
    store.store(List.of(Results.delivered(STREAM, 2), Results.delivered(STREAM, 100_000)));

    var late = List.of(Results.delivered(STREAM, 99_999), Results.delivered(STREAM, 1));
    var batch = new ArrayList<>(late);
    batch.add(1, Results.delivered(STREAM, 2));

    assertThat(store.store(batch)).isEqualTo(late);
    assertThat(store.highestSeq(NAME)).isEqualTo(100_000);
  }

  @Test
  void ofManyInABatchEachIsStoredAsItIs() {
    var batch = new ArrayList<StoredResult>();
    for (int seq = 0; seq < 300; seq++) {
      var result = seq % 3 == 0 ? Results.failed(STREAM, seq) : Results.delivered(STREAM, seq);
      batch.add(new StoredResult(result.element(), seq % 2 == 0));
    }
    store.store(Results.range(STREAM, 100, 101)); // this one is not new

    assertThat(store.store(batch)).hasSize(299).doesNotContain(batch.get(100));

    var read = new ArrayList<>(batch);
    read.add(0, Results.delivered(STREAM, 100));
    read.remove(101);
    assertThat(store.page("crossing", Optional.empty(), 1_000).items()).isEqualTo(read);
    assertThat(store.outcomes(NAME, List.of(99L, 100L, 101L)))
        .isEqualTo(Map.of(99L, false, 100L, true, 101L, true));
    assertThat(store.counts("crossing")).isEqualTo(Map.of(NAME, new ResultStore.Counts(200, 100)));
  }

  @Test
  void anEmptyBatchIsFine() {
    assertThat(store.store(List.of())).isEmpty();
  }

  @Test
  void aBatchMayHoldSeveralStreamsAndPipelines() {
    var batch =
        List.of(
            Results.delivered("b/one", 0),
            Results.delivered("a/one", 0),
            Results.delivered("a/two", 0),
            Results.delivered("b/one", 1));

    assertThat(store.store(batch)).containsExactlyInAnyOrderElementsOf(batch);
    assertThat(items("a")).containsExactly(batch.get(1), batch.get(2));
    assertThat(items("b")).containsExactly(batch.get(0), batch.get(3));
  }

  @Test
  void thePayloadIsNotStored() {
    var element = Results.element(STREAM, 0);
    store.store(List.of(new StoredResult(element.setPayload(bytes(100)).build(), false)));

    assertThat(items("crossing").get(0).element()).isEqualTo(element.clearPayload().build());
  }

  @Test
  void aLargeResultIsStored() {
    var element = Results.element(STREAM, 0).addOutputs(Outputs.of("blur", bytes(3 << 20))).build();
    store.store(List.of(new StoredResult(element, false)));

    assertThat(items("crossing").get(0).element()).isEqualTo(element);
  }

  @Test
  void pagesContinueAtTheCursorInTheOrderStored() {
    var results = new ArrayList<StoredResult>();
    for (var i = 0; i < 10; i++) results.add(Results.delivered("crossing/cam-" + i % 2, 20 - i));
    for (var result : results) store.store(List.of(result));
    store.store(Results.range("other/cam", 0, 5));

    var first = store.page("crossing", Optional.empty(), 4);
    var second = store.page("crossing", first.next(), 4);
    var third = store.page("crossing", second.next(), 4);

    assertThat(first.items()).isEqualTo(results.subList(0, 4));
    assertThat(second.items()).isEqualTo(results.subList(4, 8));
    assertThat(third.items()).isEqualTo(results.subList(8, 10));
    assertThat(third.next()).isEmpty();
  }

  @Test
  void aPageThatEndsWithTheLastResultHasNoNext() {
    store.store(Results.range(STREAM, 0, 4));

    assertThat(store.page("crossing", Optional.empty(), 4).next()).isEmpty();
  }

  @Test
  void anUnknownPipelineHasAnEmptyPage() {
    assertThat(store.page("nobody", Optional.empty(), 4))
        .isEqualTo(new ResultPage(List.of(), Optional.empty()));
  }

  @Test
  void aWrongCursorIsRefusedWithTheReason() {
    store.store(Results.range("a/cam", 0, 4));
    store.store(Results.range("b/cam", 0, 4));
    var ofB = store.page("b", Optional.empty(), 2).next();

    assertThatThrownBy(() -> store.page("a", Optional.of("not a cursor"), 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'not a cursor' is not a cursor");
    assertThatThrownBy(() -> store.page("nobody", Optional.of("?"), 2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> store.page("a", ofB, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not of this pipeline");
    assertThatThrownBy(() -> store.page("a", Optional.empty(), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("limit");
  }

  @Test
  void countsAreByStreamAndIgnoreRepeats() {
    var skipped = Ending.newBuilder().setKind(Ending.Kind.SKIPPED);
    store.store(Results.range("a/one", 0, 3));
    store.store(
        List.of(
            Results.delivered("a/one", 2),
            Results.failed("a/one", 3),
            new StoredResult(Results.element("a/two", 0).setEnding(skipped).build(), false)));
    store.keepFrame(StreamName.parse("a/frames-only"), 0, bytes(1));
    store.store(Results.range("b/one", 0, 1));

    assertThat(store.counts("a"))
        .isEqualTo(
            Map.of(
                StreamName.parse("a/one"),
                new ResultStore.Counts(3, 1),
                StreamName.parse("a/two"),
                new ResultStore.Counts(1, 0)));
    assertThat(store.counts("nobody")).isEmpty();
  }

  @Test
  void theHighestSeqOfAStreamWithoutResultsIsMinusOne() {
    assertThat(store.highestSeq(NAME)).isEqualTo(-1);
    store.keepFrame(NAME, 9, bytes(1));
    assertThat(store.highestSeq(NAME)).isEqualTo(-1);
  }

  @Test
  void aKeptFrameIsFoundAndAnotherIsNot() {
    var large = bytes(3 << 20);
    store.keepFrame(NAME, 5, large);

    assertThat(store.frame(NAME, 5)).contains(large);
    assertThat(store.frame(NAME, 6)).isEmpty();
    assertThat(store.frame(StreamName.parse("crossing/nobody"), 5)).isEmpty();
  }

  @Test
  void aFrameKeptTwiceStaysAsItIs() {
    store.keepFrame(NAME, 5, bytes(10));
    store.keepFrame(NAME, 5, bytes(20));

    assertThat(store.frame(NAME, 5)).contains(bytes(10));
  }

  @Test
  void ofEachStreamOnlyTheNewestFramesAreKept() {
    store.keepFrame(StreamName.parse("crossing/cam-1"), 0, bytes(1));
    for (var seq : List.of(0, 2, 1, 4, 3)) store.keepFrame(NAME, seq, bytes(seq));

    assertThat(store.frame(NAME, 0)).isEmpty();
    assertThat(store.frame(NAME, 1)).isEmpty();
    for (var seq : List.of(2, 3, 4)) assertThat(store.frame(NAME, seq)).contains(bytes(seq));
    assertThat(store.frame(StreamName.parse("crossing/cam-1"), 0)).isPresent();
  }

  @Test
  void aStreamWithoutAPipelineIsRefused() {
    assertThatThrownBy(() -> store.store(Results.range("cam-0", 0, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("<pipeline>/<source>");
  }

  @Test
  void aClosedStoreSaysSo() {
    store.close();
    store.close();

    assertThatThrownBy(() -> store.store(Results.range(STREAM, 0, 1)))
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.retryable()).as("retryable").isFalse())
        .hasMessageContaining("closed");
  }

  @Test
  void writersAtTheSameTimeStoreEachResultOnceAndNoReaderMissesOne() throws Exception {
    var writers = 4;
    var perStream = 400L;
    var pool = Executors.newFixedThreadPool(writers + 1);
    try {
      // Each writer stores everything of both pipelines, in overlapping batches.
      Callable<Long> writer =
          () -> {
            var fresh = 0L;
            for (var from = 0L; from < perStream; from += 20)
              for (var stream : List.of("a/x", "a/y", "b/x"))
                fresh +=
                    store.store(Results.range(stream, Math.max(0, from - 10), from + 20)).size();
            return fresh;
          };
      Callable<List<StoredResult>> reader =
          () -> {
            var seen = new ArrayList<StoredResult>();
            var cursor = Optional.<String>empty();
            while (seen.size() < 2 * perStream) {
              var page = store.page("a", cursor, 1);
              // A page may end before its pipeline does: then the same cursor is asked again.
              if (page.next().isEmpty() && seen.size() + page.items().size() < 2 * perStream)
                continue;
              seen.addAll(page.items());
              cursor = page.next();
            }
            return seen;
          };
      var reading = pool.submit(reader);
      var fresh = 0L;
      for (var writing : pool.invokeAll(Collections.nCopies(writers, writer)))
        fresh += writing.get();

      assertThat(fresh).isEqualTo(3 * perStream);
      assertThat(new HashSet<>(reading.get())).hasSize((int) (2 * perStream));
    } finally {
      pool.shutdownNow();
    }
  }

  private List<StoredResult> items(String pipeline) {
    return store.page(pipeline, Optional.empty(), 1000).items();
  }

  private static Media bytes(int length) {
    var media = Media.newBuilder().setOpaque(ByteString.copyFrom(new byte[length])).build();
    assertThat(MediaType.of(media)).isEqualTo(MediaType.OPAQUE);
    return media;
  }
}
