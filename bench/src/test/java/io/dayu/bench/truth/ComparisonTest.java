package io.dayu.bench.truth;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.client.LedgerCounts;
import io.dayu.pipeline.StreamName;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static final int COUNT = 20;
  private static final int BYTES = 40;
  private static final Set<String> STAGES = Set.of("a", "b");
  private static final Set<Set<String>> PLANS = Set.of(STAGES, Set.of("a", "b(1)"));

  private static Expected file(Long... kills) {
    return new Expected.Replayed(
        StreamName.parse("p/s"), "file", COUNT, BYTES, PLANS, List.of(kills));
  }

  /** Given at 1000, 1100, … */
  private static Expected live(Long... kills) {
    var times = LongStream.range(0, COUNT).map(i -> 1000 + 100 * i).toArray();
    return new Expected.Live(
        StreamName.parse("p/s"), Map.of("live~1", times), BYTES, PLANS, List.of(kills));
  }

  private static StoredResult row(long seq, String sensor, long index) {
    var checksum = CountedReadings.checksum(CountedReadings.reading(sensor, index, BYTES));
    var mark = new StoredResult.Mark(sensor, index, checksum);
    return new StoredResult(
        StreamName.parse("p/s"),
        seq,
        Optional.empty(),
        0,
        0,
        Collections.nCopies(STAGES.size(), mark),
        STAGES);
  }

  private static List<StoredResult> rows(String sensor) {
    return new ArrayList<>(LongStream.range(0, COUNT).mapToObj(i -> row(i, sensor, i)).toList());
  }

  private static LedgerCounts delivered(long count) {
    return new LedgerCounts(count, count, 0, 0, 0);
  }

  @Test
  void aStoreThatHasEverythingOnceIsRight() {
    var verdict = Comparison.of(file(), rows("file"), delivered(COUNT));
    assertThat(verdict.kept()).as("%s", verdict).isTrue();
    assertThat(verdict.stored()).isEqualTo(COUNT);
    assertThat(Comparison.of(live(), rows("live~1"), delivered(COUNT)).kept()).isTrue();
  }

  @Test
  void aReadingWithoutResultIsLost() {
    var rows = rows("file");
    rows.remove(7);
    var verdict = Comparison.of(file(), rows, delivered(COUNT - 1));
    assertThat(verdict.lost()).isEqualTo(1);
    assertThat(verdict.kept()).isFalse();
    assertThat(verdict.notes()).anyMatch(n -> n.contains("file#7"));
  }

  @Test
  void aNumberThatIsStoredTwiceIsADuplicate() {
    var rows = rows("file");
    rows.add(row(3, "file", 3));
    assertThat(Comparison.of(file(), rows, delivered(COUNT)).duplicates()).isEqualTo(1);
  }

  @Test
  void aReadingUnderTwoNumbersIsADuplicateWhateverHappenedToItsNode() {
    var rows = rows("file");
    rows.add(row(500, "file", 3));
    assertThat(Comparison.of(file(), rows, delivered(COUNT + 1)).duplicates()).isEqualTo(1);
    assertThat(Comparison.of(file(5L), rows, delivered(COUNT + 1)).duplicates()).isEqualTo(1);
    var live = rows("live~1");
    live.add(row(500, "live~1", 3));
    assertThat(Comparison.of(live(5L), live, delivered(COUNT + 1)).duplicates()).isEqualTo(1);
  }

  @Test
  void dataThatWasChangedIsCorrupted() {
    var rows = rows("file");
    var wrong = new StoredResult.Mark("file", 4, "00000000");
    rows.set(
        4,
        new StoredResult(
            StreamName.parse("p/s"),
            4,
            Optional.empty(),
            0,
            0,
            Collections.nCopies(STAGES.size(), wrong),
            STAGES));
    var verdict = Comparison.of(file(), rows, delivered(COUNT));
    assertThat(verdict.corrupted()).isEqualTo(1);
    assertThat(verdict.kept()).isFalse();
  }

  @Test
  void outputsOfDifferentReadingsOrMissingOnesAreCorrupted() {
    var rows = rows("file");
    var mixed = List.of(rows.get(4).marks().get(0), rows.get(5).marks().get(0));
    rows.set(
        4, new StoredResult(StreamName.parse("p/s"), 4, Optional.empty(), 0, 0, mixed, STAGES));
    rows.set(
        6,
        new StoredResult(
            StreamName.parse("p/s"),
            6,
            Optional.empty(),
            0,
            0,
            List.of(rows.get(6).marks().get(0)),
            Set.of("a")));
    assertThat(Comparison.of(file(), rows, delivered(COUNT)).corrupted()).isEqualTo(2);
  }

  @Test
  void aResultHasTheOutputsOfOneVariantOfItsPipeline() {
    var rows = rows("file");
    var row = rows.get(4);
    rows.set(4, planned(row, Set.of("a", "b(1)")));
    assertThat(Comparison.of(file(), rows, delivered(COUNT)).kept()).isTrue();
    rows.set(4, planned(row, Set.of("a", "b(2)")));
    assertThat(Comparison.of(file(), rows, delivered(COUNT)).corrupted()).isEqualTo(1);
    rows.set(4, planned(row, Set.of("b", "b(1)")));
    assertThat(Comparison.of(file(), rows, delivered(COUNT)).corrupted()).isEqualTo(1);
  }

  private static StoredResult planned(StoredResult row, Set<String> plan) {
    return new StoredResult(row.stream(), row.seq(), row.reason(), 0, 0, row.marks(), plan);
  }

  @Test
  void dataThatWasNeverGivenIsCorrupted() {
    var rows = rows("file");
    rows.add(row(COUNT, "file", COUNT));
    assertThat(Comparison.of(file(), rows, delivered(COUNT + 1)).corrupted()).isEqualTo(1);
  }

  @Test
  void anElementThatFailedIsNotLost() {
    var rows = rows("file");
    rows.set(
        4,
        new StoredResult(
            StreamName.parse("p/s"), 4, Optional.of("too late"), 0, 0, List.of(), Set.of()));
    var ledger = new LedgerCounts(COUNT, COUNT - 1, 1, 0, 0);
    assertThat(Comparison.of(file(), rows, ledger).kept()).isTrue();
  }

  @Test
  void aLiveReadingMayBeShedIfItIsCounted() {
    var rows = rows("live~1");
    rows.remove(7);
    var counted = new LedgerCounts(COUNT, COUNT - 1, 0, 1, 0);
    assertThat(Comparison.of(live(), rows, counted).kept()).isTrue();
    var not = Comparison.of(live(), rows, delivered(COUNT - 1));
    assertThat(not.lost()).isEqualTo(1);
    assertThat(not.ledgerBalanced()).isFalse();
  }

  @Test
  void aFileIsNeverShed() {
    var rows = rows("file");
    rows.remove(7);
    var verdict = Comparison.of(file(), rows, new LedgerCounts(COUNT, COUNT - 1, 0, 1, 0));
    assertThat(verdict.lost()).isEqualTo(1);
    assertThat(verdict.ledgerBalanced()).isFalse();
  }

  @Test
  void whatALiveSourceGaveJustBeforeItsNodeWasKilledMayHaveNoNumber() {
    var rows = rows("live~1");
    rows.remove(7); // given at 1700
    var ledger = delivered(COUNT - 1);
    assertThat(Comparison.of(live(1_800L), rows, ledger).kept()).isTrue();
    assertThat(Comparison.of(live(2_900L), rows, ledger).lost()).isEqualTo(1);
    assertThat(Comparison.of(live(1_650L), rows, ledger).lost()).isEqualTo(1);
    var numbered = new LedgerCounts(COUNT, COUNT - 1, 0, 0, 0);
    assertThat(Comparison.of(live(1_800L), rows, numbered).lost()).isEqualTo(1);
  }

  @Test
  void whatALiveSourceHadUnderWayWhenItsNodeWasKilledHasFailed() {
    var rows = rows("live~1");
    rows.set(
        7,
        new StoredResult(
            StreamName.parse("p/s"), 7, Optional.of("its node ended"), 0, 0, List.of(), Set.of()));
    var failed = new LedgerCounts(COUNT, COUNT - 1, 1, 0, 0);
    assertThat(Comparison.of(live(1_800L), rows, failed).kept()).isTrue();
    var shed = new LedgerCounts(COUNT, COUNT - 1, 0, 1, 0);
    assertThat(Comparison.of(live(1_800L), rows, shed).ledgerBalanced()).isFalse();
  }

  @Test
  void aLedgerThatDoesNotAgreeWithTheStoreIsNotBalanced() {
    var rows = rows("file");
    assertThat(Comparison.of(file(), rows, delivered(COUNT - 1)).ledgerBalanced()).isFalse();
    var under = new LedgerCounts(COUNT + 1, COUNT, 0, 0, 1);
    assertThat(Comparison.of(file(), rows, under).ledgerBalanced()).isFalse();
    var off = new LedgerCounts(COUNT + 1, COUNT, 0, 0, 0);
    assertThat(Comparison.of(file(), rows, off).ledgerBalanced()).isFalse();
    assertThat(Comparison.of(file(1L), rows, delivered(COUNT + 1)).ledgerBalanced()).isFalse();
    assertThat(Comparison.of(file(1L), rows, delivered(COUNT - 1)).ledgerBalanced()).isFalse();
  }
}
