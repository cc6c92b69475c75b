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
  /** After this a node goes on if no cloud node answers its links. */
  static final Duration CUT_OFF = Duration.ofSeconds(5);

  /**
   * So many times as long it waits if one answers: the cluster first removes the life of the node
   * that died, and what it knows came 9 s after the start.
   */
  static final int TIMES = 3;

  private final Set<String> waiting;
  private int times;

  /**
   * @param names of the pipelines that are to wait; none after a run that did not die early
   */
  CloudFirst(Set<String> names) {
    waiting = new TreeSet<>(names);
  }

  Set<String> waiting() {
    return Set.copyOf(waiting);
  }

  /**
   * {@link #CUT_OFF} has passed, once more. Returns what waited and runs now.
   *
   * @param offline whether no cloud node answers
   */
  Set<String> passed(boolean offline) {
    if (!offline && ++times < TIMES) return Set.of();
    var all = waiting();
    waiting.clear();
    return all;
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
    return new View(whole.nodes(), whole.decisions(), pipelines, whole.dropped(), whole.services());
  }
}
