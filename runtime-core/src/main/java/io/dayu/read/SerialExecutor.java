package io.dayu.read;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks one after another, in the order in which they come, each seeing what those before it
 * did. A thread that brings a task while none runs, runs it, and all tasks that come meanwhile;
 * other threads only add their task and return. No lock is held while a task runs, so a task may
 * call any code: if that code calls this executor, on whatever thread, it only adds a task. Tasks
 * must not block.
 */
final class SerialExecutor implements Executor {
  private static final Logger LOG = LoggerFactory.getLogger(SerialExecutor.class);

  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger(); // the running task included

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    if (waiting.getAndIncrement() > 0) return;
    do {
      try {
        tasks.poll().run();
      } catch (RuntimeException | LinkageError e) {
        LOG.error("a task has failed; the next ones are run anyway", e);
      }
    } while (waiting.decrementAndGet() > 0);
  }
}
