package io.dayu.cli;

import io.dayu.console.Progress;
import io.dayu.local.BackgroundCluster;
import io.dayu.local.ChildProcess;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Ends nodes that another process has started. */
final class NodeStop {
  private NodeStop() {}

  /** All at once: SIGTERM, and SIGKILL for those that have not ended after a while. */
  static void stop(List<BackgroundCluster.Started> nodes, Progress progress) {
    var ends = new LinkedHashMap<BackgroundCluster.Started, CompletableFuture<ProcessHandle>>();
    for (var node : nodes)
      node.process()
          .ifPresentOrElse(
              process -> {
                ends.put(node, process.onExit());
                process.destroy();
              },
              () -> progress.line("  %-8s had ended already".formatted(node.name())));
    long deadline = System.nanoTime() + ChildProcess.GRACE.toNanos();
    for (var entry : ends.entrySet()) {
      var node = entry.getKey();
      var end = entry.getValue();
      progress.now("  stopping " + node.name() + " …");
      if (ended(end, deadline - System.nanoTime())) {
        progress.line("  %-8s stopped".formatted(node.name()));
        continue;
      }
      // Looked up again: within ten seconds a process id may be given to another process.
      node.process().ifPresent(ProcessHandle::destroyForcibly);
      var killed = ended(end, ChildProcess.GRACE.toNanos());
      progress.line(
          "  %-8s %s".formatted(node.name(), killed ? "did not stop; killed" : "cannot be killed"));
    }
  }

  private static boolean ended(CompletableFuture<ProcessHandle> end, long nanos) {
    try {
      end.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
      return true;
    } catch (java.util.concurrent.TimeoutException e) {
      return false;
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
