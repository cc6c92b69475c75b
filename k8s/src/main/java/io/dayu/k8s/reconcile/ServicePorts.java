package io.dayu.k8s.reconcile;

import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.crd.StageServiceStatus;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;

/**
 * Gives each service two ports that no other has, the same on all nodes and for as long as it is
 * there. Safe for any thread.
 */
final class ServicePorts {
  private final Cluster cluster;
  private final OperatorSettings settings;

  /** Given by this process; those in caches may be older. */
  private final Map<String, Integer> given = new HashMap<>();

  ServicePorts(Cluster cluster, OperatorSettings settings) {
    this.cluster = cluster;
    this.settings = settings;
  }

  /** The first of the two; empty if all are in use. */
  synchronized Optional<Integer> of(String name, StageServiceStatus status) {
    if (status.port() != null) {
      given.put(name, status.port());
      return Optional.of(status.port());
    }
    var own = given.get(name);
    if (own != null) return Optional.of(own);
    var used = new HashSet<>(given.values());
    for (var other : cluster.list(StageServiceResource.class))
      if (other.getStatus().port() != null) used.add(other.getStatus().port());
    for (int p = settings.firstPort(); p + 1 < settings.firstPort() + settings.ports(); p += 2)
      if (!used.contains(p)) {
        given.put(name, p);
        return Optional.of(p);
      }
    return Optional.empty();
  }

  /** Those of a service that is gone are for others. */
  synchronized void release(String name) {
    given.remove(name);
  }
}
