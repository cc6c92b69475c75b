package io.dayu.deliver;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.deliver.FailedStore.Keep;
import io.dayu.deliver.FailedStore.KeepAgain;
import io.dayu.deliver.FailedStore.Mark;
import io.dayu.deliver.FailedStore.Remove;
import io.dayu.deliver.FailedStore.Trim;
import io.dayu.element.Media;
import io.dayu.facts.FailedElements.Item;
import io.dayu.facts.FailedElements.Page;
import io.dayu.facts.FailedElements.Pick;
import io.dayu.facts.FailureCause;
import io.dayu.link.FlowKit;
import io.dayu.pipeline.StreamName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FailedStoreTest {
  private static final StreamName STREAM = StreamName.parse("crossing/cam-0");
  private static final StreamName OTHER = StreamName.parse("a/b");
  private static final Instant AT = Instant.ofEpochMilli(1_700_000_000_000L);
  private static final FailureCause CAUSE = new FailureCause("detect", "not a frame");

  @TempDir Path dir;

  @Test
  void whatFailedIsListedAndReadFromTheNextStartOn() {
    try (var store = open(1 << 20)) {
      keep(store, 100, 7, 3, 5);
    }
    try (var store = open(1 << 20)) {
      var items = items(store, Optional.empty(), -1, 10);
      assertThat(items).extracting(Item::seq).containsExactly(3L, 5L, 7L);
      long bytes = FlowKit.element(3, 100).getPayload().getSerializedSize();
      assertThat(items.get(0))
          .isEqualTo(
              new Item(3, CAUSE, AT, Instant.EPOCH, "opaque", bytes, 0, 3, OptionalLong.empty()));
      assertThat(payload(store, 5)).isEqualTo(FlowKit.element(5, 100).getPayload());
      assertThat(join(store.payload(STREAM, 4))).isEmpty();
      assertThat(store.usage(STREAM)).isEqualTo(new FailedStore.Usage(3, 3 * bytes));
      assertThat(store.used()).isEqualTo(3 * bytes);
      assertThat(store.contains(STREAM, 7)).isTrue();
      assertThat(store.streams()).containsExactly(STREAM);
    }
  }

  @Test
  void aPageIsAsLongAsItWasAskedForAndOfItsStage() {
    try (var store = open(1 << 20)) {
      keep(store, 100, 1, 2, 3, 4);
      join(
          store.write(
              List.of(
                  new Keep(
                      STREAM, FlowKit.element(5, 10), new FailureCause("count", "x"), AT, 100))));
      var page = join(store.page(new Page(STREAM, Optional.of("detect"), 1, 2)));
      assertThat(page.items()).extracting(Item::seq).containsExactly(2L, 3L);
      assertThat(page.more()).isTrue();
      assertThat(items(store, Optional.of("count"), -1, 10))
          .extracting(Item::seq)
          .containsExactly(5L);
      assertThat(join(store.page(new Page(STREAM, Optional.empty(), 4, 1))).more()).isFalse();
    }
  }

  @Test
  void theOldestAreRemovedWhereThereAreTooMany() {
    try (var store = open(1 << 20)) {
      keep(store, 3, 1, 2, 3, 4, 5);
      assertThat(items(store, Optional.empty(), -1, 10))
          .extracting(Item::seq)
          .containsExactly(3L, 4L, 5L);
      join(store.write(List.of(new Trim(STREAM, 2, Instant.EPOCH))));
      assertThat(items(store, Optional.empty(), -1, 10))
          .extracting(Item::seq)
          .containsExactly(4L, 5L);
      assertThat(store.exceeds(STREAM, 2, AT)).isFalse();
      assertThat(store.exceeds(STREAM, 2, AT.plusMillis(1))).isTrue();
      join(store.write(List.of(new Trim(STREAM, 2, AT.plusMillis(1)))));
      assertThat(store.isEmpty(STREAM)).isTrue();
      assertThat(store.used()).isZero();
    }
  }

  @Test
  void theQuotaHoldsForAllStreamsAndTheNewestStays() {
    long each = FlowKit.element(1, 1000).getPayload().getSerializedSize();
    try (var store = open(3 * each)) {
      var theirs = FlowKit.element(9, 1000).toBuilder().setStream(OTHER.toString()).build();
      join(store.write(List.of(new Keep(OTHER, theirs, CAUSE, AT, 100))));
      for (long seq = 1; seq <= 3; seq++)
        join(store.write(List.of(new Keep(STREAM, FlowKit.element(seq, 1000), CAUSE, AT, 100))));
      assertThat(items(store, Optional.empty(), -1, 10))
          .extracting(Item::seq)
          .containsExactly(2L, 3L);
      assertThat(store.contains(OTHER, 9)).isTrue();
      var large = FlowKit.element(4, 2500);
      join(store.write(List.of(new Keep(STREAM, large, CAUSE, AT, 100))));
      assertThat(items(store, Optional.empty(), -1, 10)).extracting(Item::seq).containsExactly(4L);
      assertThat(store.contains(OTHER, 9)).as("makes room too").isFalse();
      assertThat(store.used()).isLessThanOrEqualTo(3 * each);
    }
  }

  @Test
  void whatFailsAgainTakesTheNewNumberAndIsCounted() {
    try (var store = open(1 << 20)) {
      keep(store, 100, 7);
      join(store.write(List.of(new Mark(STREAM, 7, OptionalLong.of(50)))));
      assertThat(items(store, Optional.empty(), -1, 10).get(0).retriedAs()).hasValue(50);
      var again = new FailureCause("count", "still not");
      join(store.write(List.of(new KeepAgain(STREAM, 7, 50, again, AT.plusSeconds(1)))));
      var item = items(store, Optional.empty(), -1, 10).get(0);
      assertThat(item.seq()).isEqualTo(50);
      assertThat(item.firstSeq()).isEqualTo(7);
      assertThat(item.retries()).isEqualTo(1);
      assertThat(item.cause()).isEqualTo(again);
      assertThat(item.retriedAs()).isEmpty();
      assertThat(payload(store, 50)).isEqualTo(FlowKit.element(7, 100).getPayload());
      assertThat(store.usage(STREAM).kept()).isEqualTo(1);
      join(store.write(List.of(new KeepAgain(STREAM, 8, 51, again, AT)))); // was not there
      assertThat(store.contains(STREAM, 51)).isFalse();
    }
  }

  @Test
  void whatIsToBeSentAgainIsPickedOnceAndNotWhileItIsOnItsWay() {
    try (var store = open(1 << 20)) {
      keep(store, 1000, 1, 2, 3);
      join(store.write(List.of(new Mark(STREAM, 2, OptionalLong.of(50)))));
      var all = join(store.pick(STREAM, new Pick(List.of(), Optional.empty(), -1, -1)));
      assertThat(all.payloads().keySet()).containsExactly(1L, 3L);
      assertThat(all.upTo()).isEqualTo(3);
      assertThat(all.more()).isFalse();
      var named = join(store.pick(STREAM, new Pick(List.of(3L, 2L, 9L), Optional.empty(), -1, -1)));
      assertThat(named.payloads().keySet()).containsExactly(3L);
      assertThat(named.underWay()).containsExactly(2L);
      assertThat(named.notKept()).containsExactly(9L);
      assertThat(join(store.drop(STREAM, new Pick(List.of(), Optional.empty(), -1, -1))))
          .as("not the one on its way")
          .isEqualTo(2);
      join(store.resume(STREAM, Ranges.of(50)));
      assertThat(items(store, Optional.empty(), -1, 10).get(0).retriedAs()).hasValue(50);
      join(store.resume(STREAM, new Ranges()));
      assertThat(items(store, Optional.empty(), -1, 10).get(0).retriedAs()).isEmpty();
    }
  }

  @Test
  void aPickThatIsTooLargeGoesOnWhereItEndedAndNotWithWhatCameMeanwhile() {
    try (var store = open(1 << 24)) {
      for (long seq = 0; seq < 200; seq++)
        join(store.write(List.of(new Keep(STREAM, FlowKit.element(seq, 10), CAUSE, AT, 1000))));
      var first = join(store.pick(STREAM, new Pick(List.of(), Optional.empty(), -1, -1)));
      assertThat(first.more()).isTrue();
      keep(store, 1000, 300);
      var second =
          join(
              store.pick(
                  STREAM, new Pick(List.of(), Optional.empty(), first.last(), first.upTo())));
      assertThat(second.more()).isFalse();
      assertThat(first.payloads().size() + second.payloads().size()).isEqualTo(200);
      assertThat(second.payloads().lastKey()).isEqualTo(199);
    }
  }

  @Test
  void aDamagedPayloadIsNotSent() throws IOException {
    try (var store = open(1 << 20)) {
      keep(store, 100, 1);
    }
    damage(FlowKit.element(1, 100).getPayload().getOpaque().toByteArray());
    try (var store = open(1 << 20)) {
      var picked = join(store.pick(STREAM, new Pick(List.of(1L), Optional.empty(), -1, -1)));
      assertThat(picked.payloads()).isEmpty();
      assertThat(picked.notKept()).containsExactly(1L);
    }
  }

  /** Changes a byte of what the file holds. */
  private void damage(byte[] content) throws IOException {
    var file = dir.resolve("failed.mv");
    var bytes = Files.readAllBytes(file);
    int at = -1;
    for (int i = 0; i + content.length <= bytes.length && at < 0; i++)
      if (java.util.Arrays.equals(bytes, i, i + 8, content, 0, 8)) at = i;
    assertThat(at).isPositive();
    bytes[at + 3] ^= 1;
    Files.write(file, bytes);
  }

  @Test
  void allOfAStreamIsRemovedAndTheOthersStay() {
    try (var store = open(1 << 20)) {
      keep(store, 100, 1, 2);
      var theirs = FlowKit.element(9, 10).toBuilder().setStream(OTHER.toString()).build();
      join(store.write(List.of(new Keep(OTHER, theirs, CAUSE, AT, 100))));
      join(store.removeAll(STREAM));
      assertThat(store.streams()).containsExactly(OTHER);
      join(store.write(List.of(new Remove(OTHER, 9))));
      assertThat(store.streams()).isEmpty();
    }
    try (var store = open(1 << 20)) {
      assertThat(items(store, Optional.empty(), -1, 10)).isEmpty();
      assertThat(store.used()).isZero();
    }
  }

  private FailedStore open(long quota) {
    return FailedStore.open(dir, quota);
  }

  private static void keep(FailedStore store, long atMost, long... seqs) {
    for (long seq : seqs)
      join(store.write(List.of(new Keep(STREAM, FlowKit.element(seq, 100), CAUSE, AT, atMost))));
  }

  private static List<Item> items(
      FailedStore store, Optional<String> stage, long after, int limit) {
    return join(store.page(new Page(STREAM, stage, after, limit))).items();
  }

  private static Media payload(FailedStore store, long seq) {
    try {
      return Media.parseFrom(join(store.payload(STREAM, seq)).orElseThrow());
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static <T> T join(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }
}
