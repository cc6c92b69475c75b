package io.dayu.k8s.reconcile;

import io.dayu.facts.NodeServiceName;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.desired.Containers;
import io.dayu.k8s.desired.Eligibility;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.RevisionSwitch.Health;
import io.dayu.k8s.desired.Workloads;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** How revisions of services are, by what their containers and the members that call them say. */
final class ServiceHealth {
  private final Cluster cluster;
  private final Declarations declarations;

  ServiceHealth(Cluster cluster, Declarations declarations) {
    this.cluster = cluster;
    this.declarations = declarations;
  }

  /**
   * @param nodes on which it is to run
   * @param there the Deployments of the service
   * @param port of the revision
   * @throws Runtime.Unreachable if members have to be asked and the API does not answer
   */
  Health of(String name, String revision, List<Node> nodes, List<Deployment> there, int port) {
    var wanted =
        nodes.stream()
            .filter(Eligibility::ready)
            .map(n -> n.getMetadata().getName())
            .collect(Collectors.toSet());
    var ready =
        there.stream()
            .filter(d -> revision.equals(Labels.of(d, Workloads.REVISION)) && Containers.isReady(d))
            .map(Labels::node)
            .filter(wanted::contains)
            .collect(Collectors.toSet());
    var traffic = traffic(name, port, ready);
    return new Health(
        wanted.size(),
        ready.size(),
        traffic.calling(),
        traffic.done(),
        traffic.elsewhere(),
        traffic.figures(),
        traffic.before(),
        broken(name, revision));
  }

  /** Why a revision will not become ready, if that is known. */
  Optional<String> broken(String name, String revision) {
    return cluster.listOf(name, Pod.class).stream()
        .filter(p -> revision.equals(Labels.of(p, Workloads.REVISION)))
        .flatMap(p -> Containers.broken(p).stream())
        .findFirst();
  }

  /** Nobody is asked unless a revision is to take over. */
  private Traffic traffic(String name, int port, Set<String> nodes) {
    if (nodes.isEmpty()
        || cluster
            .get(StageServiceResource.class, name)
            .map(r -> r.getStatus().candidate())
            .filter(c -> c.told() != null)
            .isEmpty()) return Traffic.NONE;
    var callers = declarations.callers(name);
    return Traffic.of(
        nodes.stream()
            .map(NodeServiceName::member)
            .flatMap(m -> Optional.ofNullable(callers.get(m)).stream())
            .toList(),
        port);
  }
}
