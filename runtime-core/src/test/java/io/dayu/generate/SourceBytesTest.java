package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.settings.Budget;
import io.dayu.source.SourceException;
import org.junit.jupiter.api.Test;

final class SourceBytesTest {
  private static final long MIB = 1 << 20;

  private final Budget budget = new Budget("sources", 16 * MIB);
  private final SourceBytes memory = new SourceBytes(budget);
  private final SourceBytes.Account greedy = memory.account();
  private final SourceBytes.Opening first = greedy.open(0);

  @Test
  void aStreamLeavesAsMuchToOthersAsItHas() {
    assertThat(takeAll(first)).isEqualTo(8);
    assertThat(takeAll(memory.account().open(0))).isEqualTo(4);
    assertThat(takeAll(memory.account().open(0))).isEqualTo(2);
  }

  @Test
  void whatWaitsGetsTheMemoryThatWasGivenBack() {
    takeAll(first);
    var waits = first.room(MIB).toCompletableFuture();
    assertThat(waits).isNotDone();
    first.handedOver(MIB);
    assertThat(waits).isCompletedWithValue(true);
    greedy.change(MIB); // taken over
    assertThat(budget.used()).isEqualTo(9 * MIB);
  }

  @Test
  void aStreamThatHasNothingGoesBeforeTheOthers() {
    takeAll(first);
    takeAll(memory.account().open(0));
    takeAll(memory.account().open(0));
    var more = first.room(MIB).toCompletableFuture();
    var late = memory.account().open(0).room(4 * MIB).toCompletableFuture();
    first.handedOver(MIB);
    assertThat(late).isNotDone();
    assertThat(more).isNotDone();
    first.handedOver(MIB);
    assertThat(late).isCompletedWithValue(true);
    assertThat(more).isNotDone();
  }

  @Test
  void aLittleEachStreamAlwaysHas() {
    takeAll(first);
    memory.account().open(0).room(4 * MIB);
    budget.add(4 * MIB);
    var sensor = memory.account().open(0);
    assertThat(sensor.roomNow(SourceBytes.LEAST)).isTrue();
    assertThat(sensor.roomNow(1)).isFalse();
  }

  @Test
  void whatCanNeverFitIsRefusedForGood() {
    assertThatThrownBy(() -> greedy.open(4 * MIB + 1))
        .hasMessageContaining("dayu.memory.sources")
        .isInstanceOfSatisfying(SourceException.class, e -> assertThat(e.permanent()).isTrue());
    for (int i = 0; i < 4; i++) memory.account().open(4 * MIB);
    assertThatThrownBy(() -> greedy.open(MIB))
        .hasMessageContaining("waits for memory")
        .isInstanceOfSatisfying(SourceException.class, e -> assertThat(e.permanent()).isFalse());
  }

  @Test
  void nothingStaysTakenBehindAStreamThatEnds() {
    var own = greedy.open(MIB);
    own.roomNow(MIB);
    takeAll(first);
    var waits = first.room(MIB).toCompletableFuture();
    greedy.change(3 * MIB);
    own.close();
    first.close();
    own.handedOver(MIB);
    assertThat(waits).isCompletedWithValue(false);
    assertThat(budget.used()).isEqualTo(3 * MIB);
    greedy.close();
    assertThat(budget.used()).isZero();
    assertThat(first.room(1).toCompletableFuture()).isCompletedWithValue(false);
  }

  /** Takes segments of one MiB as long as there is memory for them. */
  private static int takeAll(SourceBytes.Opening opening) {
    int taken = 0;
    while (opening.roomNow(MIB)) taken++;
    return taken;
  }
}
