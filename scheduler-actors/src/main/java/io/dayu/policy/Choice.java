package io.dayu.policy;

import io.dayu.facts.Decision.Share;
import io.dayu.source.Knobs;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a policy wants for a stream. */
public sealed interface Choice {
  /** For people: why. */
  String reason();

  /** Nothing is to change, or nothing can be done. */
  record Keep(String reason) implements Choice {
    public Keep {
      Objects.requireNonNull(reason, "reason");
    }
  }

  /**
   * The whole stream as it should be; it may be what is already there.
   *
   * @param route a node or several for every stage of the pipeline
   */
  record Place(SortedMap<String, List<Share>> route, Knobs knobs, String reason) implements Choice {
    public Place {
      Objects.requireNonNull(knobs, "knobs");
      Objects.requireNonNull(reason, "reason");
      var copy = new TreeMap<String, List<Share>>();
      route.forEach((stage, shares) -> copy.put(stage, List.copyOf(shares)));
      route = Collections.unmodifiableSortedMap(copy);
    }
  }
}
