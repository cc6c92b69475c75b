package io.dayu.k8s.reconcile;

import io.dayu.k8s.crd.NodeProfileResource;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.crd.StageServiceSpec;
import io.dayu.k8s.desired.DynamicParameters;
import io.dayu.k8s.desired.HostPaths;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.NodeProfiles;
import io.dayu.k8s.desired.RevisionSwitch.Plan;
import io.dayu.k8s.desired.RevisionSwitch.Revision;
import io.dayu.k8s.desired.Workloads;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Has those containers of a service run that a plan names, with their parameters, and no others.
 */
final class ServiceContainers {
  private final Cluster cluster;
  private final OperatorSettings settings;

  ServiceContainers(Cluster cluster, OperatorSettings settings) {
    this.cluster = cluster;
    this.settings = settings;
  }

  /**
   * Only the revision that the spec describes can be made; older ones are left as they are, or
   * deleted.
   */
  void run(
      StageServiceResource resource,
      Plan plan,
      String target,
      List<Node> nodes,
      List<Deployment> there,
      int port) {
    var name = resource.getMetadata().getName();
    var spec = resource.getSpec();
    var owner = owner(resource);
    var names = nodes.stream().map(n -> n.getMetadata().getName()).collect(Collectors.toSet());
    for (var d : there)
      if (!plan.run().contains(Labels.of(d, Workloads.REVISION)) || !names.contains(Labels.node(d)))
        cluster.delete(d);
    for (var map : cluster.listOf(name, ConfigMap.class))
      if (!map.getMetadata().getName().equals(DynamicParameters.name(name))
          && !plan.run().contains(Labels.of(map, Workloads.REVISION))) cluster.delete(map);
    dynamic(name, spec, owner, plan.run().equals(List.of(target)));
    if (!plan.run().contains(target)) return;
    // Its containers would move to another directory, and back when profiles are known.
    if (HostPaths.dependOnTheNode(spec) && !cluster.knows(NodeProfileResource.class)) return;
    cluster.apply(
        ConfigMap.class, Workloads.parameters(name, settings.namespace(), owner, target, spec));
    // An earlier release cut names to what another service's could be too. They hold the port.
    for (var d : there)
      if (target.equals(Labels.of(d, Workloads.REVISION))
          && !d.getMetadata().getName().equals(Workloads.name(name, Labels.node(d), target)))
        cluster.delete(d);
    int slot =
        plan.state().candidate().or(() -> plan.state().active()).map(Revision::slot).orElse(0);
    for (var node : nodes)
      Workloads.image(spec, node)
          .ifPresent(
              image ->
                  cluster.apply(
                      Deployment.class,
                      HostPaths.below(
                          Workloads.deployment(
                              name,
                              settings.namespace(),
                              owner,
                              target,
                              spec,
                              node.getMetadata().getName(),
                              image,
                              port + slot),
                          hostPathPrefix(node))));
  }

  private String hostPathPrefix(Node node) {
    var profiles =
        cluster.list(NodeProfileResource.class).stream().map(NodeProfiles.Profile::of).toList();
    return NodeProfiles.of(node, profiles)
        .profile()
        .flatMap(NodeProfiles.Profile::hostPathPrefix)
        .orElse(HostPaths.USUAL);
  }

  /**
   * All revisions see the present values, one that the spec does not describe too.
   *
   * @param alone whether only the revision runs that the spec describes
   */
  private void dynamic(String name, StageServiceSpec spec, OwnerReference owner, boolean alone) {
    var present = cluster.get(ConfigMap.class, DynamicParameters.name(name));
    if (!spec.dynamic().isEmpty())
      cluster.apply(
          ConfigMap.class,
          DynamicParameters.configMap(
              name, settings.namespace(), owner, spec, alone ? Optional.empty() : present));
    else if (alone) present.ifPresent(cluster::delete);
  }

  private static OwnerReference owner(StageServiceResource resource) {
    return new OwnerReferenceBuilder()
        .withApiVersion(resource.getApiVersion())
        .withKind(resource.getKind())
        .withName(resource.getMetadata().getName())
        .withUid(resource.getMetadata().getUid())
        .withController(true)
        .withBlockOwnerDeletion(true)
        .build();
  }
}
