package io.dayu.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PaceTest {
  private final AtomicLong now = new AtomicLong(7_000);
  private final Instant start = Instant.parse("2026-01-01T00:00:00Z");
  private final Pace pace = new Pace(4, start, now::get);

  @Test
  void numbersGrowWithTimeAndNeverDrift() {
    assertThat(pace.newest()).isZero();
    now.addAndGet(Duration.ofMillis(249).toNanos());
    assertThat(pace.newest()).isZero();
    now.addAndGet(Duration.ofMillis(1).toNanos());
    assertThat(pace.newest()).isEqualTo(1);
    now.addAndGet(Duration.ofDays(30).toNanos());
    assertThat(pace.newest()).isEqualTo(1 + 30L * 86_400 * 4);
    assertThat(pace.at(30L * 86_400 * 4)).isEqualTo(start.plus(Duration.ofDays(30)));
  }

  @Test
  void whoComesLateGetsTheNewest() throws InterruptedException {
    now.addAndGet(Duration.ofSeconds(5).toNanos());
    assertThat(pace.awaitNewerThan(3)).isEqualTo(20);
  }
}
