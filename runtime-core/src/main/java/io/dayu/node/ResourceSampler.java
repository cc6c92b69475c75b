package io.dayu.node;

import io.dayu.facts.NodeReport;
import java.time.Clock;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the machine under a node, and the node itself, are using. Rates are means over the time
 * since the sample before; the first sample has none before it, so its rates are 0. Samples less
 * than 100 ms apart repeat the rates, which would be noise.
 *
 * <p>Thread-safe. A sample reads a few files of the system, well below 1 ms.
 */
public final class ResourceSampler {
  /** Whose use of the cores counts. */
  public enum Cpu {
    /** Everybody's: the node has the machine for itself. */
    MACHINE,
    /** The process's own, for CPU and load: several nodes share a machine and are to differ. */
    PROCESS
  }

  /**
   * Sums since some start, and states.
   *
   * @param busyTicks of all cores of the machine together, as is {@code totalTicks}
   * @param loadPerCore of the machine over one minute; negative where the system does not know
   * @param processMs CPU time of this process
   * @param received bytes on all interfaces but loopback
   * @param sent bytes on all interfaces but loopback
   */
  record Counters(
      long busyTicks,
      long totalTicks,
      double loadPerCore,
      long processMs,
      long memoryBytes,
      long availableBytes,
      long rssBytes,
      long received,
      long sent,
      OptionalDouble celsius) {}

  private record Rates(double cpu, double load, double received, double sent) {
    static final Rates NONE = new Rates(0, 0, 0, 0);
  }

  private static final long SHORTEST_MS = 100;
  private static final double LOAD_MS = 60_000;

  private final Cpu cpu;
  private final Clock clock;
  private final int cores;
  private final Supplier<Counters> probe;
  private Rates rates = Rates.NONE;
  private boolean smoothing;
  private @Nullable Counters before; // set by the first sample
  private long beforeMs;

  public ResourceSampler(Cpu cpu, Clock clock) {
    this(cpu, clock, Runtime.getRuntime().availableProcessors(), new ResourceProbe());
  }

  ResourceSampler(Cpu cpu, Clock clock, int cores, Supplier<Counters> probe) {
    this.cpu = cpu;
    this.clock = clock;
    this.cores = cores;
    this.probe = probe;
  }

  public synchronized NodeReport.Resources sample() {
    var now = probe.get();
    var nowMs = clock.millis();
    if (before == null) {
      mark(now, nowMs);
    } else if (nowMs < beforeMs) {
      mark(now, nowMs); // the clock was set back; the rates stay
    } else if (nowMs - beforeMs >= SHORTEST_MS) {
      rates = rates(before, now, nowMs - beforeMs);
      mark(now, nowMs);
    }
    return new NodeReport.Resources(
        cores,
        rates.cpu(),
        cpu == Cpu.MACHINE && now.loadPerCore() >= 0 ? now.loadPerCore() : rates.load(),
        now.memoryBytes() > 0
            ? share(now.memoryBytes() - now.availableBytes(), now.memoryBytes())
            : 0,
        now.memoryBytes(),
        now.rssBytes(),
        rates.received(),
        rates.sent(),
        now.celsius());
  }

  private void mark(Counters now, long nowMs) {
    before = now;
    beforeMs = nowMs;
  }

  private Rates rates(Counters before, Counters now, long ms) {
    var busy =
        switch (cpu) {
          case MACHINE ->
              share(
                  now.busyTicks() - before.busyTicks(),
                  Math.max(1, now.totalTicks() - before.totalTicks()));
          case PROCESS -> share(now.processMs() - before.processMs(), ms * cores);
        };
    // The decay of Unix' one-minute load average.
    var weight = smoothing ? 1 - Math.exp(-ms / LOAD_MS) : 1;
    smoothing = true;
    return new Rates(
        busy,
        rates.load() + weight * (busy - rates.load()),
        perSecond(now.received() - before.received(), ms),
        perSecond(now.sent() - before.sent(), ms));
  }

  private static double share(long part, long whole) {
    return Math.min(1, Math.max(0, (double) part / whole));
  }

  /** An interface that went away takes its count with it: no rate rather than a negative one. */
  private static double perSecond(long bytes, long ms) {
    return Math.max(0, bytes * 1000.0 / ms);
  }
}
