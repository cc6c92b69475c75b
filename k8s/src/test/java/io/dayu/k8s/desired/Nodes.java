package io.dayu.k8s.desired;

import io.fabric8.kubernetes.api.model.ContainerPortBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirementBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import java.util.Map;

/** Nodes and DaemonSets as the manifests and KubeEdge make them. */
public final class Nodes {
  private static final String EDGE = "node-role.kubernetes.io/edge";

  private Nodes() {}

  public static Node cloud(String name, String address) {
    return node(name, address, Map.of("kubernetes.io/hostname", name));
  }

  public static Node edge(String name, String address) {
    return node(name, address, Map.of("kubernetes.io/hostname", name, EDGE, ""));
  }

  static Node node(String name, String address, Map<String, String> labels) {
    return new NodeBuilder()
        .withNewMetadata()
        .withName(name)
        .withLabels(labels)
        .endMetadata()
        .withNewSpec()
        .endSpec()
        .withNewStatus()
        .addNewAddress(address, "InternalIP")
        .addNewAddress(name, "Hostname")
        .addNewCondition()
        .withType("Ready")
        .withStatus("True")
        .endCondition()
        .endStatus()
        .build();
  }

  public static DaemonSet clouds(String namespace) {
    var ports = Map.of("tcp-artery", 25520, "tcp-data", 25530, "http-management", 7626);
    return daemonSet(Labels.CLOUD, namespace, "DoesNotExist", ports);
  }

  public static DaemonSet edges(String namespace) {
    return daemonSet(
        Labels.EDGE, namespace, "Exists", Map.of("tcp-artery", 25520, "tcp-data", 25530));
  }

  private static DaemonSet daemonSet(
      String name, String namespace, String operator, Map<String, Integer> ports) {
    var labels = Map.of(Labels.PART_OF, "dayu", Labels.COMPONENT, name);
    return new DaemonSetBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace(namespace)
        .withLabels(labels)
        .endMetadata()
        .withNewSpec()
        .withNewSelector()
        .withMatchLabels(labels)
        .endSelector()
        .withNewUpdateStrategy()
        .withType("OnDelete")
        .endUpdateStrategy()
        .withNewTemplate()
        .withNewMetadata()
        .withLabels(labels)
        .endMetadata()
        .withNewSpec()
        .withNewAffinity()
        .withNewNodeAffinity()
        .withNewRequiredDuringSchedulingIgnoredDuringExecution()
        .addNewNodeSelectorTerm()
        .withMatchExpressions(
            new NodeSelectorRequirementBuilder().withKey(EDGE).withOperator(operator).build())
        .endNodeSelectorTerm()
        .endRequiredDuringSchedulingIgnoredDuringExecution()
        .endNodeAffinity()
        .endAffinity()
        .addNewContainer()
        .withName("node")
        .withImage("dayu/" + name + ":0.1.0")
        .withPorts(
            ports.entrySet().stream()
                .map(
                    p ->
                        new ContainerPortBuilder()
                            .withName(p.getKey())
                            .withContainerPort(p.getValue())
                            .build())
                .toList())
        .endContainer()
        .endSpec()
        .endTemplate()
        .endSpec()
        .build();
  }
}
