package io.dayu.read;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks one after another, in the order in which they come, each seeing what those before it
 * did. Whoever brings one while none runs, runs it, and all that come meanwhile; everybody else
 * goes on at once. No lock is held while a task runs, so that it may call what it likes: if that
 * comes back here, on whatever thread, it only leaves another task. Tasks must not block.
 */
final class Turns implements Executor {
  private static final Logger LOG = LoggerFactory.getLogger(Turns.class);

  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger(); // with the one that runs

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    if (waiting.getAndIncrement() > 0) return;
    do {
      try {
        tasks.poll().run();
      } catch (RuntimeException | LinkageError e) {
        LOG.error("a task has failed; the next ones are run all the same", e);
      }
    } while (waiting.decrementAndGet() > 0);
  }
}
