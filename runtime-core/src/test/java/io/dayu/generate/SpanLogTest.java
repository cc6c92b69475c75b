package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.link.Logs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A second log on the same files finds what a killed process leaves. */
final class CutLogTest {
  @TempDir Path dir;
  private SpanLog log;

  @AfterEach
  void close() {
    if (log != null) log.close();
  }

  @Test
  void whatWasAddedIsThereForWhoComesAfterAKill() {
    open();
    log.begin(List.of(cut(3)));
    log.add(List.of(cut(5), cut(6)));
    assertThat(found()).containsExactly(3L, 5L, 6L);
    log.add(List.of(cut(7)));
    assertThat(found()).containsExactly(3L, 5L, 6L, 7L);
    assertThat(log.read().get(6L)).isEqualTo(cut(6));
  }

  @Test
  void whatADurableSaveDoesNotNeedIsForgottenOneSaveLater() {
    open();
    log.begin(List.of());
    log.add(cuts(0, 10));
    log.begin(List.of(cut(8))); // the first save was never durable
    log.add(List.of(cut(10)));
    assertThat(found()).as("for the save before").contains(0L, 8L, 10L);
    log.saved();
    log.begin(List.of(cut(8), cut(10)));
    log.add(List.of(cut(11)));
    assertThat(found()).as("the last save may not be durable").contains(0L, 8L, 10L, 11L);
    log.saved();
    log.begin(List.of(cut(11)));
    assertThat(found()).containsExactly(8L, 10L, 11L);
  }

  @Test
  void whoComesAfterAKillKeepsWhatTheLastSaveNeedsUntilItsOwnIsDurable() {
    open();
    log.begin(List.of());
    log.add(cuts(0, 5));
    log.saved();
    log.begin(List.of(cut(4)));
    log.close();
    open();
    assertThat(log.read().keySet()).containsExactly(0L, 1L, 2L, 3L, 4L);
    log.begin(List.of(cut(2), cut(4)));
    log.add(List.of(cut(90)));
    assertThat(found()).containsExactly(0L, 1L, 2L, 3L, 4L, 90L);
  }

  @Test
  void theFilesStaySmallWhereSavesAreDurableAndWhereTheyAreNot() throws IOException {
    open();
    for (long seq = 0; seq < 10_000; seq++) {
      log.begin(List.of(cut(seq)));
      log.add(List.of(cut(seq + 1)));
      if (seq < 5_000) log.saved();
    }
    // Without a durable save no more is cut than numbers are reserved.
    assertThat(size()).isBetween(5_000L * 48, 5_100L * 48);
  }

  @Test
  void aTornEndCostsNoMoreThanIt() throws IOException {
    open();
    log.begin(List.of());
    log.add(cuts(0, 3));
    log.close();
    var file = dir.resolve("p%2Fa.cuts-0");
    Files.write(file, new byte[20], StandardOpenOption.APPEND);
    open();
    assertThat(log.read().keySet()).containsExactly(0L, 1L, 2L);
    log.add(List.of(cut(3)));
    assertThat(found()).containsExactly(0L, 1L, 2L, 3L);
    var bytes = Files.readAllBytes(file);
    bytes[48 + 10] ^= 1;
    Files.write(file, bytes);
    assertThat(found()).as("nothing behind what is damaged is believed").containsExactly(0L);
  }

  @Test
  void whereNothingCanBeWrittenPeopleAreToldOnceAndElementsFlow() throws IOException {
    Files.createDirectory(dir.resolve("p%2Fa.cuts-0"));
    try (var logs = Logs.of(SpanLog.class)) {
      open();
      assertThat(log.read()).isEmpty();
      log.begin(List.of());
      log.add(cuts(0, 3));
      log.add(cuts(3, 6));
      assertThat(logs.loud()).hasSize(1);
      assertThat(logs.loud().get(0)).contains("p%2Fa.cuts-0", "new numbers");
    }
  }

  @Test
  void aForgottenStreamLeavesNothing() throws IOException {
    open();
    log.begin(List.of(cut(1)));
    log.delete();
    try (var files = Files.list(dir)) {
      assertThat(files).isEmpty();
    }
    log.begin(List.of(cut(2)));
    assertThat(found()).containsExactly(2L);
  }

  @Test
  void nothingIsWrittenAfterClosing() throws IOException {
    open();
    log.begin(List.of(cut(1)));
    log.close();
    Files.delete(dir.resolve("p%2Fa.cuts-0"));
    Files.delete(dir.resolve("p%2Fa.cuts-1"));
    log.add(List.of(cut(2)));
    log.begin(List.of(cut(3)));
    assertThat(log.read()).isEmpty();
    assertThat(dir).isEmptyDirectory();
  }

  private void open() {
    log = new SpanLog(dir, "p%2Fa");
  }

  private Collection<Long> found() {
    var other = new SpanLog(dir, "p%2Fa");
    try {
      return other.read().keySet();
    } finally {
      other.close();
    }
  }

  private long size() throws IOException {
    return Files.size(dir.resolve("p%2Fa.cuts-0")) + Files.size(dir.resolve("p%2Fa.cuts-1"));
  }

  private static SourceSpan cut(long seq) {
    return new SourceSpan(seq, seq * 2, seq * 2 + 2, 1_000 + seq);
  }

  private static List<SourceSpan> cuts(long from, long to) {
    return LongStream.range(from, to).mapToObj(CutLogTest::cut).toList();
  }
}
