package io.dayu.collect;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which nodes come and go: one that was lost a second time within a while is on probation when it
 * is back, longer with every loss. Nothing is to be moved to it meanwhile; stages that run on it
 * stay. Plain state without a clock or I/O, for one thread.
 */
public final class Probation {
  /** How often the time is doubled at most. */
  private static final int MAX_DOUBLINGS = 5;

  /**
   * Losses of a node are forgotten once it has been there for so many times the longest probation.
   */
  private static final int FORGIVEN_AFTER = 2;

  private final Duration first;
  private final Map<String, Past> nodes = new TreeMap<>(); // bounded by the nodes ever lost

  private record Past(boolean live, Instant since, int losses) {}

  /**
   * @param first the probation after the second loss; after the first one there is none
   */
  public Probation(Duration first) {
    this.first = first;
  }

  /** Takes in which nodes are live now, and returns those on probation. */
  public Set<String> observe(ClusterState cluster) {
    var now = cluster.at();
    var live = new TreeSet<String>();
    cluster.nodes().values().stream()
        .filter(NodeState::live)
        .map(NodeState::name)
        .forEach(live::add);
    for (var name : live) {
      var past = nodes.get(name);
      if (past == null) nodes.put(name, new Past(true, now, 0));
      else if (!past.live()) nodes.put(name, new Past(true, now, past.losses()));
      else if (!now.isBefore(past.since().plus(longest().multipliedBy(FORGIVEN_AFTER))))
        nodes.put(name, new Past(true, past.since(), 0));
    }
    nodes.replaceAll(
        (name, past) ->
            past.live() && !live.contains(name) ? new Past(false, now, past.losses() + 1) : past);
    nodes
        .values()
        .removeIf(
            past ->
                !past.live()
                    && !now.isBefore(past.since().plus(longest().multipliedBy(FORGIVEN_AFTER))));
    var onProbation = new TreeSet<String>();
    nodes.forEach(
        (name, past) -> {
          if (past.live() && now.isBefore(past.since().plus(length(past.losses()))))
            onProbation.add(name);
        });
    return onProbation;
  }

  private Duration length(int losses) {
    return losses < 2
        ? Duration.ZERO
        : first.multipliedBy(1L << Math.min(losses - 2, MAX_DOUBLINGS));
  }

  private Duration longest() {
    return first.multipliedBy(1L << MAX_DOUBLINGS);
  }
}
