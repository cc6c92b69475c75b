package io.dayu.k8s.reconcile;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Does work for keys, each key by one thread at a time. A key that is added while it waits is done
 * once; one that is added while it is worked on is done once more. Work that throws is tried again,
 * after twice the time at each try, up to a minute; it is never given up, because what it waits for
 * may come at any time. Safe for any thread.
 */
final class WorkQueue<K> implements AutoCloseable {
  private static final Duration FIRST_RETRY = Duration.ofMillis(250);
  private static final Duration LAST_RETRY = Duration.ofMinutes(1);

  /** What is done for a key. */
  interface Work<K> {
    /**
     * @return when to do it again if nothing happens before; empty for not at all
     */
    Optional<Duration> on(K key);
  }

  /**
   * What the queue holds.
   *
   * @param depth keys that wait for a thread
   * @param oldest how long the first of them does
   * @param failed keys that failed the last time
   */
  record Waiting(int depth, Duration oldest, int failed) {}

  private static final class Entry {
    private boolean queued;
    private long since; // it is queued
    private boolean running;
    private boolean again;
    private int failures;
    private @Nullable ScheduledFuture<?> timer;
  }

  private final Map<K, Entry> entries = new HashMap<>();
  private final ScheduledThreadPoolExecutor threads;
  private final Work<K> work;
  private final BiConsumer<K, RuntimeException> failed;

  /**
   * @param failed is told of each failure, before the key waits for its next try
   */
  WorkQueue(int threads, Work<K> work, BiConsumer<K, RuntimeException> failed) {
    this.work = work;
    this.failed = failed;
    this.threads =
        new ScheduledThreadPoolExecutor(
            threads,
            task -> {
              var thread = new Thread(task, "operator");
              thread.setDaemon(true);
              return thread;
            });
    this.threads.setRemoveOnCancelPolicy(true);
    this.threads.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** Has the work done for a key as soon as a thread is free. */
  void add(K key) {
    synchronized (entries) {
      var entry = entries.computeIfAbsent(key, k -> new Entry());
      cancel(entry);
      if (entry.running) entry.again = true;
      else if (!entry.queued && !threads.isShutdown()) {
        entry.queued = true;
        entry.since = System.nanoTime();
        threads.execute(() -> run(key));
      }
    }
  }

  /** Whether one of these keys waits for a thread or has one. */
  boolean isBusy(Predicate<K> which) {
    synchronized (entries) {
      return entries.entrySet().stream()
          .anyMatch(e -> (e.getValue().queued || e.getValue().running) && which.test(e.getKey()));
    }
  }

  Waiting waiting() {
    synchronized (entries) {
      long now = System.nanoTime();
      int depth = 0;
      int failed = 0;
      long oldest = 0;
      for (var entry : entries.values()) {
        if (entry.failures > 0) failed++;
        if (!entry.queued) continue;
        depth++;
        oldest = Math.max(oldest, now - entry.since);
      }
      return new Waiting(depth, Duration.ofNanos(oldest), failed);
    }
  }

  /** Ends after what is being done; at most 5 s are waited for it. */
  @Override
  public void close() {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(5, TimeUnit.SECONDS)) threads.shutdownNow();
    } catch (InterruptedException e) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  private void run(K key) {
    synchronized (entries) {
      var entry = entries.get(key);
      if (entry == null) return;
      entry.queued = false;
      entry.running = true;
    }
    Optional<Duration> next = Optional.empty();
    boolean done = false;
    try {
      next = work.on(key);
      done = true;
    } catch (RuntimeException e) {
      failed.accept(key, e);
    } finally {
      finished(key, done, next);
    }
  }

  private void finished(K key, boolean done, Optional<Duration> next) {
    synchronized (entries) {
      var entry = entries.get(key);
      if (entry == null) return;
      entry.running = false;
      entry.failures = done ? 0 : entry.failures + 1;
      var wait = done ? next : Optional.of(retry(entry.failures));
      boolean again = entry.again;
      entry.again = false;
      // What has failed waits, even if it was added meanwhile: the next try sees that too.
      if (again && done) add(key);
      else if (wait.isPresent() && !threads.isShutdown())
        entry.timer =
            threads.schedule(() -> add(key), wait.get().toMillis(), TimeUnit.MILLISECONDS);
      else entries.remove(key);
    }
  }

  /** With up to half taken off, so that what failed together does not come back together. */
  private static Duration retry(int failures) {
    long full =
        Math.min(LAST_RETRY.toMillis(), FIRST_RETRY.toMillis() << Math.min(failures - 1, 20));
    return Duration.ofMillis(full - ThreadLocalRandom.current().nextLong(full / 2));
  }

  private static void cancel(Entry entry) {
    if (entry.timer != null) entry.timer.cancel(false);
    entry.timer = null;
  }
}
