package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.deliver.Ranges;
import io.dayu.generate.Unsettled.Flight;
import io.dayu.generate.Unsettled.Oldest;
import io.dayu.link.FlowKit;
import java.util.List;
import org.junit.jupiter.api.Test;

final class UnsettledTest {
  private final Unsettled unsettled = new Unsettled();

  @Test
  void elementsLeaveInTheirOrder() {
    add(1, 2, 3);
    assertThat(launch().base.getSeq()).isEqualTo(1);
    assertThat(launch().base.getSeq()).isEqualTo(2);
    assertThat(unsettled.waiting()).isEqualTo(1);
    assertThat(unsettled.inFlight()).isEqualTo(2);
    assertThat(unsettled.flights()).extracting(f -> f.base.getSeq()).containsExactly(1L, 2L);
  }

  @Test
  void aFlightBeginsWithTheAttemptsOfItsElement() {
    add(1);
    var again = FlowKit.element(2, 10); // sent once before a crash
    unsettled.add(again, GenerateKit.NOW, GenerateKit.span(2));
    var first = launch();
    assertThat(first.attempt).isZero();
    assertThat(first.bornNanos).isEqualTo(GenerateKit.NOW);
    assertThat(first.bytes).isEqualTo(first.base.getSerializedSize());
    assertThat(launch().attempt).isEqualTo(1);
  }

  @Test
  void bytesAreThoseOnTheirWay() {
    add(1, 2);
    assertThat(unsettled.bytes()).isZero();
    long first = launch().bytes;
    long second = launch().bytes;
    assertThat(unsettled.bytes()).isEqualTo(first + second);
    unsettled.land(1);
    assertThat(unsettled.bytes()).isEqualTo(second);
    unsettled.spool(2);
    assertThat(unsettled.bytes()).isZero();
  }

  @Test
  void whatIsShedIsTheOldestOrTheNewestThatWaits() {
    add(1, 2, 3, 4);
    launch();
    unsettled.dropOldest();
    unsettled.dropNewest();
    assertThat(unsettled.open()).isEqualTo(Ranges.of(1, 3));
  }

  @Test
  void anElementLandsOnce() {
    add(1);
    launch();
    assertThat(unsettled.land(1)).isPresent();
    assertThat(unsettled.land(1)).isEmpty();
    assertThat(unsettled.landOutside(1)).isFalse();
    assertThat(unsettled.size()).isZero();
  }

  @Test
  void whatLandsWhileItStillWaitsIsOutsideOfTheWindow() {
    add(1, 2, 3);
    assertThat(unsettled.isOpen(2)).isTrue();
    assertThat(unsettled.land(2)).isEmpty();
    assertThat(unsettled.landOutside(2)).isTrue();
    assertThat(unsettled.isOpen(2)).isFalse();
    assertThat(unsettled.open()).isEqualTo(Ranges.of(1, 3));
  }

  @Test
  void aResultOnTheDiskEndsTheFlight() {
    add(1);
    launch();
    assertThat(unsettled.keepResult(1)).isPresent();
    assertThat(unsettled.keepResult(1)).isEmpty();
    assertThat(unsettled.inFlight()).isZero();
    assertThat(unsettled.onDisk()).isEqualTo(1);
    assertThat(unsettled.isOpen(1)).isTrue();
    assertThat(unsettled.landOutside(1)).isTrue();
    assertThat(unsettled.isOpen(1)).isFalse();
  }

  @Test
  void aResultTakesThePlaceOfItsElementOnTheDisk() {
    add(1);
    bringBack(1);
    assertThat(unsettled.keepResult(1)).as("not in the window").isEmpty();
    assertThat(unsettled.spooled().isEmpty()).isTrue();
    assertThat(unsettled.again()).isEmpty();
    assertThat(unsettled.onDisk()).isEqualTo(1);
  }

  @Test
  void aResultOfWhatIsSettledOrUnknownIsNotKept() {
    add(1);
    launch();
    unsettled.land(1);
    assertThat(unsettled.keepResult(1)).isEmpty();
    assertThat(unsettled.keepResult(7)).isEmpty();
    assertThat(unsettled.size()).isZero();
  }

  @Test
  void onlyWhatIsStillOnItsWayWaitsOnTheDisk() {
    add(1, 2);
    launch();
    launch();
    unsettled.land(2);
    assertThat(unsettled.spool(1)).isPresent();
    assertThat(unsettled.spool(1)).isEmpty();
    assertThat(unsettled.spool(2)).isEmpty();
    assertThat(unsettled.spooled()).isEqualTo(Ranges.of(1));
  }

  @Test
  void whatCameBackFromTheDiskIsSettledThereToo() {
    add(1);
    bringBack(1);
    assertThat(unsettled.size()).as("it is one element").isEqualTo(1);
    assertThat(unsettled.landOutside(1)).isTrue();
    assertThat(unsettled.again()).isEmpty();
    assertThat(unsettled.size()).isZero();
  }

  @Test
  void whatAnEarlierRunLeftIsOpenUntilItIsSettled() {
    unsettled.restore(Ranges.of(1), Ranges.of(2));
    unsettled.lost().put(3L, Flight.uncut(FlowKit.element(3, 10), GenerateKit.NOW));
    unsettled.replayed().restore(List.of(GenerateKit.span(4)), 5);
    assertThat(unsettled.open()).isEqualTo(Ranges.of(1, 2, 3, 4));
    assertThat(unsettled.size()).isEqualTo(4);
    assertThat(unsettled.onDisk()).isEqualTo(2);
    assertThat(unsettled.hereAndNow()).isZero();
    for (long seq = 1; seq <= 4; seq++) {
      assertThat(unsettled.isOpen(seq)).isTrue();
      assertThat(unsettled.landOutside(seq)).isTrue();
      assertThat(unsettled.landOutside(seq)).isFalse();
    }
    assertThat(unsettled.size()).isZero();
  }

  @Test
  void aSuccessorGoesOnBeforeTheOldestThatWouldBeLost() {
    assertThat(unsettled.oldest(9, 90)).isEqualTo(new Oldest(9, 90));
    add(1, 2, 3);
    launch();
    launch();
    assertThat(unsettled.oldest(9, 90)).isEqualTo(new Oldest(1, 1));
    unsettled.spool(1); // safe on the disk
    assertThat(unsettled.oldest(9, 90)).isEqualTo(new Oldest(2, 2));
    unsettled.land(2);
    assertThat(unsettled.oldest(9, 90)).isEqualTo(new Oldest(3, 3));
    unsettled.dropOldest();
    assertThat(unsettled.oldest(9, 90)).isEqualTo(new Oldest(9, 90));
  }

  @Test
  void whatIsToBeReadAgainIsYoungerThanWhatWasReadAgain() {
    unsettled.replayed().restore(List.of(GenerateKit.span(4), GenerateKit.span(6)), 7);
    assertThat(unsettled.oldest(9, 4)).isEqualTo(new Oldest(4, 4));
    unsettled.replayed().next(4, 5);
    add(4);
    assertThat(unsettled.oldest(9, 5)).isEqualTo(new Oldest(4, 4));
    launch();
    unsettled.land(4);
    assertThat(unsettled.oldest(9, 5)).as("from where it is read on").isEqualTo(new Oldest(6, 5));
  }

  @Test
  void underWayIsWhatWasCutAndIsNeitherSettledNorOnTheDisk() {
    add(5, 6, 7);
    launch();
    launch();
    unsettled.keepResult(6);
    unsettled.restore(Ranges.of(1), Ranges.of(2));
    unsettled.lost().put(3L, Flight.uncut(FlowKit.element(3, 10), GenerateKit.NOW));
    unsettled.replayed().restore(List.of(GenerateKit.span(4)), 5);
    assertThat(unsettled.underWay())
        .extracting(SourceSpan::seq)
        .containsExactlyInAnyOrder(3L, 4L, 5L, 7L);
    assertThat(unsettled.hereAndNow()).isEqualTo(2);
  }

  private void add(long... seqs) {
    for (long seq : seqs) {
      var made = GenerateKit.fresh(seq, 10);
      unsettled.add(made.element(), GenerateKit.NOW, made.span());
    }
  }

  private Flight launch() {
    return unsettled.launch();
  }

  /** From the window to the disk, and on its way again from there. */
  private void bringBack(long seq) {
    var flight = launch();
    unsettled.spool(seq);
    unsettled.again().put(seq, Flight.uncut(flight.base, GenerateKit.NOW));
  }
}
