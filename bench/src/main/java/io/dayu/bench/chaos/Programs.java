package io.dayu.bench.chaos;

import io.dayu.console.UserException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The services' programs that nodes have started. Safe for several threads. */
final class Programs {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final Map<String, Long> frozen = new ConcurrentHashMap<>(); // process by node

  static boolean available() {
    return Shell.succeeds("python3", "-c", "import http.server");
  }

  /** {@code kill -9}; its node starts it again. */
  void kill(String node, long pid) {
    signal("KILL", running(node, pid));
  }

  void freeze(String node, long pid) {
    long program = running(node, pid);
    signal("STOP", program);
    frozen.put(node, program);
  }

  void thaw(String node) {
    var program = frozen.remove(node);
    if (program != null) signal("CONT", program);
  }

  private static void signal(String signal, long pid) {
    Shell.run("kill", "-" + signal, Long.toString(pid));
  }

  /** The program of a node, which may be just being started. */
  private static long running(String node, long pid) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      var program = find(pid);
      if (program.isPresent()) return program.get();
      if (System.nanoTime() > deadline) throw new UserException("no service runs at " + node);
      try {
        Thread.sleep(LOOK_AGAIN.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UserException("interrupted", e);
      }
    }
  }

  private static Optional<Long> find(long node) {
    return ProcessHandle.of(node).stream()
        .flatMap(ProcessHandle::descendants)
        .filter(process -> process.info().command().filter(c -> c.contains("python")).isPresent())
        .map(ProcessHandle::pid)
        .findFirst();
  }
}
