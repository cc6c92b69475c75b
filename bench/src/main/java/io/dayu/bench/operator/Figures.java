package io.dayu.bench.operator;

import java.util.Map;
import java.util.stream.Collectors;

/** What an operator's {@code /metrics} say, by name and labels. */
record Figures(Map<String, Double> values) {
  static Figures of(String text) {
    return new Figures(
        text.lines()
            .filter(line -> !line.startsWith("#") && line.contains(" "))
            .collect(
                Collectors.toMap(
                    line -> line.substring(0, line.lastIndexOf(' ')),
                    line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))));
  }

  /** All of those whose name and labels begin so. */
  double sum(String beginning) {
    return values.entrySet().stream()
        .filter(e -> e.getKey().startsWith(beginning))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }

  /** Whether it leads, is told of every kind, and has nothing to do. */
  boolean isAtRest() {
    return sum("dayu_operator_leader") == 1
        && values.entrySet().stream()
            .filter(e -> e.getKey().startsWith("dayu_operator_watch_up"))
            .allMatch(e -> e.getValue() == 1)
        && sum("dayu_operator_queue_depth") == 0
        && sum("dayu_operator_retrying") == 0;
  }

  /** Whether everything that there is was looked at once. */
  boolean hasLookedAt(Simulation.Size size) {
    return isAtRest()
        && sum("dayu_operator_resources{kind=\"pipelines\"") == size.pipelines()
        && sum("dayu_operator_resources{kind=\"stageservices\"") == size.services()
        && sum("dayu_operator_reconciles_total{kind=\"node\"") >= size.nodes()
        && sum("dayu_operator_reconciles_total{kind=\"pipeline\"") >= size.pipelines()
        && sum("dayu_operator_reconciles_total{kind=\"service\"") >= size.services();
  }
}
