package io.dayu.facts;

import io.dayu.pipeline.StreamName;
import io.dayu.source.Knobs;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the scheduler says for one stream. A generator follows the highest version it has seen.
 *
 * @param version 1, 2, 3, … per stream
 * @param at the scheduler's clock; the minimum dwell of what it placed counts from here
 * @param route for every stage the nodes that may run it, with weights; never empty for a stage
 * @param warm instances that are to be started although no element goes there yet, so that a later
 *     decision finds them ready
 * @param reason what a person reads who asks why
 */
public record Decision(
    StreamName stream,
    long version,
    Instant at,
    SortedMap<String, List<Share>> route,
    SortedMap<String, List<String>> warm,
    Knobs knobs,
    String reason)
    implements Wire {
  public Decision {
    Objects.requireNonNull(stream, "stream");
    Objects.requireNonNull(at, "at");
    Objects.requireNonNull(knobs, "knobs");
    Objects.requireNonNull(reason, "reason");
    route = copy(route);
    warm = copy(warm);
    route.forEach(
        (stage, shares) -> {
          if (shares.isEmpty()) throw new IllegalArgumentException("no node for stage " + stage);
        });
  }

  /** A node's part of a stage's elements; {@code weight} is relative and at least 1. */
  public record Share(String node, int weight) {
    public Share {
      Objects.requireNonNull(node, "node");
      if (weight < 1)
        throw new IllegalArgumentException("weight must be at least 1, was " + weight);
    }
  }

  private static <T> SortedMap<String, List<T>> copy(SortedMap<String, List<T>> map) {
    var copy = new TreeMap<String, List<T>>();
    map.forEach((k, v) -> copy.put(k, List.copyOf(v)));
    return Collections.unmodifiableSortedMap(copy);
  }
}
