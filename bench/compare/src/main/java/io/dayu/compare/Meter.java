package io.dayu.compare;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what has come to its end in this process, and writes that to standard output. */
final class Meter {
  private static final AtomicLong COUNT = new AtomicLong();
  private static final long[] LATENCIES = new long[30 * (int) Work.PER_SECOND]; // the newest
  private static long measured; // guarded by LATENCIES

  private Meter() {}

  /**
   * @param created of the last of them, by this machine's monotonic clock, which processes share on
   *     Linux; 0 if its latency does not count
   */
  static void counted(int elements, long created) {
    COUNT.addAndGet(elements);
    if (created == 0) return;
    synchronized (LATENCIES) {
      LATENCIES[(int) (measured++ % LATENCIES.length)] = System.nanoTime() - created;
    }
  }

  /** Writes a line every 100 ms: {@code METER epochMillis count p50 p99}, in milliseconds. */
  static void start() {
    var thread = new Thread(Meter::write, "meter");
    thread.setDaemon(true);
    thread.start();
  }

  private static void write() {
    try {
      while (true) {
        Thread.sleep(100);
        long[] latencies;
        synchronized (LATENCIES) {
          latencies = Arrays.copyOf(LATENCIES, (int) Math.min(measured, LATENCIES.length));
        }
        Arrays.sort(latencies);
        System.out.println(
            "METER "
                + System.currentTimeMillis()
                + " "
                + COUNT.get()
                + " "
                + percentile(latencies, 0.5)
                + " "
                + percentile(latencies, 0.99));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static double percentile(long[] sorted, double share) {
    return sorted.length == 0 ? 0 : sorted[(int) Math.ceil(share * sorted.length) - 1] / 1e6;
  }
}
