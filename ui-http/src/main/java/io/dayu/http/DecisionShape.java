package io.dayu.http;

import io.dayu.facts.Decision;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** A decision as JSON. */
record DecisionShape(
    String stream,
    long version,
    Instant at,
    Map<String, List<Decision.Share>> route,
    Map<String, List<String>> warm,
    Map<String, Double> knobs,
    String reason) {
  static DecisionShape of(Decision d) {
    return new DecisionShape(
        d.stream().toString(),
        d.version(),
        d.at(),
        d.route(),
        d.warm(),
        d.knobs().values(),
        d.reason());
  }
}
