package io.dayu.k8s.desired;

import io.dayu.facts.NodeServiceName;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.EndpointsBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The names by which the members on Kubernetes nodes are reached: for each node a Service without a
 * selector and its Endpoints, and the list of cloud members to join (docs/adr/0005). Which nodes
 * have a member, and its ports, follows from the DaemonSets.
 */
public final class Members {
  /** The ConfigMap with the cloud members, and its key. */
  public static final String SEEDS = "dayu-seeds";

  public static final String SEEDS_KEY = "DAYU_SEEDS";

  private static final String ARTERY = "tcp-artery";

  /** The ports that others use, by name. */
  private static final List<String> OFFERED =
      List.of(ARTERY, "tcp-data", "http-management", "http-api");

  /** Cloud nodes need not all be known to a new one. */
  private static final int MOST_SEEDS = 16;

  private Members() {}

  /**
   * A Kubernetes node that has, or is to have, a member.
   *
   * @param cloud whether it is one of the cloud
   * @param address by which other nodes reach it; empty while the node has none
   * @param ports by name, in the order of {@link #OFFERED}
   */
  public record Member(String node, boolean cloud, Optional<String> address, List<Port> ports) {
    public Member {
      ports = List.copyOf(ports);
    }
  }

  /** A port of the host. */
  public record Port(String name, int number) {}

  /** The member of a node; empty if no DaemonSet puts one there, or its label says no. */
  public static Optional<Member> of(Node node, Collection<DaemonSet> daemonSets) {
    if ("false".equals(Eligibility.labels(node).get(Labels.MEMBER))) return Optional.empty();
    return daemonSets.stream()
        .filter(d -> component(d).equals(Labels.CLOUD) || component(d).equals(Labels.EDGE))
        .sorted(Comparator.comparing(d -> d.getMetadata().getName()))
        .filter(d -> Eligibility.matches(d.getSpec().getTemplate().getSpec(), node))
        .findFirst()
        .map(
            d ->
                new Member(
                    node.getMetadata().getName(),
                    component(d).equals(Labels.CLOUD),
                    address(node),
                    ports(d)));
  }

  /** Which of the two kinds of DaemonSets it is; empty if it is none of them. */
  static String component(DaemonSet daemonSet) {
    var labels = daemonSet.getMetadata().getLabels();
    return labels == null ? "" : labels.getOrDefault(Labels.COMPONENT, "");
  }

  /** Empty while the node has no address, as an edge that registers. */
  private static Optional<String> address(Node node) {
    return Optional.ofNullable(node.getStatus()).stream()
        .flatMap(s -> s.getAddresses().stream())
        .filter(a -> "InternalIP".equals(a.getType()))
        .map(a -> a.getAddress())
        .findFirst();
  }

  private static List<Port> ports(DaemonSet daemonSet) {
    var declared =
        daemonSet.getSpec().getTemplate().getSpec().getContainers().stream()
            .flatMap(c -> c.getPorts().stream())
            .filter(p -> p.getName() != null)
            .collect(
                Collectors.toMap(
                    ContainerPort::getName, ContainerPort::getContainerPort, (a, b) -> a));
    return OFFERED.stream()
        .flatMap(
            name ->
                Optional.ofNullable(declared.get(name)).stream()
                    .map(number -> new Port(name, number)))
        .toList();
  }

  /** The Service: it outlives pods and absences, and EdgeMesh carries it between sites. */
  public static Service service(Member member, String namespace) {
    return new ServiceBuilder()
        .withNewMetadata()
        .withName(NodeServiceName.service(member.node()))
        .withNamespace(namespace)
        .withLabels(Labels.made())
        .withAnnotations(Map.of(Labels.NODE, member.node()))
        .endMetadata()
        .withNewSpec()
        .withType("ClusterIP")
        .withPorts(
            member.ports().stream()
                .map(
                    p ->
                        new ServicePortBuilder()
                            .withName(p.name())
                            .withPort(p.number())
                            .withTargetPort(new IntOrString(p.number()))
                            .build())
                .toList())
        .endSpec()
        .build();
  }

  /** Its Endpoints; empty while the node has no address. */
  public static Optional<Endpoints> endpoints(Member member, String namespace) {
    return member
        .address()
        .map(
            address ->
                new EndpointsBuilder()
                    .withNewMetadata()
                    .withName(NodeServiceName.service(member.node()))
                    .withNamespace(namespace)
                    .withLabels(Labels.made())
                    .withAnnotations(Map.of(Labels.NODE, member.node()))
                    .endMetadata()
                    .addNewSubset()
                    .addNewAddress()
                    .withIp(address)
                    .withNodeName(member.node())
                    .endAddress()
                    .withPorts(
                        member.ports().stream()
                            .map(
                                p ->
                                    new EndpointPortBuilder()
                                        .withName(p.name())
                                        .withPort(p.number())
                                        .build())
                            .toList())
                    .endSubset()
                    .build());
  }

  /**
   * The cloud members to join, in the order of their names and the same for all nodes; empty if
   * there is none, since an empty list would tell a cloud node to found a cluster of its own.
   *
   * @param domain of the cluster's DNS
   */
  public static Optional<ConfigMap> seeds(
      Collection<Member> members, String namespace, String domain) {
    var seeds =
        members.stream()
            .filter(m -> m.cloud() && m.address().isPresent())
            .sorted(Comparator.comparing(Member::node))
            .flatMap(
                m ->
                    m.ports().stream()
                        .filter(p -> p.name().equals(ARTERY))
                        .map(
                            p ->
                                NodeServiceName.host(m.node(), namespace, domain)
                                    + ":"
                                    + p.number()))
            .limit(MOST_SEEDS)
            .collect(Collectors.joining(","));
    if (seeds.isEmpty()) return Optional.empty();
    return Optional.of(
        new ConfigMapBuilder()
            .withNewMetadata()
            .withName(SEEDS)
            .withNamespace(namespace)
            .withLabels(Labels.made())
            .endMetadata()
            .withData(Map.of(SEEDS_KEY, seeds))
            .build());
  }
}
