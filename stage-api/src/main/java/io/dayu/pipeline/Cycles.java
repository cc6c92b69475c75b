package io.dayu.pipeline;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Cycles of a small graph. */
final class Cycles {
  private final Map<String, Set<String>> before;

  private Cycles(Map<String, Set<String>> before) {
    this.before = before;
  }

  /**
   * Cycles without a common vertex, such that the graph without their vertices has none; empty
   * exactly if {@code before} has none. Each is in the direction of flow and begins with its first
   * vertex in the order of {@code before}.
   *
   * @param before every vertex with those directly before it, which are vertices too
   */
  static List<List<String>> find(Map<String, Set<String>> before) {
    var rest = new LinkedHashMap<>(before);
    var cycles = new ArrayList<List<String>>();
    for (var cycle = new Cycles(rest).first(); cycle.isPresent(); ) {
      cycles.add(cycle.get());
      rest.keySet().removeAll(cycle.get());
      cycle = new Cycles(rest).first();
    }
    return cycles;
  }

  private Optional<List<String>> first() {
    var done = new LinkedHashSet<String>();
    for (var vertex : before.keySet()) {
      var cycle = walk(vertex, new LinkedHashSet<>(), done);
      if (cycle.isPresent()) return cycle;
    }
    return Optional.empty();
  }

  /** Walks against the flow; a vertex met again on the way back closes a cycle. */
  private Optional<List<String>> walk(String vertex, Set<String> way, Set<String> done) {
    if (!before.containsKey(vertex) || done.contains(vertex)) return Optional.empty();
    if (!way.add(vertex)) {
      var cycle = new ArrayList<>(way);
      cycle.subList(0, cycle.indexOf(vertex)).clear();
      Collections.reverse(cycle);
      var first = before.keySet().stream().filter(cycle::contains).findFirst().orElseThrow();
      Collections.rotate(cycle, -cycle.indexOf(first));
      return Optional.of(List.copyOf(cycle));
    }
    for (var previous : before.get(vertex)) {
      var cycle = walk(previous, way, done);
      if (cycle.isPresent()) return cycle;
    }
    way.remove(vertex);
    done.add(vertex);
    return Optional.empty();
  }
}
