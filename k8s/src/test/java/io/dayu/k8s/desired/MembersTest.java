package io.dayu.k8s.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.k8s.desired.Members.Port;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MembersTest {
  private static final String NAMESPACE = "dayu-system";
  private static final List<DaemonSet> BOTH =
      List.of(Nodes.edges(NAMESPACE), Nodes.clouds(NAMESPACE));

  @Test
  void theKindOfMemberAndItsPortsFollowFromTheDaemonSetThatWantsTheNode() {
    var cloud = Members.of(Nodes.cloud("c", "192.0.2.1"), BOTH).orElseThrow();
    assertThat(cloud.cloud()).isTrue();
    assertThat(cloud.ports()).extracting(Port::name).contains("http-management");
    var edge = Members.of(Nodes.edge("e", "192.0.2.2"), BOTH).orElseThrow();
    assertThat(edge.cloud()).isFalse();
    assertThat(edge.ports())
        .containsExactly(new Port("tcp-artery", 25520), new Port("tcp-data", 25530));
  }

  @Test
  void aLabelKeepsANodeOut() {
    var node =
        new NodeBuilder(Nodes.edge("e", "192.0.2.2"))
            .editMetadata()
            .addToLabels(Labels.MEMBER, "false")
            .endMetadata()
            .build();
    assertThat(Members.of(node, BOTH)).isEmpty();
    assertThat(Members.of(Nodes.edge("e", "192.0.2.2"), List.of())).isEmpty();
  }

  @Test
  void theServiceHasNoSelectorAndItsEndpointsNameTheNode() {
    var member = Members.of(Nodes.edge("edge.b", "192.0.2.2"), BOTH).orElseThrow();
    var service = Members.service(member, NAMESPACE);
    assertThat(service.getSpec().getSelector()).isNullOrEmpty();
    assertThat(service.getMetadata().getName()).matches("node-edge-b-[0-9a-f]{6}");
    var endpoints = Members.endpoints(member, NAMESPACE).orElseThrow();
    assertThat(endpoints.getMetadata().getName()).isEqualTo(service.getMetadata().getName());
    assertThat(endpoints.getSubsets())
        .singleElement()
        .satisfies(
            s -> {
              assertThat(s.getAddresses())
                  .singleElement()
                  .satisfies(
                      a -> {
                        assertThat(a.getIp()).isEqualTo("192.0.2.2");
                        assertThat(a.getNodeName()).isEqualTo("edge.b");
                      });
              assertThat(s.getPorts()).hasSize(2);
            });
  }

  @Test
  void aNodeWithoutAnAddressHasNoEndpointsYet() {
    var node = new NodeBuilder(Nodes.edge("e", "192.0.2.2")).withStatus(null).build();
    var member = Members.of(node, BOTH).orElseThrow();
    assertThat(Members.endpoints(member, NAMESPACE)).isEmpty();
  }

  @Test
  void seedsAreCloudMembersInTheOrderOfTheirNames() {
    var seeds =
        Members.seeds(
            members(
                Nodes.cloud("c-2", "192.0.2.2"),
                Nodes.edge("e", "192.0.2.9"),
                Nodes.cloud("c-1", "192.0.2.1")),
            NAMESPACE,
            "cluster.local");
    assertThat(seeds.orElseThrow().getData())
        .containsEntry(
            Members.SEEDS_KEY,
            "node-c-1.dayu-system.svc.cluster.local:25520,node-c-2.dayu-system.svc.cluster.local:25520");
  }

  @Test
  void thereIsNoListOfSeedsWithoutACloudMember() {
    assertThat(Members.seeds(members(Nodes.edge("e", "192.0.2.9")), NAMESPACE, "cluster.local"))
        .isEmpty();
  }

  private static List<Members.Member> members(Node... nodes) {
    return Stream.of(nodes)
        .flatMap(n -> Members.of(n, BOTH).stream())
        .sorted(Comparator.comparing(Members.Member::node).reversed())
        .toList();
  }
}
