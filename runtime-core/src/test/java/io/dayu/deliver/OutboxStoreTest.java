package io.dayu.deliver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import com.typesafe.config.ConfigFactory;
import io.dayu.deliver.OutboxStore.Kind;
import io.dayu.disk.ForcedFile;
import io.dayu.element.Element;
import io.dayu.link.FlowKit;
import io.dayu.link.Logs;
import io.dayu.pipeline.StreamName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.stream.LongStream;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public final class OutboxStoreTest {
  private static final StreamName STREAM = StreamName.parse("crossing/cam-0");

  @TempDir Path dir;

  @Test
  void entriesComeBackLowestFirstFromTheNextStartOn() {
    try (var store = open("")) {
      put(store, Kind.RESULT, 7, 3, 5);
      put(store, Kind.ELEMENT, 9);
      assertThat(read(store, Kind.RESULT, 0)).containsExactly(3L, 5L, 7L);
    }
    try (var store = open("")) {
      assertThat(content(store))
          .isEqualTo(new OutboxStore.Content(Ranges.of(3, 5, 7), Ranges.of(9)));
      assertThat(read(store, Kind.RESULT, 4)).containsExactly(5L, 7L);
      assertThat(join(store.read(Kind.ELEMENT, STREAM, 0, 10, 1 << 20)))
          .containsExactly(FlowKit.element(9, 100));
      assertThat(join(store.read(Kind.RESULT, STREAM, 0, 2, 1 << 20))).hasSize(2);
      assertThat(join(store.read(Kind.RESULT, STREAM, 0, 9, 1))).as("one at least").hasSize(1);
      assertThat(store.backlog(Kind.RESULT)).isEqualTo(Map.of(STREAM, 3L));
      join(store.remove(STREAM, Ranges.of(3, 4, 7, 9)));
      assertThat(content(store)).isEqualTo(new OutboxStore.Content(Ranges.of(5), new Ranges()));
    }
    try (var store = open("")) {
      assertThat(content(store).all()).isEqualTo(Ranges.of(5));
    }
  }

  @Test
  void aResultTakesThePlaceOfItsElement() {
    try (var store = open("")) {
      put(store, Kind.ELEMENT, 1, 2);
      put(store, Kind.RESULT, 2);
      assertThat(content(store)).isEqualTo(new OutboxStore.Content(Ranges.of(2), Ranges.of(1)));
      put(store, Kind.ELEMENT, 2); // came late
      assertThat(content(store)).isEqualTo(new OutboxStore.Content(Ranges.of(2), Ranges.of(1)));
    }
  }

  /** A copy of the file is what a crash leaves. */
  @Test
  void whatIsConfirmedIsInTheFileAndWhatIsRemovedIsNot() throws IOException {
    var copy = Files.createDirectory(dir.resolve("copy"));
    var expected = new Ranges();
    try (var store = open("")) {
      for (int i = 0; i < 20; i++) {
        put(store, Kind.RESULT, i);
        expected.add(i);
        if (i % 3 == 2) {
          join(store.remove(STREAM, Ranges.of(i - 2)));
          expected.remove(i - 2);
        }
        Files.write(copy.resolve("outbox.mv"), Files.readAllBytes(dir.resolve("outbox.mv")));
        try (var crashed = OutboxStore.open(copy, settings(""))) {
          assertThat(content(crashed).results()).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void aTornEndCostsNothingThatWasConfirmed() throws IOException {
    try (var store = open("")) {
      put(store, Kind.RESULT, 1, 2, 3);
    }
    Files.write(dir.resolve("outbox.mv"), new byte[1_000], StandardOpenOption.APPEND);
    try (var store = open("")) {
      assertThat(read(store, Kind.RESULT, 0)).containsExactly(1L, 2L, 3L);
    }
  }

  @Test
  void aDamagedEntryIsReportedAndLeftOut() throws IOException {
    try (var store = open("")) {
      put(store, Kind.RESULT, 1, 2, 3);
    }
    var file = dir.resolve("outbox.mv");
    var bytes = Files.readAllBytes(file);
    var payload = FlowKit.element(2, 100).getPayload().getOpaque();
    int at = indexOf(bytes, payload.toByteArray());
    bytes[at + 50] ^= 1;
    Files.write(file, bytes);
    try (var logs = Logs.of(OutboxStore.class);
        var store = open("")) {
      assertThat(content(store).results()).isEqualTo(Ranges.of(1, 3));
      assertThat(logs.has(Level.WARN, "1 entries of " + STREAM, "damaged")).isTrue();
      assertThat(read(store, Kind.RESULT, 0)).containsExactly(1L, 3L);
    }
  }

  @Test
  void whatIsOfNoStreamIsReportedAndLeftAlone() {
    try (var store = open("")) {
      put(store, Kind.RESULT, 1);
    }
    try (var file = MVStore.open(dir.resolve("outbox.mv").toString())) {
      file.<Long, byte[]>openMap("RESULT crossing").put(7L, new byte[10]);
    }
    try (var logs = Logs.of(OutboxStore.class);
        var store = open("")) {
      assertThat(content(store).results()).isEqualTo(Ranges.of(1));
      assertThat(store.backlog(Kind.RESULT)).isEqualTo(Map.of(STREAM, 1L));
      assertThat(logs.has(Level.WARN, "\"crossing\"", "not the name of a stream")).isTrue();
    }
  }

  @Test
  void aFileThatCannotBeUsedIsReportedAndPutAside() throws IOException {
    Files.writeString(dir.resolve("outbox.mv"), "no store at all".repeat(1_000));
    try (var logs = Logs.of(ForcedFile.class);
        var store = open("")) {
      assertThat(content(store).all().isEmpty()).isTrue();
      put(store, Kind.RESULT, 1);
      assertThat(logs.has(Level.WARN, "outbox.mv", "outbox.mv.damaged")).isTrue();
    }
    assertThat(dir.resolve("outbox.mv.damaged")).exists();
    try (var store = open("")) {
      assertThat(content(store).results()).isEqualTo(Ranges.of(1));
    }
  }

  @Test
  void aSecondNodeInTheSameDirectoryIsRefused() {
    try (var store = open("")) {
      assertThat(content(store).all().isEmpty()).isTrue();
      assertThatThrownBy(() -> open(""))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("another node");
    }
  }

  @Test
  void aboveTheQuotaNothingIsTakenUntilThereIsRoom() {
    long quota = 10_000;
    try (var store = open("quota = " + quota)) {
      long seq = 0;
      while (!store.isFull()) put(store, Kind.RESULT, seq++);
      assertThat(seq * FlowKit.element(1, 100).getSerializedSize()).isBetween(quota / 2, quota);
      assertThat(store.put(Kind.RESULT, List.of(FlowKit.element(999, 100))).toCompletableFuture())
          .isCompletedExceptionally();
    }
    try (var store = open("quota = " + quota)) {
      content(store);
      assertThat(store.isFull()).as("after the next start too").isTrue();
      join(store.remove(STREAM, Ranges.of(0)));
      assertThat(store.isFull()).isFalse();
      put(store, Kind.RESULT, 999);
    }
  }

  @Test
  void aBacklogThatComesAndGoesLeavesASmallFile() throws IOException {
    try (var store = open("")) {
      for (int round = 0; round < 200; round++) {
        long first = round * 100L;
        put(store, Kind.RESULT, LongStream.range(first, first + 100).toArray());
        var gone = new Ranges();
        LongStream.range(first - 100, first).forEach(gone::add);
        join(store.remove(STREAM, gone));
      }
      assertThat(content(store).results().size()).isEqualTo(100);
      // 20,000 entries passed through, 4 MB.
      assertThat(Files.size(dir.resolve("outbox.mv"))).isLessThan(1 << 20);
    }
  }

  @Test
  void whatComesAfterTheEndFails() {
    var store = open("");
    store.close();
    assertThat(store.put(Kind.RESULT, List.of(FlowKit.element(1, 1))).toCompletableFuture())
        .isCompletedExceptionally();
    assertThat(store.content(STREAM).toCompletableFuture()).isCompletedExceptionally();
  }

  public static OutboxSettings settings(String changes) {
    return OutboxSettings.from(
        ConfigFactory.parseString(changes)
            .withFallback(ConfigFactory.load().getConfig("dayu.outbox")));
  }

  private OutboxStore open(String changes) {
    return OutboxStore.open(dir, settings(changes));
  }

  private static void put(OutboxStore store, Kind kind, long... seqs) {
    join(store.put(kind, LongStream.of(seqs).mapToObj(seq -> FlowKit.element(seq, 100)).toList()));
  }

  private static OutboxStore.Content content(OutboxStore store) {
    return join(store.content(STREAM));
  }

  private static List<Long> read(OutboxStore store, Kind kind, long from) {
    var seqs = new ArrayList<Long>();
    join(store.read(kind, STREAM, from, 100, 1 << 20)).stream()
        .map(Element::getSeq)
        .forEach(seqs::add);
    return seqs;
  }

  private static int indexOf(byte[] all, byte[] part) {
    for (int i = 0; i + part.length <= all.length; i++)
      if (ByteBuffer.wrap(all, i, part.length).equals(ByteBuffer.wrap(part))) return i;
    throw new AssertionError("not in the file");
  }

  private static <T> T join(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }
}
