package io.dayu.sim;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The open streams of a server: bounds their number, and ends those that are stuck in a write
 * because the client neither reads nor goes away.
 */
final class Viewers {
  static final int MOST = 256;
  static final Duration LONGEST_WRITE = Duration.ofSeconds(10);

  private final Set<Viewer> open = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closing = new CountDownLatch(1);

  /** One stream, used by the thread that serves it. */
  final class Viewer implements AutoCloseable {
    private final Thread thread = Thread.currentThread();
    private volatile long writingSince; // nanoTime, 0 while not writing

    /** Runs a write that may block. */
    void write(Write write) throws IOException {
      writingSince = System.nanoTime() | 1; // never 0
      try {
        write.run();
      } finally {
        writingSince = 0;
      }
    }

    /** Waits; true when the server closes meanwhile. */
    @CanIgnoreReturnValue
    boolean pause(Duration time) throws InterruptedException {
      return closing.await(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void close() {
      open.remove(this);
      // The thread returns to a pool: clear a late interrupt, which is not meant for its next task.
      Thread.interrupted();
    }
  }

  /** A write to a client. */
  interface Write {
    void run() throws IOException;
  }

  /** Registers the calling thread as a stream. */
  Viewer enter() {
    var viewer = new Viewer();
    open.add(viewer);
    return viewer;
  }

  int count() {
    return open.size();
  }

  boolean closing() {
    return closing.getCount() == 0;
  }

  /** Ends streams whose write takes too long: an interrupt closes the channel it is stuck in. */
  void endStuck() {
    long now = System.nanoTime();
    for (var viewer : open) {
      long since = viewer.writingSince;
      if (since != 0 && now - since > LONGEST_WRITE.toNanos()) {
        viewer.thread.interrupt();
      }
    }
  }

  /** Ends all streams. */
  void close() {
    closing.countDown();
    open.forEach(v -> v.thread.interrupt());
  }
}
