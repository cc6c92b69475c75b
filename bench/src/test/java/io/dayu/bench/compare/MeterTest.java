package io.dayu.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MeterTest {
  @Test
  void theLastWholeLineCountsWhateverStandsAroundIt() {
    var lines =
        List.of(
            "INFO: member 1 of 2",
            "METER 1000 10 0.0 0.0",
            "METER 2000 510 1.5 9.0",
            "WARNING METER",
            "METER 3000 5");

    assertThat(Meter.of(lines)).contains(new Meter(2000, 510, new Latency(1.5, 9.0)));
    assertThat(Meter.of(List.of("INFO: starting"))).isEmpty();
  }

  @Test
  void theRateIsTakenByTheClockOfTheProcessThatCounted() {
    var first = new Meter(1000, 10, new Latency(0, 0));

    assertThat(new Meter(3000, 5010, new Latency(0, 0)).rateSince(first)).isEqualTo(2500);
  }
}
