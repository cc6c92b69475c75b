package io.dayu.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dayu.k8s.crd.NodeProfileResource;
import io.dayu.k8s.crd.NodeProfileSpec;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.crd.StageServiceSpec;
import io.dayu.k8s.desired.Conditions;
import io.dayu.k8s.desired.HostPaths;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.NodeProfiles;
import io.dayu.k8s.desired.Nodes;
import io.dayu.node.Profile;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The operator keeps a file for each node, on a mock or on the API server of KUBECONFIG. */
@Timeout(120)
class ProfilesKubeIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final List<Node> nodes = new ArrayList<>();
  private ApiServer server;
  private Operator operator;

  @BeforeEach
  void start() {
    server = new ApiServer();
    server.client().resource(Nodes.clouds(server.namespace())).create();
    server.client().resource(Nodes.edges(server.namespace())).create();
    // That of the manifests, which has no label of the operator.
    server
        .client()
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withName(NodeProfiles.MAP)
                .withNamespace(server.namespace())
                .endMetadata()
                .build())
        .create();
    operator = operator();
  }

  @AfterEach
  void stop() {
    operator.close();
    nodes.forEach(n -> server.client().resource(n).delete());
    server.close();
  }

  @Test
  void eachNodeGetsTheSettingsOfItsProfile() {
    var north = node("north", Map.of("site", "north"));
    var south = node("south", Map.of("site", "south"));
    profile("north", Map.of("site", "north"), "{'node':{'site':'north'}}");
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(file(north)).contains("\"north\""));
    assertThat(file(south)).isEmpty();
    profile("all", Map.of(), "{'read':{'files':'/data'}}");
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(file(south)).contains("/data"));
    assertThat(file(north)).doesNotContain("/data");
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(said("north")).isEqualTo("1 Verified"));

    await().atMost(PATIENCE).until(() -> operator.idle());
    operator.close();
    operator = operator();
    await().atMost(PATIENCE).until(() -> operator.seen(2) && operator.idle());
    assertThat(operator.writes()).isZero();

    resource("north").delete();
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(file(north)).contains("/data"));
  }

  @Test
  void settingsThatANodeCouldNotUseAreToldAndNotWritten() {
    var edge = node("edge", Map.of());
    profile("all", Map.of(), "{'read':{'files':'/data'}}");
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(file(edge)).contains("/data"));
    var before = file(edge);
    change("all", "{'read':{'fles':'/data'}}");
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(said("all")).isEqualTo("1 Invalid"));
    assertThat(words("all")).contains("did you mean dayu.read.files");
    assertThat(file(edge)).isEqualTo(before);
    change("all", "{'read':{'files':'/video'}}");
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(file(edge)).contains("/video"));
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(said("all")).isEqualTo("1 Verified"));
  }

  @Test
  void aNodeBetweenTwoProfilesKeepsWhatItHasAndBothSayIt() {
    var edge = node("edge", Map.of("a", "1", "b", "1"));
    profile("one", Map.of("a", "1"), "{'node':{'site':'one'}}");
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(file(edge)).contains("\"one\""));
    var before = file(edge);
    profile("two", Map.of("b", "1"), "{'node':{'site':'two'}}");
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(said("two")).isEqualTo("0 Ambiguous"));
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(said("one")).isEqualTo("0 Ambiguous"));
    assertThat(words("one")).contains(edge.getMetadata().getName(), "one and two");
    assertThat(file(edge)).isEqualTo(before);
  }

  @Test
  void pathsOfTheHostLieWhereTheProfileOfTheNodeSays() {
    var north = node("north", Map.of("site", "north"));
    var south = node("south", Map.of("site", "south"));
    profile("north", Map.of("site", "north"), "{}");
    var service = new StageServiceResource();
    service.setMetadata(
        new ObjectMetaBuilder().withName("s").withNamespace(server.namespace()).build());
    service.setSpec(
        new KubernetesSerialization()
            .unmarshal(
                "---\n{image: 'i:1', mounts: [{path: /m, host: {path: models}}, {path: /a, host: {path: /abs}}]}",
                StageServiceSpec.class));
    server.client().resource(service).create();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(hostPaths(north)).containsExactly("/data/models", "/abs");
              assertThat(hostPaths(south)).containsExactly(HostPaths.USUAL + "/models", "/abs");
            });
  }

  private List<String> hostPaths(Node node) {
    return server
        .client()
        .apps()
        .deployments()
        .inNamespace(server.namespace())
        .list()
        .getItems()
        .stream()
        .filter(
            d ->
                node.getMetadata()
                    .getName()
                    .equals(d.getMetadata().getAnnotations().get(Labels.NODE)))
        .flatMap(d -> d.getSpec().getTemplate().getSpec().getVolumes().stream())
        .filter(v -> v.getHostPath() != null)
        .map(v -> v.getHostPath().getPath())
        .toList();
  }

  private Operator operator() {
    return Operator.start(
        server.client(),
        server.settings(ApiServer.USUAL.poll(), ApiServer.USUAL.absence(), ApiServer.USUAL.lease()),
        new FakeRuntime(),
        new FakeDeclarations());
  }

  private Node node(String name, Map<String, String> labels) {
    var node =
        server
            .client()
            .resource(
                new NodeBuilder(Nodes.edge(server.name(name), "192.0.2.21"))
                    .editMetadata()
                    .addToLabels(labels)
                    .endMetadata()
                    .build())
            .create();
    nodes.add(node);
    return node;
  }

  private void profile(String name, Map<String, String> selector, String settings) {
    var profile = new NodeProfileResource();
    profile.setMetadata(
        new ObjectMetaBuilder().withName(name).withNamespace(server.namespace()).build());
    profile.setSpec(spec(selector, settings));
    server.client().resource(profile).create();
  }

  private void change(String name, String settings) {
    ApiServer.edit(resource(name), p -> p.setSpec(spec(p.getSpec().nodeSelector(), settings)));
  }

  private static NodeProfileSpec spec(Map<String, String> selector, String settings) {
    try {
      return new NodeProfileSpec(
          selector, null, "/data", new ObjectMapper().readTree(settings.replace('\'', '"')));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private io.fabric8.kubernetes.client.dsl.Resource<NodeProfileResource> resource(String name) {
    return server
        .client()
        .resources(NodeProfileResource.class)
        .inNamespace(server.namespace())
        .withName(name);
  }

  private String file(Node node) {
    var map =
        server
            .client()
            .configMaps()
            .inNamespace(server.namespace())
            .withName(NodeProfiles.MAP)
            .get();
    return map.getData() == null
        ? ""
        : map.getData().getOrDefault(Profile.file(node.getMetadata().getName()), "");
  }

  private String said(String name) {
    var status = resource(name).get().getStatus();
    return Conditions.find(status.conditions(), "Accepted")
        .map(c -> status.nodes() + " " + c.getReason())
        .orElse("");
  }

  private String words(String name) {
    return Conditions.find(resource(name).get().getStatus().conditions(), "Accepted")
        .orElseThrow()
        .getMessage();
  }
}
