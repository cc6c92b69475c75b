package io.dayu.k8s.reconcile;

import java.time.Duration;
import java.util.Objects;

/**
 * Settings of the operator.
 *
 * @param namespace of the installation; nothing else is looked at but nodes
 * @param identity of this process among those that may lead
 * @param domain of the cluster's DNS
 * @param threads that reconcile
 * @param poll how often the pipelines of the runtime are looked at
 * @param absence after which the Service of a node that is gone is deleted: an edge that is
 *     registered anew keeps its address until then
 * @param lease how long a leader may be silent before another takes over
 * @param firstPort the first of {@code ports} ports on the hosts for the containers of services
 */
public record OperatorSettings(
    String namespace,
    String identity,
    String domain,
    int threads,
    Duration poll,
    Duration absence,
    Duration lease,
    int firstPort,
    int ports) {
  public OperatorSettings {
    Objects.requireNonNull(namespace, "namespace");
    Objects.requireNonNull(identity, "identity");
    Objects.requireNonNull(domain, "domain");
    Objects.requireNonNull(poll, "poll");
    Objects.requireNonNull(absence, "absence");
    Objects.requireNonNull(lease, "lease");
    if (threads < 1)
      throw new IllegalArgumentException("threads must be 1 or more, was " + threads);
    if (firstPort < 1024 || ports < 2 || firstPort + ports > 65_536)
      throw new IllegalArgumentException(
          "ports for services must lie between 1024 and 65535, were %s and %s more"
              .formatted(firstPort, ports));
  }

  /** As an installation has them unless it says otherwise. */
  public static OperatorSettings of(String namespace, String identity) {
    return new OperatorSettings(
        namespace,
        identity,
        "cluster.local",
        4,
        Duration.ofSeconds(2),
        Duration.ofMinutes(10),
        Duration.ofSeconds(15),
        26_000,
        4_000);
  }
}
