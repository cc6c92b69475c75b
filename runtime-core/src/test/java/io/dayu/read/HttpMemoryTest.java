package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.dayu.element.Reading;
import io.dayu.link.Logs;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class HttpMemoryTest {
  private final HttpMemory memory = new HttpMemory("http://host/a.csv", 1_000);

  @Test
  void theLatestReadingsAreKnownAndItIsToldThatOlderOnesAreNot() {
    try (var logs = Logs.of(HttpMemory.class)) {
      assertThat(fresh(0, 5_000)).hasSize(5_000);
      assertThat(fresh(4_000, 5_001)).containsExactly(5_000L);
      assertThat(logs.has(Level.WARN, "http://host/a.csv")).isTrue();
      assertThat(fresh(0, 1)).containsExactly(0L);
    }
  }

  @Test
  void aBadRecordIsKnownByItsPlaceAndReason() {
    memory.ask();
    assertThat(memory.isNew(new Entry.Bad("line 2: no"))).isTrue();
    memory.ask();
    assertThat(memory.isNew(new Entry.Bad("line 2: no"))).isFalse();
    assertThat(memory.isNew(new Entry.Bad("line 3: no"))).isTrue();
  }

  @Test
  void theServerIsAskedAgainWhenItIsTimeButAtOnceIfTheAnswerBroke() {
    var every = Duration.ofSeconds(10);
    assertThat(memory.untilDue(every, 0)).isZero();
    memory.ask();
    memory.complete(Optional.empty(), Long.MAX_VALUE - 5);
    assertThat(memory.untilDue(every, Long.MAX_VALUE - 5 + 4_000_000_000L))
        .isEqualTo(Duration.ofSeconds(6));
    assertThat(memory.untilDue(every, Long.MAX_VALUE - 5 + 40_000_000_000L)).isZero();
    memory.ask();
    assertThat(memory.untilDue(every, Long.MAX_VALUE - 5)).isZero();
  }

  /** Which of these an answer gives as new. */
  private List<Long> fresh(long from, long to) {
    memory.ask();
    return LongStream.range(from, to)
        .filter(
            i -> memory.isNew(new Entry.Good(Reading.newBuilder().setAtMs(i).setValue(1).build())))
        .boxed()
        .toList();
  }
}
