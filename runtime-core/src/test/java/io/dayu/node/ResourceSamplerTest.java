package io.dayu.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.dayu.facts.NodeReport;
import io.dayu.node.ResourceSampler.Counters;
import io.dayu.node.ResourceSampler.Cpu;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ResourceSamplerTest {
  private final TestClock clock = new TestClock();
  private Counters counters = counters(1000, 2000, 500, 10_000, 20_000);

  @Test
  void theFirstSampleHasStatesButNoRates() {
    var first = sampler(Cpu.MACHINE).sample();

    assertThat(first)
        .isEqualTo(new NodeReport.Resources(4, 0, 0.7, 0.75, 400, 50, 0, 0, OptionalDouble.of(41)));
  }

  @Test
  void ratesAreMeansSinceTheSampleBefore() {
    var sampler = sampler(Cpu.MACHINE);
    sampler.sample();
    clock.advance(2000);
    counters = counters(1300, 3000, 500, 30_000, 21_000);

    var second = sampler.sample();

    assertThat(second.cpu()).isEqualTo(0.3);
    assertThat(second.load()).isEqualTo(0.7);
    assertThat(second.receivedPerSecond()).isEqualTo(10_000);
    assertThat(second.sentPerSecond()).isEqualTo(500);
  }

  @Test
  void ofAProcessOnlyItsOwnTimeCounts() {
    var sampler = sampler(Cpu.PROCESS);
    sampler.sample();
    clock.advance(1000);
    counters = counters(2000, 3000, 1500, 0, 0); // one of four cores; the machine is full

    assertThat(sampler.sample().cpu()).isEqualTo(0.25);
    assertThat(sampler.sample().load()).isEqualTo(0.25);

    clock.advance(60_000);
    counters = counters(3000, 4000, 1500, 0, 0);

    assertThat(sampler.sample().cpu()).isZero();
    assertThat(sampler.sample().load()).isEqualTo(0.25 / Math.E, within(1e-9));
  }

  @Test
  void samplesInQuickSuccessionRepeatTheRates() {
    var sampler = sampler(Cpu.MACHINE);
    sampler.sample();
    clock.advance(1000);
    counters = counters(1300, 3000, 500, 10_000, 20_000);
    sampler.sample();
    clock.advance(50);
    counters = counters(1310, 3010, 500, 10_000, 20_000);

    assertThat(sampler.sample().cpu()).isEqualTo(0.3);
  }

  @Test
  void aClockSetBackAndCountersThatShrinkGiveNoNonsense() {
    var sampler = sampler(Cpu.MACHINE);
    sampler.sample();
    clock.advance(1000);
    counters = counters(1300, 3000, 500, 10_000, 20_000);
    sampler.sample();
    clock.advance(-3_600_000);
    assertThat(sampler.sample().cpu()).isEqualTo(0.3);

    clock.advance(1000);
    counters = counters(100, 4000, 500, 5, 6);
    var sample = sampler.sample();

    assertThat(sample.cpu()).isZero();
    assertThat(sample.receivedPerSecond()).isZero();
    assertThat(sample.sentPerSecond()).isZero();
  }

  @Test
  void withoutALoadAverageTheLoadIsThatOfTheCores() {
    var sampler = sampler(Cpu.MACHINE);
    sampler.sample();
    clock.advance(1000);
    counters = new Counters(1500, 3000, -1, 0, 0, 0, 0, 0, 0, OptionalDouble.empty());

    var sample = sampler.sample();

    assertThat(sample.load()).isEqualTo(0.5);
    assertThat(sample.memory()).isZero();
  }

  @Test
  void thisMachineAndProcessAreRead() throws Exception {
    long began = System.nanoTime();
    var sampler = new ResourceSampler(Cpu.PROCESS, Clock.systemUTC());
    var first = sampler.sample();

    assertThat(first.memory()).isBetween(0.01, 1.0);
    assertThat(first.memoryBytes()).isGreaterThan(100L << 20);
    assertThat(first.load()).isZero();
    var statm = Files.readString(Path.of("/proc/self/statm")).split(" ");
    assertThat((double) first.rssBytes())
        .isCloseTo(Long.parseLong(statm[1]) * 4096.0, within(0.3 * first.rssBytes()));

    // On a busy machine half a second of a core takes longer.
    double spent = burn(Duration.ofMillis(500));
    double cpu = sampler.sample().cpu();
    double share = spent / (System.nanoTime() - began) / Runtime.getRuntime().availableProcessors();
    assertThat(cpu).isBetween(0.9 * share, 1.0);
  }

  @Test
  void aSampleIsCheap() {
    var sampler = new ResourceSampler(Cpu.MACHINE, Clock.systemUTC());
    for (var i = 0; i < 100; i++) sampler.sample();
    var threads = ManagementFactory.getThreadMXBean();
    var start = threads.getCurrentThreadCpuTime();
    for (var i = 0; i < 100; i++) sampler.sample();

    // One a second is to stay below 1 % of a core.
    assertThat((threads.getCurrentThreadCpuTime() - start) / 100)
        .as("ns of CPU per sample")
        .isLessThan(Duration.ofMillis(10).toNanos());
  }

  private ResourceSampler sampler(Cpu cpu) {
    return new ResourceSampler(cpu, clock, 4, () -> counters);
  }

  private static Counters counters(long busy, long total, long process, long in, long out) {
    return new Counters(busy, total, 0.7, process, 400, 100, 50, in, out, OptionalDouble.of(41));
  }

  /** Takes so much time of a core; returns how much it took, in nanoseconds. */
  private static double burn(Duration cpu) {
    var threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    var x = 0.0;
    while (threads.getCurrentThreadCpuTime() - start < cpu.toNanos())
      for (var i = 0; i < 10_000; i++) x += Math.sin(x + 1);
    assertThat(x).isNotNaN();
    return threads.getCurrentThreadCpuTime() - start;
  }

  private static final class TestClock extends Clock {
    private Instant now = Instant.parse("2024-01-01T00:00:00Z");

    void advance(long ms) {
      now = now.plusMillis(ms);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException();
    }
  }
}
