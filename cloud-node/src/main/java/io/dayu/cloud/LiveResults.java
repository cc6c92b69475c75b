package io.dayu.cloud;

import io.dayu.deliver.StoredResult;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Hands new results to whoever watches a pipeline. A watcher that cannot keep up misses results;
 * the store has them all. Safe for any thread.
 */
final class LiveResults {
  private static final int BUFFER = 512;

  private record Watcher(String prefix, BoundedSourceQueue<StoredResult> queue) {}

  private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();

  /** Costs nothing while nobody watches. */
  void publish(List<StoredResult> results) {
    if (watchers.isEmpty()) return;
    for (var result : results)
      for (var watcher : watchers)
        // What does not fit is not shown live; "missed" is part of the promise.
        if (result.element().getStream().startsWith(watcher.prefix()))
          watcher.queue().offer(result);
  }

  Source<StoredResult, NotUsed> watch(String pipeline) {
    return Source.<StoredResult>queue(BUFFER)
        .watchTermination(
            (queue, done) -> {
              var watcher = new Watcher(pipeline + "/", queue);
              watchers.add(watcher);
              done.whenComplete((d, error) -> watchers.remove(watcher));
              return NotUsed.getInstance();
            });
  }
}
