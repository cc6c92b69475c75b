package io.dayu.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.crd.StageServiceSpec;
import io.dayu.k8s.crd.StageServiceStatus;
import io.dayu.k8s.desired.Conditions;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.Nodes;
import io.dayu.stage.ServiceCalls;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Services in containers follow their resources. On the mock alone, where the test is the kubelet:
 * it says which containers are ready.
 */
@Timeout(120)
class StageServicesKubeIT {
  private final FakeDeclarations declarations = new FakeDeclarations();
  private ApiServer server;
  private Operator operator;

  @BeforeEach
  void start() {
    assumeFalse(ApiServer.isReal(), "plays the kubelet, on the mock alone");
    server = new ApiServer();
    var client = server.client();
    client.resource(Nodes.clouds(server.namespace())).create();
    client.resource(Nodes.edges(server.namespace())).create();
    client.resource(Nodes.cloud("cloud-1", "192.0.2.1")).create();
    client.resource(Nodes.edge("edge-1", "192.0.2.11")).create();
    client.resource(Nodes.edge("edge-2", "192.0.2.12")).create();
    operator = operator();
  }

  @AfterEach
  void stop() {
    if (server == null) return;
    operator.close();
    server.close();
  }

  @Test
  void containersRunOnTheNodesOfThePlacementAndMembersAreToldWhenTheyAreReady() {
    create("{placement: {role: edge}, image: 'count:1', parameters: {LIMIT: '30'}}");
    await().untilAsserted(() -> assertThat(nodes("count:1")).containsExactly("edge-1", "edge-2"));
    assertThat(declarations.declared()).isEmpty();
    ready("count:1");
    await()
        .untilAsserted(
            () -> assertThat(declarations.url("count")).isEqualTo("http://127.0.0.1:26000/"));
    assertThat(declarations.declared().get("count").path("nodes").toString())
        .contains("edge-1", "edge-2");
    await().untilAsserted(() -> assertThat(status().ready()).isEqualTo("2/2"));
    assertThat(status().nodes()).allMatch(StageServiceStatus.NodeState::ready);
    assertThat(condition("Ready")).isEqualTo("True Running");
  }

  /** An earlier release named those of services with long names otherwise. */
  @Test
  void containersUnderAnotherNameMakeRoomForTheirOwn() {
    create("{placement: {role: edge}, image: 'count:1'}");
    await().untilAsserted(() -> assertThat(nodes("count:1")).hasSize(2));
    var own = deployments("count:1").get(0);
    var former =
        new DeploymentBuilder(own)
            .editMetadata()
            .withName("former")
            .withResourceVersion(null)
            .withUid(null)
            .endMetadata()
            .build();
    server.client().resource(former).create();
    await().untilAsserted(() -> assertThat(server.client().resource(former).get()).isNull());
    assertThat(nodes("count:1")).containsExactly("edge-1", "edge-2");
  }

  @Test
  void aRevisionTakesOverAtTheOtherPortAndTheOldOneGoesLast() {
    create("{placement: {role: edge}, image: 'count:1', rollOut: {watchSeconds: 0}}");
    await().untilAsserted(() -> assertThat(nodes("count:1")).hasSize(2));
    ready("count:1");
    await().untilAsserted(() -> assertThat(declarations.url("count")).contains(":26000"));

    change("{placement: {role: edge}, image: 'count:2', rollOut: {watchSeconds: 0}}");
    await().untilAsserted(() -> assertThat(nodes("count:2")).hasSize(2));
    assertThat(nodes("count:1")).hasSize(2);
    assertThat(declarations.url("count")).contains(":26000");
    declarations.said(
        new ServiceCalls("http://127.0.0.1:26001/", 0, 9, 0, 0, 0, 0),
        new ServiceCalls("http://127.0.0.1:26000/", 1, 9, 0, 0, 0, 0));
    ready("count:2");
    await().untilAsserted(() -> assertThat(declarations.url("count")).contains(":26001"));
    await().untilAsserted(() -> assertThat(condition("Progressing")).isEqualTo("True Draining"));
    await().during(Duration.ofSeconds(2)).until(() -> nodes("count:1").size() == 2);
    declarations.said(
        new ServiceCalls("http://127.0.0.1:26001/", 0, 10, 0, 0, 0, 0),
        new ServiceCalls("http://127.0.0.1:26000/", 0, 10, 0, 0, 0, 0));
    await().untilAsserted(() -> assertThat(nodes("count:1")).isEmpty());
    await().untilAsserted(() -> assertThat(condition("Progressing")).isEqualTo("False Complete"));
    assertThat(nodes("count:2")).hasSize(2);
  }

  @Test
  void dynamicParametersChangeUnderContainersThatGoOn() {
    create(
        "{placement: {role: edge}, image: 'count:1', parameters: {LIMIT: '30', MODEL: a}, dynamic: [LIMIT]}");
    await().untilAsserted(() -> assertThat(nodes("count:1")).hasSize(2));
    ready("count:1");
    await().untilAsserted(() -> assertThat(condition("Ready")).isEqualTo("True Running"));
    var revision = status().active().name();
    var containers = uids();
    int changes = declarations.changes();
    assertThat(values("count-dynamic")).isEqualTo(Map.of("LIMIT", "30"));
    assertThat(values("count-" + revision)).isEqualTo(Map.of("MODEL", "a"));
    assertThat(files("count:1"))
        .containsExactly("count-" + revision + " []", "count-dynamic [LIMIT]");

    change(
        "{placement: {role: edge}, image: 'count:1', parameters: {LIMIT: '31', MODEL: a}, dynamic: [LIMIT]}");
    await().untilAsserted(() -> assertThat(values("count-dynamic")).containsEntry("LIMIT", "31"));
    var generation = resource().get().getMetadata().getGeneration();
    await().untilAsserted(() -> assertThat(status().observedGeneration()).isEqualTo(generation));
    assertThat(status().active().name()).isEqualTo(revision);
    assertThat(uids()).isEqualTo(containers);
    assertThat(declarations.changes()).isEqualTo(changes);
  }

  /** So that it can be gone back to, though the next one knows other names. */
  @Test
  void anEarlierRevisionKeepsItsDynamicParametersForAsLongAsItRuns() {
    create(
        "{placement: {role: edge}, image: 'count:1', parameters: {LIMIT: '30'}, dynamic: [LIMIT]}");
    await().untilAsserted(() -> assertThat(nodes("count:1")).hasSize(2));
    ready("count:1");
    await().untilAsserted(() -> assertThat(status().active()).isNotNull());
    change(
        "{placement: {role: edge}, image: 'count:2', parameters: {MOST: '5'}, dynamic: [MOST], rollOut: {watchSeconds: 0, drainSeconds: 1}}");
    await().untilAsserted(() -> assertThat(nodes("count:2")).hasSize(2));
    assertThat(values("count-dynamic")).isEqualTo(Map.of("LIMIT", "30", "MOST", "5"));
    ready("count:2");
    await().untilAsserted(() -> assertThat(nodes("count:1")).isEmpty());
    await().untilAsserted(() -> assertThat(values("count-dynamic")).isEqualTo(Map.of("MOST", "5")));
    change(
        "{placement: {role: edge}, image: 'count:3', rollOut: {watchSeconds: 0, drainSeconds: 1}}");
    await().untilAsserted(() -> assertThat(nodes("count:3")).hasSize(2));
    ready("count:3");
    await().untilAsserted(() -> assertThat(configMap("count-dynamic").get()).isNull());
  }

  private Resource<ConfigMap> configMap(String name) {
    return server.client().configMaps().inNamespace(server.namespace()).withName(name);
  }

  private Map<String, String> values(String configMap) {
    return configMap(configMap).get().getData();
  }

  /** By name; another container would be of another Deployment, or of a changed one. */
  private Map<String, String> uids() {
    return deployments("count:1").stream()
        .collect(
            Collectors.toMap(
                d -> d.getMetadata().getName(),
                d -> d.getMetadata().getUid() + d.getSpec().hashCode()));
  }

  /** Which ConfigMaps the files of parameters come from, and which of their keys. */
  private List<String> files(String image) {
    return deployments(image)
        .get(0)
        .getSpec()
        .getTemplate()
        .getSpec()
        .getVolumes()
        .get(0)
        .getProjected()
        .getSources()
        .stream()
        .map(
            source ->
                source.getConfigMap().getName()
                    + " "
                    + source.getConfigMap().getItems().stream().map(i -> i.getKey()).toList())
        .toList();
  }

  @Test
  void aRevisionThatCrashesIsTakenBackAndTheOldOneWasNeverLeft() {
    create("{placement: {role: edge}, image: 'count:1'}");
    await().untilAsserted(() -> assertThat(nodes("count:1")).hasSize(2));
    ready("count:1");
    await().untilAsserted(() -> assertThat(status().active()).isNotNull());
    int changes = declarations.changes();

    change("{placement: {role: edge}, image: 'count:bad'}");
    await().untilAsserted(() -> assertThat(nodes("count:bad")).hasSize(2));
    crash("count:bad");
    await().untilAsserted(() -> assertThat(condition("Progressing")).isEqualTo("False RolledBack"));
    await().untilAsserted(() -> assertThat(nodes("count:bad")).isEmpty());
    assertThat(nodes("count:1")).hasSize(2);
    assertThat(declarations.changes()).isEqualTo(changes);
    assertThat(Conditions.find(status().conditions(), "Progressing").orElseThrow().getMessage())
        .contains("CrashLoopBackOff");
  }

  @Test
  void aRevisionThatAnswersGarbageIsTakenBackWhileTheOldOneRuns() {
    create("{placement: {role: edge}, image: 'count:1'}");
    await().untilAsserted(() -> assertThat(nodes("count:1")).hasSize(2));
    ready("count:1");
    await().untilAsserted(() -> assertThat(status().active()).isNotNull());

    change("{placement: {role: edge}, image: 'count:bad'}");
    await().untilAsserted(() -> assertThat(nodes("count:bad")).hasSize(2));
    ready("count:bad");
    await().untilAsserted(() -> assertThat(condition("Progressing")).isEqualTo("True Watched"));
    assertThat(declarations.declared().get("count").path("fallback").asText())
        .as("it is called with what the new one cannot do")
        .contains(":26000");
    declarations.said(
        new ServiceCalls("http://127.0.0.1:26001/", 0, 5, 0, 15, 0, 0),
        new ServiceCalls("http://127.0.0.1:26000/", 0, 100, 0, 0, 0, 0));
    await().untilAsserted(() -> assertThat(condition("Progressing")).isEqualTo("False RolledBack"));
    assertThat(Conditions.find(status().conditions(), "Progressing").orElseThrow().getMessage())
        .contains("30 of 40 calls (0 failed, 30 unreadable");
    await().untilAsserted(() -> assertThat(nodes("count:bad")).isEmpty());
    assertThat(nodes("count:1")).hasSize(2);
    assertThat(declarations.url("count")).contains(":26000");
    assertThat(declarations.declared().get("count").has("fallback")).isFalse();
  }

  @Test
  void aFirstRevisionThatCrashesIsWaitedForAndSaysWhy() {
    create("{image: 'count:1', placement: {nodes: [edge-1]}}");
    await().untilAsserted(() -> assertThat(nodes("count:1")).containsExactly("edge-1"));
    crash("count:1");
    await()
        .untilAsserted(
            () ->
                assertThat(Conditions.find(status().conditions(), "Ready").map(c -> c.getMessage()))
                    .hasValueSatisfying(
                        m -> assertThat(m).contains("on node edge-1: CrashLoopBackOff")));
    assertThat(declarations.declared()).isEmpty();
    ready("count:1");
    await().untilAsserted(() -> assertThat(declarations.declared()).containsKey("count"));
  }

  @Test
  void whatIsAsItShouldBeIsNotWrittenAndTheScaleIsKept() {
    create("{image: 'count:1', replicas: 1}");
    await().untilAsserted(() -> assertThat(nodes("count:1")).hasSize(1));
    ready("count:1");
    await().untilAsserted(() -> assertThat(condition("Ready")).isEqualTo("True Running"));
    change("{image: 'count:1', replicas: 3}");
    await().untilAsserted(() -> assertThat(nodes("count:1")).hasSize(3));
    ready("count:1");
    await().untilAsserted(() -> assertThat(status().replicas()).isEqualTo(3));
    operator.close();
    int changes = declarations.changes();
    operator = operator();
    await().during(Duration.ofSeconds(1)).until(operator::idle);
    // Members' Services were made by the first one.
    assertThat(operator.writes()).isZero();
    assertThat(declarations.changes()).isEqualTo(changes);
  }

  @Test
  void membersAreToldBeforeAServiceGoes() {
    create("{image: 'count:1', placement: {nodes: [edge-1]}}");
    await().untilAsserted(() -> assertThat(nodes("count:1")).containsExactly("edge-1"));
    ready("count:1");
    await().untilAsserted(() -> assertThat(declarations.declared()).containsKey("count"));
    await().untilAsserted(() -> assertThat(status().active()).isNotNull());
    resource().delete();
    await().untilAsserted(() -> assertThat(resource().get()).isNull());
    assertThat(declarations.declared()).isEmpty();
  }

  private static final String ON_DEMAND =
      "{placement: {role: edge}, image: 'count:1', load: onDemand, onDemand: {idleSeconds: 1}}";

  @Test
  void aServiceOnDemandRunsWherePipelinesWantItAndEndsSomeTimeAfter() {
    create(ON_DEMAND);
    // What has never said what it is cannot be named by a pipeline.
    await().untilAsserted(() -> assertThat(nodes("count:1")).containsExactly("edge-1"));
    assertThat(declarations.declaration("count").path("load").asText()).isEqualTo("on-demand");
    assertThat(declarations.declaration("count").path("nodes").toString())
        .isEqualTo("[\"edge-1\",\"edge-2\"]");
    ready("count:1");
    await().untilAsserted(() -> assertThat(status().ready()).isEqualTo("1/1"));
    declarations.want("count", true);
    await().untilAsserted(() -> assertThat(nodes("count:1")).isEmpty());
    await().untilAsserted(() -> assertThat(condition("Ready")).isEqualTo("True OnDemand"));

    declarations.want("count", true, "edge-2");
    await().untilAsserted(() -> assertThat(nodes("count:1")).containsExactly("edge-2"));
    await().untilAsserted(() -> assertThat(condition("Loaded")).isEqualTo("False Loading"));
    ready("count:1");
    await().untilAsserted(() -> assertThat(condition("Loaded")).isEqualTo("True AsWanted"));
    assertThat(declarations.url("count")).isEqualTo("http://127.0.0.1:26000/");
    long writes = operator.writes();
    int changes = declarations.changes();
    await().during(Duration.ofMillis(1500)).until(operator::idle);
    assertThat(operator.writes()).isEqualTo(writes);
    assertThat(declarations.changes()).isEqualTo(changes);
  }

  @Test
  void whatIsOnDemandGoesOnWhileNobodySaysWhatIsWanted() {
    create(ON_DEMAND);
    await().untilAsserted(() -> assertThat(declarations.declared()).containsKey("count"));
    declarations.want("count", true, "edge-2");
    await().untilAsserted(() -> assertThat(nodes("count:1")).contains("edge-2"));
    ready("count:1");
    await().untilAsserted(() -> assertThat(condition("Loaded")).isEqualTo("True AsWanted"));
    declarations.away(true);
    declarations.want("count", true);
    await()
        .during(Duration.ofMillis(1500))
        .untilAsserted(() -> assertThat(nodes("count:1")).contains("edge-2"));
    declarations.away(false);
    await().untilAsserted(() -> assertThat(nodes("count:1")).isEmpty());
  }

  @Test
  void aNodeOnWhichItCannotBeLoadedIsToldAndLeft() {
    declarations.want("count", true, "edge-1");
    create(ON_DEMAND);
    await().untilAsserted(() -> assertThat(nodes("count:1")).containsExactly("edge-1"));
    crash("count:1");
    await().untilAsserted(() -> assertThat(nodes("count:1")).isEmpty());
    await()
        .untilAsserted(
            () ->
                assertThat(declarations.declaration("count").at("/not-on/edge-1").asText())
                    .contains("CrashLoopBackOff"));
    await().untilAsserted(() -> assertThat(condition("Loaded")).isEqualTo("False Failed"));
    // So the scheduler takes another one.
    declarations.want("count", true, "edge-2");
    await().untilAsserted(() -> assertThat(nodes("count:1")).containsExactly("edge-2"));
    assertThat(status().nodes())
        .anySatisfy(
            n -> {
              assertThat(n.node()).isEqualTo("edge-1");
              assertThat(n.phase()).isEqualTo("Failed");
            });
  }

  @Test
  void aRevisionOfAServiceThatNobodyHasLoadedTakesOverAtOnce() {
    declarations.want("count", true);
    create(ON_DEMAND);
    await().untilAsserted(() -> assertThat(condition("Ready")).isEqualTo("True OnDemand"));
    change(ON_DEMAND.replace("count:1", "count:2"));
    await().untilAsserted(() -> assertThat(declarations.url("count")).contains(":26001"));
    declarations.want("count", true, "edge-1");
    await().untilAsserted(() -> assertThat(nodes("count:2")).containsExactly("edge-1"));
    assertThat(nodes("count:1")).isEmpty();
  }

  private Operator operator() {
    return Operator.start(
        server.client(),
        server.settings(Duration.ofMillis(100), ApiServer.USUAL.absence(), ApiServer.USUAL.lease()),
        new FakeRuntime(),
        declarations);
  }

  private void create(String spec) {
    var resource = new StageServiceResource();
    resource.getMetadata().setName("count");
    resource.getMetadata().setNamespace(server.namespace());
    server.client().resource(r(resource, spec)).create();
  }

  private void change(String spec) {
    ApiServer.edit(resource(), r -> r(r, spec));
  }

  private static StageServiceResource r(StageServiceResource resource, String spec) {
    resource.setSpec(
        new KubernetesSerialization().unmarshal("---\n" + spec, StageServiceSpec.class));
    return resource;
  }

  private Resource<StageServiceResource> resource() {
    return server
        .client()
        .resources(StageServiceResource.class)
        .inNamespace(server.namespace())
        .withName("count");
  }

  private StageServiceStatus status() {
    return resource().get().getStatus();
  }

  private String condition(String type) {
    return Conditions.find(status().conditions(), type)
        .map(c -> c.getStatus() + " " + c.getReason())
        .orElse("");
  }

  private List<Deployment> deployments(String image) {
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
                d.getSpec().getTemplate().getSpec().getContainers().get(0).getImage().equals(image))
        .toList();
  }

  private List<String> nodes(String image) {
    return deployments(image).stream()
        .map(d -> d.getMetadata().getAnnotations().get(Labels.NODE))
        .sorted()
        .collect(Collectors.toList());
  }

  private void ready(String image) {
    for (var d : deployments(image)) {
      d.setStatus(new DeploymentStatusBuilder().withReadyReplicas(1).build());
      server.client().resource(d).updateStatus();
    }
  }

  private void crash(String image) {
    var d = deployments(image).get(0);
    server
        .client()
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withName(d.getMetadata().getName() + "-x")
                .withNamespace(server.namespace())
                .withLabels(d.getSpec().getTemplate().getMetadata().getLabels())
                .withAnnotations(Map.of(Labels.NODE, "edge-1"))
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .addNewContainerStatus()
                .withName("service")
                .withRestartCount(1)
                .withNewState()
                .withNewWaiting("Back-off restarting", "CrashLoopBackOff")
                .endState()
                .endContainerStatus()
                .endStatus()
                .build())
        .create();
  }
}
