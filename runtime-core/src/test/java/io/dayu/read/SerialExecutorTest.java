package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.dayu.link.Logs;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SerialExecutorTest {
  private static final int THREADS = 8;
  private static final int TASKS = 20_000;

  private record Ran(int thread, int task) {}

  private final SerialExecutor turns = new SerialExecutor();

  @Test
  void tasksOfManyThreadsRunOneAtATimeAllOfThemAndInTheOrderOfEach() throws Exception {
    var ran = new ArrayList<Ran>(); // no thread-safe list: only one task runs at a time
    var running = new AtomicInteger();
    var together = new AtomicInteger();
    var begin = new CyclicBarrier(THREADS);
    var threads = new ArrayList<Thread>();
    for (int t = 0; t < THREADS; t++) {
      int thread = t;
      threads.add(
          new Thread(
              () -> {
                awaitAll(begin);
                for (int i = 0; i < TASKS; i++) {
                  int task = i;
                  turns.execute(
                      () -> {
                        if (running.incrementAndGet() > 1) together.incrementAndGet();
                        ran.add(new Ran(thread, task));
                        running.decrementAndGet();
                      });
                }
              }));
    }
    threads.forEach(Thread::start);
    for (var thread : threads) thread.join();
    assertThat(together).hasValue(0);
    assertThat(ran).hasSize(THREADS * TASKS);
    var next = new int[THREADS];
    for (var each : ran) assertThat(each.task()).isEqualTo(next[each.thread()]++);
  }

  @Test
  void aTaskThatATaskBringsRunsAfterIt() {
    var ran = new ArrayList<String>();
    turns.execute(
        () -> {
          turns.execute(() -> ran.add("second"));
          ran.add("first");
        });
    assertThat(ran).containsExactly("first", "second");
  }

  @Test
  void aTaskThatFailsIsToldAndKeepsNoneFromRunning() {
    var ran = new ArrayList<String>();
    try (var logs = Logs.of(SerialExecutor.class)) {
      turns.execute(
          () -> {
            turns.execute(() -> ran.add("second"));
            throw new IllegalStateException("broken");
          });
      assertThat(logs.has(Level.ERROR, "failed")).isTrue();
    }
    assertThat(ran).isEqualTo(List.of("second"));
  }

  private static void awaitAll(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
