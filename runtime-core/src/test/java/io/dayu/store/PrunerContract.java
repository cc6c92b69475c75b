package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.pipeline.PipelineSpec.Retain;
import io.dayu.pipeline.StreamName;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a {@link Pruner} promises, on every database. */
abstract class PrunerContract {
  private static final Instant T0 = Instant.parse("2026-11-29T12:00:00Z");
  private static final StreamName CAM = StreamName.parse("a/cam");
  private static final Duration LONG = Duration.ofDays(365);
  private static final long LARGE = 1L << 40;

  private JdbcResultStore store;

  /** An empty store. */
  abstract JdbcResultStore create() throws Exception;

  @BeforeEach
  final void open() throws Exception {
    store = create();
  }

  @AfterEach
  final void close() {
    store.close();
  }

  @Test
  void ofMoreResultsThanAreToBeKeptTheNewestStay() {
    store.store(Results.range("a/cam", 0, 100));
    store.store(Results.range("b/cam", 0, 5));

    var usage = prune(store.pruner(new Pruner.Limits(LONG, 10, LARGE)), T0, Map.of());

    assertThat(items("a")).isEqualTo(Results.range("a/cam", 90, 100));
    assertThat(items("b")).isEqualTo(Results.range("b/cam", 0, 5));
    assertThat(usage.pipelines())
        .isEqualTo(
            Map.of(
                "a", new Pruner.Pipeline(LONG, 100, 90, Optional.of(T0)),
                "b", new Pruner.Pipeline(LONG, 5, 0, Optional.of(T0))));
  }

  @Test
  void whatWasDeliveredIsCountedAfterItIsPruned() {
    store.store(Results.range("a/cam", 0, 50));
    store.store(List.of(Results.failed("a/cam", 50)));

    prune(store.pruner(new Pruner.Limits(LONG, 1, LARGE)), T0, Map.of());
    store.store(Results.range("a/cam", 51, 53));

    assertThat(store.counts("a")).isEqualTo(Map.of(CAM, new ResultStore.Counts(52, 1)));
    assertThat(store.highestSeq(CAM)).isEqualTo(52);
  }

  @Test
  void resultsStayForTheirTimeAndAHundredthLonger() {
    var hour = Duration.ofHours(1);
    var pruner = store.pruner(new Pruner.Limits(hour, Long.MAX_VALUE, LARGE));
    store.store(Results.range("a/cam", 0, 10));
    prune(pruner, T0, Map.of());
    store.store(Results.range("a/cam", 10, 20));
    prune(pruner, T0.plusSeconds(40), Map.of());

    prune(pruner, T0.plus(hour).minusSeconds(1), Map.of());
    assertThat(items("a")).hasSize(20);
    prune(pruner, T0.plus(hour), Map.of());
    assertThat(items("a")).isEqualTo(Results.range("a/cam", 10, 20));
    prune(pruner, T0.plus(hour).plusSeconds(40), Map.of());
    assertThat(items("a")).isEmpty();
  }

  @Test
  void theAgeOfTheOldestResultThatIsKeptIsTold() {
    var pruner = store.pruner(new Pruner.Limits(LONG, 10, LARGE));
    store.store(Results.range("a/cam", 0, 8));
    assertThat(oldest(prune(pruner, T0, Map.of()))).contains(T0);

    store.store(Results.range("a/cam", 8, 16));
    var later = T0.plus(Duration.ofDays(4));
    assertThat(oldest(prune(pruner, later, Map.of()))).as("of the first 8").contains(T0);

    store.store(Results.range("a/cam", 16, 20));
    assertThat(oldest(prune(pruner, later, Map.of()))).as("of the next 8").contains(later);

    store.store(Results.range("a/cam", 20, 40));
    assertThat(oldest(prune(pruner, later, Map.of()))).as("younger than any mark").isEmpty();
  }

  private static Optional<Instant> oldest(Pruner.Usage usage) {
    return usage.pipelines().get("a").oldest();
  }

  @Test
  void whatAPipelineSaysHoldsForItUntilItSaysSomethingElse() {
    var most = new Retain(Optional.empty(), Optional.of(5L));
    for (var stream : List.of("a/cam", "b/cam")) store.store(Results.range(stream, 0, 20));

    prune(store.pruner(new Pruner.Limits(LONG, 10, LARGE)), T0, Map.of("a", most));
    assertThat(items("a")).hasSize(5);
    assertThat(items("b")).hasSize(10);

    // It was deleted, or the node has just started and does not know it yet.
    for (var stream : List.of("a/cam", "b/cam")) store.store(Results.range(stream, 20, 40));
    prune(store.pruner(new Pruner.Limits(LONG, 1, LARGE)), T0, Map.of());
    assertThat(items("a")).hasSize(5);
    assertThat(items("b")).hasSize(1);

    prune(store.pruner(new Pruner.Limits(LONG, 2, LARGE)), T0, Map.of("a", Retain.AS_CONFIGURED));
    assertThat(items("a")).hasSize(2);
  }

  @Test
  void aPipelineMayKeepMoreThanIsConfigured() {
    var age = Duration.ofDays(365);
    var wanted = Map.of("a", new Retain(Optional.of(age), Optional.of(1_000L)));
    store.store(Results.range("a/cam", 0, 50));
    var pruner = store.pruner(new Pruner.Limits(Duration.ofHours(1), 10, LARGE));
    prune(pruner, T0, wanted);

    var usage = prune(pruner, T0.plus(Duration.ofDays(364)), wanted);

    assertThat(items("a")).hasSize(50);
    assertThat(usage.pipelines())
        .containsEntry("a", new Pruner.Pipeline(age, 50, 0, Optional.of(T0)));
  }

  @Test
  void aResultThatWasPrunedIsRefusedAndStandsAsWhatItWas() {
    var all = new ArrayList<StoredResult>();
    for (long seq = 0; seq < 10_000; seq++)
      if (seq % 100 != 7) // these were shed, or are late
      all.add(seq % 10 == 3 ? Results.failed("a/cam", seq) : Results.delivered("a/cam", seq));
    for (int i = 0; i < all.size(); i += 1_000)
      store.store(all.subList(i, Math.min(all.size(), i + 1_000)));
    prune(store.pruner(new Pruner.Limits(LONG, 1, LARGE)), T0, Map.of());

    // Another outcome than before, too: the first one stands.
    assertThat(store.store(Results.range("a/cam", 3_000, 3_007))).isEmpty();
    assertThat(store.store(all.subList(5_000, 6_000))).isEmpty();
    var outcomes = new HashMap<Long, Boolean>();
    for (var result : all)
      outcomes.put(result.element().getSeq(), result.element().getSeq() % 10 != 3);
    assertThat(store.outcomes(CAM, outcomes.keySet())).isEqualTo(outcomes);

    var late = List.of(Results.delivered("a/cam", 7), Results.delivered("a/cam", 9_907));
    assertThat(store.outcomes(CAM, List.of(7L, 9_907L, 10_000L)))
        .doesNotContainKeys(7L, 9_907L, 10_000L);
    assertThat(store.store(late)).isEqualTo(late);
    assertThat(items("a")).hasSize(3).endsWith(late.get(1));
  }

  @Test
  void aLateResultIsPrunedInItsTurnAndRefusedFromThenOn() {
    var pruner = store.pruner(new Pruner.Limits(LONG, 1, LARGE));
    store.store(Results.range("a/cam", 1, 20_000));
    prune(pruner, T0, Map.of());
    store.store(List.of(Results.delivered("a/cam", 0)));
    store.store(Results.range("a/cam", 20_000, 20_002));
    prune(pruner, T0, Map.of());

    assertThat(store.store(Results.range("a/cam", 0, 20_002))).isEmpty();
    assertThat(store.counts("a")).isEqualTo(Map.of(CAM, new ResultStore.Counts(20_002, 0)));
  }

  @Test
  void aReaderWhoseCursorIsInWhatWasPrunedGoesOnAfterIt() {
    store.store(Results.range("a/cam", 0, 20));
    var first = store.page("a", Optional.empty(), 4);

    prune(store.pruner(new Pruner.Limits(LONG, 6, LARGE)), T0, Map.of());

    var second = store.page("a", first.next(), 4);
    var third = store.page("a", second.next(), 4);
    assertThat(second.items()).isEqualTo(Results.range("a/cam", 14, 18));
    assertThat(third.items()).isEqualTo(Results.range("a/cam", 18, 20));
    assertThat(third.next()).isEmpty();
    assertThat(store.page("a", Optional.empty(), 4)).isEqualTo(second);
  }

  @Test
  void aFrameGoesWithItsResultAndDoesNotComeBack() {
    for (long seq = 0; seq < 4; seq++) {
      store.keepFrame(CAM, seq, bytes(10));
      store.store(List.of(new StoredResult(Results.element("a/cam", seq).build(), true)));
    }
    store.keepFrame(CAM, 9, bytes(10)); // its result is on its way

    prune(store.pruner(new Pruner.Limits(LONG, 2, LARGE)), T0, Map.of());

    assertThat(store.frame(CAM, 1)).isEmpty();
    for (long seq : List.of(2L, 3L, 9L)) assertThat(store.frame(CAM, seq)).isPresent();
    store.keepFrame(CAM, 1, bytes(10));
    assertThat(store.frame(CAM, 1)).isEmpty();
  }

  @Test
  void aStoreAboveItsQuotaLosesTheOldestOfAllPipelines() {
    var open = store.pruner(new Pruner.Limits(LONG, Long.MAX_VALUE, LARGE));
    var now = T0;
    long seq = 0;
    for (var pipeline : List.of("a", "b", "a", "b")) {
      var stream = StreamName.parse(pipeline + "/cam");
      for (int i = 0; i < 20; i++, seq++) {
        store.keepFrame(stream, seq, bytes(20_000));
        store.store(
            List.of(
                new StoredResult(
                    Results.element(stream.toString(), seq)
                        .addOutputs(Outputs.of("x", bytes(20_000)))
                        .build(),
                    true)));
      }
      now = now.plus(Duration.ofHours(2));
      prune(open, now, Map.of());
    }
    long before = open.usage().bytes();
    assertThat(before).isBetween(80 * 40_000L, 80 * 48_000L);

    // Room for some more than half: most of the two older parts goes, and nothing else.
    long quota = before * 6 / 10;
    var usage = prune(store.pruner(new Pruner.Limits(LONG, Long.MAX_VALUE, quota)), now, Map.of());

    assertThat(usage.bytes()).isBetween(before / 2, quota);
    assertThat(seqs("a")).hasSize(20).startsWith(40L);
    assertThat(seqs("b")).hasSizeBetween(21, 30).endsWith(79L);
    assertThat(store.frame(CAM, 0)).isEmpty();
    assertThat(store.frame(CAM, 59)).isPresent();
  }

  @Test
  void aQuotaThatNothingFitsIntoEndsWithAnEmptyStore() {
    store.store(Results.range("a/cam", 0, 5_000));

    prune(store.pruner(new Pruner.Limits(LONG, Long.MAX_VALUE, 1)), T0, Map.of());

    assertThat(items("a")).isEmpty();
    assertThat(store.store(Results.range("a/cam", 4_000, 5_001))).hasSize(1);
  }

  @Test
  void whileOthersStoreNothingIsLostAndNothingStoredTwice() throws Exception {
    int writers = 3;
    long each = 1_500;
    var pruner = store.pruner(new Pruner.Limits(LONG, 50, LARGE));
    var pool = Executors.newFixedThreadPool(writers);
    try {
      var writing = new ArrayList<Future<Long>>();
      for (int i = 0; i < writers; i++) {
        var stream = "a/cam-" + i;
        // Each batch is sent again, as after an acknowledgement that was lost.
        Callable<Long> writer =
            () -> {
              long fresh = 0;
              for (long from = 0; from < each; from += 30)
                for (int time = 0; time < 2; time++)
                  fresh +=
                      store.store(Results.range(stream, Math.max(0, from - 90), from + 30)).size();
              return fresh;
            };
        writing.add(pool.submit(writer));
      }
      while (!writing.stream().allMatch(Future::isDone)) prune(pruner, T0, Map.of());
      for (var writer : writing) assertThat(writer.get()).isEqualTo(each);
    } finally {
      pool.shutdownNow();
    }
    var usage = prune(pruner, T0, Map.of());

    assertThat(usage.pipelines()).containsOnlyKeys("a");
    assertThat(usage.pipelines().get("a").stored()).isEqualTo(writers * each);
    assertThat(usage.pipelines().get("a").pruned()).isEqualTo(writers * each - 50);
    assertThat(items("a")).hasSize(50);
    assertThat(store.counts("a").values())
        .containsOnly(new ResultStore.Counts(each, 0))
        .hasSize(writers);
  }

  @Test
  void aPrunerOfAClosedStoreSaysSo() {
    store.store(Results.range("a/cam", 0, 20));
    var pruner = store.pruner(new Pruner.Limits(LONG, 1, LARGE));
    store.close();

    assertThatThrownBy(() -> pruner.work(T0, Map.of()))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("closed");
  }

  private static Pruner.Usage prune(Pruner pruner, Instant now, Map<String, Retain> wanted) {
    while (pruner.work(now, wanted).isPresent()) {
      // There is more to be pruned.
    }
    return pruner.usage();
  }

  private List<StoredResult> items(String pipeline) {
    return store.page(pipeline, Optional.empty(), 100_000).items();
  }

  private List<Long> seqs(String pipeline) {
    return items(pipeline).stream().map(r -> r.element().getSeq()).toList();
  }

  private static Media bytes(int length) {
    return Media.newBuilder().setOpaque(ByteString.copyFrom(new byte[length])).build();
  }
}
