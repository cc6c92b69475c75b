package io.dayu.flow;

import io.dayu.facts.View;
import java.time.Duration;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Pipelines that a node has kept and does not run yet, because its last run died soon after its
 * start: one of them may have been the cause, and may be deleted or changed since. Each runs as
 * soon as the cluster says that it is to run; what the cluster does not speak of runs after a
 * while, since the node may be cut off. Belongs to one actor.
 */
final class CloudFirst {
  /**
   * The cluster first removes the life of the node that died: what it knows came 9 s after the
   * start.
   */
  static final Duration AT_MOST = Duration.ofSeconds(15);

  private final Set<String> waiting;

  /**
   * @param names of the pipelines that are to wait; none after a run that did not die early
   */
  CloudFirst(Set<String> names) {
    waiting = new TreeSet<>(names);
  }

  Set<String> waiting() {
    return Set.copyOf(waiting);
  }

  /** Nothing waits any longer. */
  void end() {
    waiting.clear();
  }

  /**
   * What may run.
   *
   * @param heard what the cluster has told; empty while it has told nothing
   * @param whole the same, completed by what was kept
   */
  View allowed(View heard, View whole) {
    waiting.removeAll(heard.pipelines().keySet());
    waiting.removeAll(heard.dropped().keySet());
    if (waiting.isEmpty()) return whole;
    var pipelines = new TreeMap<>(whole.pipelines());
    pipelines.keySet().removeAll(waiting);
    return new View(whole.nodes(), whole.decisions(), pipelines, whole.dropped());
  }
}
