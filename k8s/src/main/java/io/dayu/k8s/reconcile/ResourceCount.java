package io.dayu.k8s.reconcile;

import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * How many resources of a kind there are, and how many say what of themselves.
 *
 * @param kind the plural, as in a Role
 */
record ResourceCount(String kind, int number, Map<Says, Long> conditions) {
  /**
   * @param type of a condition
   */
  record Says(String type, String status) implements Comparable<Says> {
    @Override
    public int compareTo(Says other) {
      int byType = type.compareTo(other.type);
      return byType != 0 ? byType : status.compareTo(other.status);
    }
  }

  /**
   * @param all the conditions of each resource
   */
  static ResourceCount of(String kind, List<List<Condition>> all) {
    return new ResourceCount(
        kind,
        all.size(),
        all.stream()
            .flatMap(List::stream)
            .collect(
                Collectors.groupingBy(
                    c -> new Says(c.getType(), c.getStatus()),
                    TreeMap::new,
                    Collectors.counting())));
  }
}
