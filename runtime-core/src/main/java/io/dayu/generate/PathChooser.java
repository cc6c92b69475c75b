package io.dayu.generate;

import io.dayu.facts.Decision;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Fixes the path of an element: for every stage one node, drawn from the decision's shares by
 * smooth weighted round robin (the rule of nginx: the node with the highest running total goes
 * first and pays the sum of all weights), so that short sequences keep the proportions too. Suspect
 * nodes are left out while others remain. Belongs to one actor.
 */
final class PathChooser {
  private Map<String, List<Decision.Share>> route = Map.of();
  private boolean fixed = true;
  private final Map<String, Map<String, Integer>> totals = new HashMap<>();

  void follow(Decision decision) {
    this.route = decision.route();
    this.fixed = route.values().stream().allMatch(shares -> shares.size() == 1);
    totals.clear();
  }

  /** Whether all elements take the same path until the next decision. */
  boolean isFixed() {
    return fixed;
  }

  Map<String, String> path(Set<String> suspects) {
    var path = new HashMap<String, String>();
    route.forEach((stage, shares) -> path.put(stage, next(stage, shares, suspects)));
    return path;
  }

  private String next(String stage, List<Decision.Share> shares, Set<String> suspects) {
    if (shares.size() == 1) return shares.get(0).node();
    var alive = shares.stream().filter(s -> !suspects.contains(s.node())).toList();
    var candidates = alive.isEmpty() ? shares : alive;
    var running = totals.computeIfAbsent(stage, s -> new HashMap<>());
    int sum = 0;
    var best = candidates.get(0).node();
    int most = Integer.MIN_VALUE;
    for (var share : candidates) {
      sum += share.weight();
      int total = running.merge(share.node(), share.weight(), Integer::sum);
      if (total <= most) continue;
      most = total;
      best = share.node();
    }
    running.merge(best, -sum, Integer::sum);
    return best;
  }
}
