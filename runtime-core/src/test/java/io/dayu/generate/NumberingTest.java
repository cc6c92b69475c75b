package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.util.List;
import java.util.OptionalLong;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

final class NumberingTest {
  private final Numbering numbering = new Numbering();

  @Example
  void beforeItHasStartedThereIsNoNumber() {
    assertThat(numbering.hasStarted()).isFalse();
    assertThat(numbering.has(1)).isFalse();
    assertThat(numbering.hasTaken(0)).isFalse();
    assertThatThrownBy(numbering::take).isInstanceOf(IllegalStateException.class);
  }

  @Example
  void numbersFollowEachOtherFromTheFirstOne() {
    numbering.start(500);
    assertThat(List.of(numbering.take(), numbering.take(), numbering.next()))
        .containsExactly(500L, 501L, 502L);
  }

  @Example
  void onlyNumbersOfThisRunCountAsTaken() {
    numbering.start(500);
    take(2);
    assertThat(List.of(499L, 500L, 501L, 502L))
        .filteredOn(numbering::hasTaken)
        .containsExactly(500L, 501L);
  }

  @Example
  void moreIsReservedOnceHalfOfABlockIsUsed() {
    numbering.start(500);
    take(Numbering.BLOCK / 2);
    assertThat(numbering.isLow()).isFalse();
    assertThat(numbering.toReserve()).isEqualTo(500 + Numbering.BLOCK);
    take(1);
    assertThat(numbering.isLow()).isTrue();
    assertThat(numbering.toReserve()).isEqualTo(numbering.next() + Numbering.BLOCK);
  }

  @Example
  void whatIsToBeReservedIsNotThereBeforeThatIsDurable() {
    numbering.start(0);
    take(Numbering.BLOCK);
    long upTo = numbering.toReserve();
    assertThat(numbering.has(1)).isFalse();
    assertThatThrownBy(numbering::take).isInstanceOf(IllegalStateException.class);
    numbering.reserved(upTo);
    assertThat(numbering.has((int) Numbering.BLOCK)).isTrue();
    assertThat(numbering.has((int) Numbering.BLOCK + 1)).isFalse();
    assertThat(numbering.take()).isEqualTo(Numbering.BLOCK);
  }

  @Example
  void afterTheEndThereIsNoNumber() {
    numbering.start(500);
    take(1);
    numbering.end();
    assertThat(numbering.hasStarted()).isFalse();
    assertThat(numbering.has(1)).isFalse();
    assertThat(numbering.hasTaken(500)).isFalse();
    assertThat(numbering.next()).isEqualTo(501);
    assertThatThrownBy(numbering::take).isInstanceOf(IllegalStateException.class);
  }

  /** A save that is under way at a crash may have become durable, or not. */
  @Property(tries = 100)
  void noNumberIsGivenTwiceNorBeyondWhatIsDurablyReserved(
      @ForAll @Size(max = 50) List<@IntRange(min = 0, max = 9) Integer> steps,
      @ForAll @IntRange(min = 1, max = 15_000) int batch) {
    var run = new Numbering();
    long durable = Numbering.BLOCK;
    var saving = OptionalLong.empty();
    long last = -1;
    run.start(0);
    for (int step : steps)
      switch (step) {
        case 0, 1, 2, 3 -> {
          for (int i = 0; i < batch && run.has(1); i++) {
            long seq = run.take();
            if (seq <= last || seq >= durable) fail("%d after %d, below %d", seq, last, durable);
            last = seq;
          }
        }
        case 4, 5 -> {
          if (saving.isEmpty()) saving = OptionalLong.of(run.toReserve());
        }
        case 6 -> {
          if (saving.isPresent()) run.reserved(durable = saving.getAsLong());
          saving = OptionalLong.empty();
        }
        case 7 -> saving = OptionalLong.empty(); // it has failed
        case 8, 9 -> {
          if (step == 8) durable = saving.orElse(durable);
          saving = OptionalLong.empty();
          run = new Numbering();
          run.start(durable);
          durable += Numbering.BLOCK;
        }
        default -> throw new IllegalArgumentException();
      }
  }

  private void take(long count) {
    for (long i = 0; i < count; i++) numbering.take();
  }
}
