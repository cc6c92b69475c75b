package io.dayu.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dayu.facts.NodeServiceName;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.Members;
import io.dayu.k8s.desired.Nodes;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The operator keeps the names of members, on a mock or on the API server of KUBECONFIG. */
@Timeout(120)
class MembersKubeIT {
  private final List<Node> nodes = new ArrayList<>();
  private ApiServer server;
  private Operator operator;

  @BeforeEach
  void start() {
    server = new ApiServer();
    server.client().resource(Nodes.clouds(server.namespace())).create();
    server.client().resource(Nodes.edges(server.namespace())).create();
    operator = operator();
  }

  @AfterEach
  void stop() {
    operator.close();
    nodes.forEach(n -> server.client().resource(n).delete());
    server.close();
  }

  @Test
  void aNodeGetsItsNameAndANewAddressAndKeepsItWhileItIsAway() {
    var edge = add(Nodes.edge(server.name("edge"), "192.0.2.21"));
    await().untilAsserted(() -> assertThat(address(edge)).isEqualTo("192.0.2.21"));
    var uid = service(edge).getMetadata().getUid();

    change(
        new NodeBuilder(edge)
            .editStatus()
            .editFirstAddress()
            .withAddress("192.0.2.99")
            .endAddress()
            .editFirstCondition()
            .withStatus("Unknown")
            .endCondition()
            .endStatus()
            .build());
    await().untilAsserted(() -> assertThat(address(edge)).isEqualTo("192.0.2.99"));
    assertThat(service(edge).getMetadata().getUid()).isEqualTo(uid);
  }

  @Test
  void cloudMembersAreToldToAll() {
    var two = add(Nodes.cloud(server.name("cloud-2"), "192.0.2.12"));
    var one = add(Nodes.cloud(server.name("cloud-1"), "192.0.2.11"));
    await()
        .untilAsserted(
            () ->
                assertThat(seeds())
                    .containsSubsequence(
                        NodeServiceName.service(one.getMetadata().getName()),
                        NodeServiceName.service(two.getMetadata().getName())));
  }

  @Test
  void whatIsAsItShouldBeIsNotWrittenEvenByAnOperatorThatStartsAnew() {
    var edge = add(Nodes.edge(server.name("edge"), "192.0.2.21"));
    var cloud = add(Nodes.cloud(server.name("cloud"), "192.0.2.11"));
    await().untilAsserted(() -> assertThat(address(edge)).isEqualTo("192.0.2.21"));
    await().untilAsserted(() -> assertThat(address(cloud)).isEqualTo("192.0.2.11"));
    await().untilAsserted(() -> assertThat(seeds()).isNotEmpty());

    operator.close();
    operator = operator();
    // A node that comes now is seen last, so all others have been looked at.
    var last = add(Nodes.edge(server.name("later"), "192.0.2.22"));
    await().untilAsserted(() -> assertThat(address(last)).isEqualTo("192.0.2.22"));
    await().until(operator::idle);
    assertThat(operator.writes()).as("Service and Endpoints of the new node").isEqualTo(2);
  }

  @Test
  void whatSomebodyChangesOrDeletesIsMadeAgain() {
    var edge = add(Nodes.edge(server.name("edge"), "192.0.2.21"));
    await().untilAsserted(() -> assertThat(address(edge)).isEqualTo("192.0.2.21"));
    var uid = service(edge).getMetadata().getUid();
    server.client().resource(service(edge)).delete();
    await().untilAsserted(() -> assertThat(service(edge).getMetadata().getUid()).isNotEqualTo(uid));
  }

  @Test
  void aServiceThatSomebodyMadeByHandIsTakenOver() {
    var name = server.name("edge");
    var member = new Members.Member(name, false, Optional.empty(), List.of());
    var byHand = Members.service(member, server.namespace());
    byHand.getMetadata().setLabels(Map.of());
    byHand
        .getSpec()
        .setPorts(List.of(new ServicePortBuilder().withName("tcp-artery").withPort(1).build()));
    server.client().resource(byHand).create();
    var edge = add(Nodes.edge(name, "192.0.2.21"));
    await()
        .untilAsserted(
            () -> {
              assertThat(service(edge).getMetadata().getLabels()).containsAllEntriesOf(Labels.OURS);
              assertThat(service(edge).getSpec().getPorts()).hasSize(2);
            });
  }

  /** Kubernetes knows no new name for a node: the one goes, and another one comes. */
  @Test
  void aNodeThatIsRenamedIsAnotherNodeAndTheOldOneIsNoSeedAnyMore() {
    var old = add(Nodes.cloud(server.name("old"), "192.0.2.11"));
    await().untilAsserted(() -> assertThat(seeds()).contains(host(old)));
    nodes.remove(old);
    server.client().resource(old).delete();
    var renamed = add(Nodes.cloud(server.name("new"), "192.0.2.11"));
    await()
        .untilAsserted(() -> assertThat(seeds()).contains(host(renamed)).doesNotContain(host(old)));
    await().untilAsserted(() -> assertThat(address(renamed)).isEqualTo("192.0.2.11"));
    assertThat(service(old)).as("for whoever still calls it").isNotNull();
  }

  private static String host(Node node) {
    return NodeServiceName.service(node.getMetadata().getName()) + ".";
  }

  @Test
  void aNodeThatIsGoneKeepsItsNameForAWhile() {
    var edge = add(Nodes.edge(server.name("edge"), "192.0.2.21"));
    await().untilAsserted(() -> assertThat(address(edge)).isEqualTo("192.0.2.21"));
    nodes.remove(edge);
    server.client().resource(edge).delete();
    // Another node shows that the deletion has been seen.
    var next = add(Nodes.edge(server.name("next"), "192.0.2.22"));
    await().untilAsserted(() -> assertThat(address(next)).isEqualTo("192.0.2.22"));
    assertThat(service(edge)).isNotNull();

    operator.close();
    operator = operator(Duration.ofMillis(50));
    await()
        .untilAsserted(
            () -> {
              assertThat(service(edge)).isNull();
              assertThat(address(edge)).isEmpty();
            });
    assertThat(service(next)).isNotNull();
  }

  private Operator operator() {
    return operator(Duration.ofMinutes(10));
  }

  private Operator operator(Duration absence) {
    return Operator.start(
        server.client(),
        server.settings(ApiServer.USUAL.poll(), absence, ApiServer.USUAL.lease()),
        new FakeRuntime(),
        new FakeDeclarations());
  }

  private Node add(Node node) {
    var added = server.client().resource(node).create();
    nodes.add(added);
    if (ApiServer.isReal()) return change(node);
    return added;
  }

  /** A real API server takes the status of a node from its kubelet alone. */
  private Node change(Node node) {
    node.getMetadata().setResourceVersion(null);
    return ApiServer.isReal()
        ? server.client().resource(node).updateStatus()
        : server.client().resource(node).update();
  }

  private Service service(Node node) {
    return server
        .client()
        .services()
        .inNamespace(server.namespace())
        .withName(NodeServiceName.service(node.getMetadata().getName()))
        .get();
  }

  private String address(Node node) {
    Endpoints endpoints =
        server
            .client()
            .endpoints()
            .inNamespace(server.namespace())
            .withName(NodeServiceName.service(node.getMetadata().getName()))
            .get();
    return endpoints == null ? "" : endpoints.getSubsets().get(0).getAddresses().get(0).getIp();
  }

  private String seeds() {
    var map =
        server.client().configMaps().inNamespace(server.namespace()).withName(Members.SEEDS).get();
    return map == null ? "" : map.getData().get(Members.SEEDS_KEY);
  }
}
