package io.dayu.k8s.desired;

import io.dayu.k8s.crd.StageServiceSpec;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** On which nodes a service is to run. */
public final class ServiceNodes {
  private ServiceNodes() {}

  /**
   * Those that fit the placement: first those that run it, then those that are ready, by name.
   *
   * @param daemonSets that run members: without one a node fits nothing
   * @param running names of the nodes that run it
   */
  public static List<Node> fitting(
      StageServiceSpec spec,
      Collection<Node> nodes,
      List<DaemonSet> daemonSets,
      Set<String> running) {
    var placement = spec.placement();
    return nodes.stream()
        .filter(
            n ->
                placement.nodes().isEmpty()
                    || placement.nodes().contains(n.getMetadata().getName()))
        .filter(n -> Eligibility.selects(placement.nodeSelector(), n))
        .filter(n -> Workloads.image(spec, n).isPresent())
        .filter(
            n ->
                Members.of(n, daemonSets)
                    .filter(
                        m ->
                            placement.role() == null
                                || placement.role().equals(m.cloud() ? "cloud" : "edge"))
                    .isPresent())
        .sorted(
            Comparator.comparing((Node n) -> !running.contains(n.getMetadata().getName()))
                .thenComparing(n -> !Eligibility.ready(n))
                .thenComparing(n -> n.getMetadata().getName()))
        .toList();
  }

  /** The first of these, as many as the spec wants. */
  public static List<Node> bounded(StageServiceSpec spec, List<Node> fitting) {
    return spec.replicas() == null
        ? fitting
        : fitting.stream().limit(Math.max(0, spec.replicas())).toList();
  }
}
