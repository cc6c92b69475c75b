package io.dayu.service;

import io.dayu.facts.NodeReport.Role;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a declaration over the API says of a service that somebody else starts where it is wanted
 * and ends where it is not. Immutable.
 *
 * @param nodes that may have it; empty for all
 * @param role of nodes that may have it; empty for both
 * @param notOn nodes of these that cannot have it now, and why
 */
public record OnDemand(Set<String> nodes, Optional<Role> role, Map<String, String> notOn) {
  public OnDemand {
    nodes = Set.copyOf(nodes);
    notOn = Map.copyOf(notOn);
  }

  /** Whether it is declared for a node, which may be one of those that cannot have it now. */
  public boolean isFor(String node, Role its) {
    return (nodes.isEmpty() || nodes.contains(node)) && (role.isEmpty() || role.get() == its);
  }
}
