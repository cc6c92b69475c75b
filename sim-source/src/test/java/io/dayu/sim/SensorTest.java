package io.dayu.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SensorTest {
  private static final int DAY = 600;

  private static Sensor sensor(String name, long seed) {
    return new Sensor(name, seed, new Pace(1, Instant.EPOCH, () -> 0), DAY);
  }

  @Test
  void theSameSeedGivesTheSameReadingsInAnyOrder() {
    var one = sensor("sensor-0", 1);
    var again = sensor("sensor-0", 1);
    var backwards = LongStream.range(0, 500).map(n -> 499 - n).mapToObj(again::reading).toList();
    for (int n = 0; n < 500; n++) {
      assertThat(one.reading(n)).isEqualTo(backwards.get(499 - n));
    }
    assertThat(sensor("sensor-0", 2).reading(5).value()).isNotEqualTo(one.reading(5).value());
    assertThat(sensor("sensor-1", 1).reading(5).value()).isNotEqualTo(one.reading(5).value());
  }

  @Test
  void markedReadingsAndOnlyTheyLeaveTheDailyCurve() {
    var sensor = sensor("sensor-0", 1);
    int anomalies = 0;
    for (long n = 0; n < 20_000; n++) {
      var reading = sensor.reading(n);
      double off = Math.abs(reading.value() - 18 - 6 * Math.sin(2 * Math.PI * n / DAY));
      // Noise of 0.3: further than six sigma is no noise, nearer than four is no injected anomaly
      // (at least ten, less noise).
      if (reading.anomaly()) {
        anomalies++;
        assertThat(off).isGreaterThan(4 * 0.3);
      } else {
        assertThat(off).isLessThan(6 * 0.3);
      }
    }
    assertThat(anomalies).isBetween(20_000 / 50, 20_000 / 15);
  }

  @Test
  void timesFollowTheRate() {
    var sensor = new Sensor("s", 1, new Pace(5, Instant.ofEpochMilli(1000), () -> 0), DAY);
    assertThat(sensor.reading(10).atMs()).isEqualTo(3000);
  }
}
