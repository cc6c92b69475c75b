package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.OutboxStore.Kind;
import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import io.dayu.generate.Unsettled.Flight;
import io.dayu.link.FlowKit;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SpoolTest {
  private static final long MS = GenerateKit.MS;

  @TempDir Path dir;
  private final Unsettled unsettled = new Unsettled();
  private long now = GenerateKit.NOW;
  private OutboxStore disk;
  private Spool spool;

  @AfterEach
  void close() {
    disk.close();
  }

  @Test
  void whatIsWrittenIsOnTheDiskWithItsAttempts() {
    open("", 1 << 20);
    var flight = Flight.uncut(FlowKit.element(7, 10), now);
    flight.attempt = 3;
    spool.write(flight).toCompletableFuture().join();
    var found = disk.read(Kind.ELEMENT, GenerateKit.STREAM, 0, 10, 1 << 20);
    assertThat(found.toCompletableFuture().join())
        .containsExactly(FlowKit.element(7, 10).toBuilder().setAttempt(3).build());
  }

  @Test
  void whereThereIsNoRoomItFailsAtOnce() {
    open("quota = 1", 1 << 20);
    waits(10, 6);
    assertThat(spool.write(Flight.uncut(FlowKit.element(7, 10), now)).toCompletableFuture())
        .isCompletedExceptionally();
  }

  @Test
  void whatWaitsComesBackLowestFirstAndBeginsAnewAtTheEnd() {
    open("replay-per-second = 10", 1 << 20);
    waits(10, 4, 3, 2, 1);
    assertThat(brought(200)).containsExactly(1L, 2L);
    waits(10, 0);
    assertThat(brought(200)).containsExactly(3L, 4L);
    assertThat(brought(200)).isEmpty();
    assertThat(brought(200)).containsExactly(0L, 1L);
  }

  @Test
  void itComesBackAtAPace() {
    open("replay-per-second = 10", 1 << 20);
    waits(10, LongStream.range(0, 40).toArray());
    int count = 0;
    for (int i = 0; i < 100; i++) count += brought(20).size(); // two seconds, over the clock's end
    assertThat(count).isBetween(19, 20);
  }

  @Test
  void bytesComeBackAtAPaceToo() {
    open("replay-bytes-per-second = 1000", 1 << 20);
    waits(1_000, LongStream.range(0, 20).toArray());
    int count = 0;
    for (int i = 0; i < 100; i++) count += brought(100).size(); // ten seconds
    assertThat(count).isBetween(8, 11);
  }

  @Test
  void noMoreAreOutstandingThanMay() {
    open("outstanding = 3", 1 << 20);
    waits(10, 1, 2, 3, 4, 5);
    goesOn(brought(200));
    assertThat(unsettled.again()).containsOnlyKeys(1L, 2L, 3L);
    assertThat(spool.next(unsettled, later(200))).isEmpty();
    unsettled.landOutside(2);
    assertThat(brought(200)).containsExactly(4L);
  }

  @Test
  void whatCameBackTakesNoMoreMemoryThanMayBeButOneElement() {
    open("", 2_500);
    waits(1_000, 1, 2, 3, 4, 5);
    goesOn(brought(200));
    assertThat(unsettled.again()).hasSize(3);
    assertThat(spool.next(unsettled, later(200))).isEmpty();
    unsettled.landOutside(1);
    goesOn(brought(200));
    assertThat(unsettled.again()).containsOnlyKeys(2L, 3L, 4L);
  }

  @Test
  void nothingIsReadWhereAllThatWaitsIsUnderWay() {
    open("", 1 << 20);
    assertThat(spool.next(unsettled, later(200))).isEmpty();
    waits(10, 1);
    goesOn(brought(200));
    assertThat(spool.next(unsettled, later(200))).isEmpty();
  }

  @Test
  void oneReadIsUnderWayAtATime() {
    open("", 1 << 20);
    waits(10, 1);
    assertThat(spool.next(unsettled, later(200))).isPresent();
    assertThat(spool.next(unsettled, later(200))).isEmpty();
    spool.brought(List.of()); // it failed
    assertThat(brought(200)).containsExactly(1L);
  }

  @Test
  void allThatCameBackComesAgainAfterARewind() {
    open("replay-per-second = 10", 1 << 20);
    waits(10, 1, 2, 3, 4);
    assertThat(brought(200)).containsExactly(1L, 2L);
    spool.rewind();
    assertThat(brought(200)).containsExactly(1L, 2L);
  }

  @Test
  void aReadThatIsUnderWayDoesNotUndoARewind() {
    open("replay-per-second = 10", 1 << 20);
    waits(10, 1, 2, 3, 4, 5, 6);
    assertThat(brought(200)).containsExactly(1L, 2L);
    var reading = spool.next(unsettled, later(200)).orElseThrow();
    spool.rewind();
    assertThat(spool.next(unsettled, later(200))).as("one read at a time").isEmpty();
    var found = reading.toCompletableFuture().join();
    assertThat(found).extracting(Element::getSeq).containsExactly(3L, 4L);
    spool.brought(found);
    assertThat(brought(200)).containsExactly(1L, 2L);
    assertThat(brought(200)).as("that counts for one read only").containsExactly(3L, 4L);
  }

  private void open(String settings, long maxBytes) {
    disk = GenerateKit.disk(dir, settings);
    spool = new Spool(disk, GenerateKit.STREAM, maxBytes, now);
  }

  private void waits(int bytes, long... seqs) {
    var elements = LongStream.of(seqs).mapToObj(seq -> FlowKit.element(seq, bytes)).toList();
    disk.put(Kind.ELEMENT, elements).toCompletableFuture().join();
    unsettled.restore(new Ranges(), Ranges.of(seqs));
  }

  private long later(int ms) {
    now += ms * MS;
    return now;
  }

  /** What may come back after a while. */
  private List<Long> brought(int afterMs) {
    var reading = spool.next(unsettled, later(afterMs));
    if (reading.isEmpty()) return List.of();
    var found = reading.get().toCompletableFuture().join();
    spool.brought(found);
    return found.stream().map(Element::getSeq).toList();
  }

  private void goesOn(List<Long> seqs) {
    for (long seq : seqs)
      unsettled.again().put(seq, Flight.uncut(FlowKit.element(seq, 1_000), now));
  }
}
