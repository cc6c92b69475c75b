package io.dayu.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapVolumeSource;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The manifests render, and say what a node needs to live on an edge that is cut off at times. */
class KustomizeKubeIT {
  private static final double MIB = 1024 * 1024;
  private static final String EDGE_LABEL = "node-role.kubernetes.io/edge";

  private static Manifests base;

  @BeforeAll
  static void render() {
    base = Manifests.render(Path.of("base"));
  }

  @Test
  void baseHasOneDaemonSetForTheCloudAndOneForTheEdges() {
    assertThat(base.all(DaemonSet.class))
        .extracting(d -> d.getMetadata().getName())
        .containsExactlyInAnyOrder("node-cloud", "node-edge");
    assertThat(nodeAffinity("node-cloud"))
        .extracting(NodeSelectorRequirement::getKey, NodeSelectorRequirement::getOperator)
        .containsExactly(tuple(EDGE_LABEL, "DoesNotExist"));
    assertThat(nodeAffinity("node-edge"))
        .extracting(NodeSelectorRequirement::getKey, NodeSelectorRequirement::getOperator)
        .containsExactly(tuple(EDGE_LABEL, "Exists"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"node-cloud", "node-edge"})
  void daemonSetSelectsItsOwnPodsAndIsNeverRolledByItself(String name) {
    var spec = base.one(DaemonSet.class, name).getSpec();
    assertThat(spec.getTemplate().getMetadata().getLabels())
        .containsAllEntriesOf(spec.getSelector().getMatchLabels())
        .containsEntry("app.kubernetes.io/component", name);
    assertThat(spec.getUpdateStrategy().getType()).isEqualTo("OnDelete");
  }

  @ParameterizedTest
  @ValueSource(strings = {"node-cloud", "node-edge"})
  void podUsesTheHostsNetworkAndItsClusterNames(String name) {
    assertThat(pod(name).getHostNetwork()).isTrue();
    assertThat(pod(name).getDnsPolicy()).isEqualTo("ClusterFirstWithHostNet");
  }

  @ParameterizedTest
  @ValueSource(strings = {"node-cloud", "node-edge"})
  void podStartsAndStaysWithoutTheApiServer(String name) {
    assertThat(pod(name).getAutomountServiceAccountToken()).isFalse();
    assertThat(container(name).getImagePullPolicy()).isEqualTo("IfNotPresent");
    assertThat(container(name).getImage()).matches("dayu/" + image(name) + ":(?!latest).+");
    assertThat(pod(name).getVolumes())
        .allSatisfy(
            v ->
                assertThat(
                        v.getHostPath() != null
                            || v.getEmptyDir() != null
                            || isKept(v.getConfigMap()))
                    .isTrue());
    for (var taint : List.of("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"))
      assertThat(pod(name).getTolerations())
          .filteredOn(t -> taint.equals(t.getKey()))
          .singleElement()
          .satisfies(
              t -> {
                assertThat(t.getEffect()).isEqualTo("NoExecute");
                assertThat(t.getTolerationSeconds()).isNull();
              });
  }

  @Test
  void cloudRunsOnAClusterWithOneServer() {
    assertThat(pod("node-cloud").getTolerations())
        .extracting(Toleration::getKey)
        .contains("node-role.kubernetes.io/control-plane");
  }

  @Test
  void edgesRunOnNodesThatAreTaintedWithTheirRole() {
    assertThat(pod("node-edge").getTolerations())
        .filteredOn(t -> "node-role.kubernetes.io/edge".equals(t.getKey()))
        .singleElement()
        .satisfies(
            t -> {
              assertThat(t.getOperator()).isEqualTo("Exists");
              assertThat(t.getEffect()).isEqualTo("NoSchedule");
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"node-cloud", "node-edge"})
  void stateOutlivesThePod(String name) {
    var directory = environment(name).get("DAYU_DATA_DIR").getValue();
    var mount =
        container(name).getVolumeMounts().stream()
            .filter(m -> m.getMountPath().equals(directory))
            .findFirst()
            .orElseThrow();
    var volume =
        pod(name).getVolumes().stream()
            .filter(v -> v.getName().equals(mount.getName()))
            .findFirst()
            .orElseThrow();
    assertThat(volume.getHostPath().getType()).isEqualTo("DirectoryOrCreate");
    assertThat(volume.getHostPath().getPath()).isEqualTo("/var/lib/dayu/node");
    assertThat(mount.getReadOnly()).isNotEqualTo(Boolean.TRUE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"node-cloud", "node-edge"})
  void nodeIsToldWhoItIs(String name) {
    var env = environment(name);
    assertThat(env.get("DAYU_NODE_NAME").getValueFrom().getFieldRef().getFieldPath())
        .isEqualTo("spec.nodeName");
    // An edge without it is a site of its own, and a NodeProfile may say otherwise.
    if (name.equals("node-cloud")) assertThat(env.get("DAYU_SITE").getValue()).isEqualTo("cloud");
    else assertThat(env).doesNotContainKey("DAYU_SITE");
    assertThat(env.get("DAYU_HOST").getValue())
        .isEqualTo("node-$(DAYU_NODE_NAME).$(DAYU_NAMESPACE).svc.cluster.local");
    // A variable that stands below its use is not expanded.
    var names = container(name).getEnv().stream().map(EnvVar::getName).toList();
    assertThat(names).containsSubsequence("DAYU_NAMESPACE", "DAYU_HOST");
    assertThat(names).containsSubsequence("DAYU_NODE_NAME", "DAYU_HOST");
  }

  @ParameterizedTest
  @ValueSource(strings = {"node-cloud", "node-edge"})
  void settingsAndSeedsAreThereBeforeAnEdgeIsCutOff(String name) {
    // One that were optional and missing could not be told from one that cannot be fetched.
    assertThat(container(name).getEnvFrom())
        .filteredOn(from -> from.getConfigMapRef() != null)
        .extracting(
            from -> from.getConfigMapRef().getName(), from -> from.getConfigMapRef().getOptional())
        .containsExactly(tuple("dayu-settings", null), tuple("dayu-seeds", null));
    assertThat(base.one(ConfigMap.class, "dayu-seeds").getData())
        .containsOnlyKeys("DAYU_SEEDS", "DAYU_SEED_MANAGEMENT");
  }

  @Test
  void thePortsThatNodesAreToldAreThoseOfTheirContainers() {
    var settings = base.one(ConfigMap.class, "dayu-settings").getData();
    var cloud = ports("node-cloud");
    assertThat(settings)
        .containsEntry("DAYU_CLUSTER_PORT", cloud.get("tcp-artery").toString())
        .containsEntry("DAYU_DATA_PORT", cloud.get("tcp-data").toString())
        .containsEntry("DAYU_HTTP_PORT", cloud.get("http-api").toString())
        .containsEntry("DAYU_MANAGEMENT_PORT", cloud.get("http-management").toString());
    assertThat(cloud).containsAllEntriesOf(ports("node-edge"));
  }

  @Test
  void cloudNodesDoNotStartWithoutTokens() {
    assertThat(secrets("node-cloud"))
        .contains(tuple("dayu-tokens", null), tuple("dayu-store", true));
    assertThat(base.one(ConfigMap.class, "dayu-settings").getData())
        .containsEntry("DAYU_HTTP_HOST", "127.0.0.1");
  }

  @Test
  void edgesReadNoSecretButTheirKey() {
    assertThat(secrets("node-edge")).isEmpty();
  }

  private static List<org.assertj.core.groups.Tuple> secrets(String daemonSet) {
    return container(daemonSet).getEnvFrom().stream()
        .map(EnvFromSource::getSecretRef)
        .filter(Objects::nonNull)
        .map(secret -> tuple(secret.getName(), secret.getOptional()))
        .toList();
  }

  @Test
  void portsAreThoseOfTheNodesAndClashWithNothingOfKubeEdge() {
    assertThat(ports("node-cloud"))
        .isEqualTo(
            Map.of(
                "tcp-artery", 25520, "tcp-data", 25530, "http-api", 8080, "http-management", 7626));
    assertThat(ports("node-edge")).isEqualTo(Map.of("tcp-artery", 25520, "tcp-data", 25530));
    var taken = List.of(53, 1883, 10000, 10001, 10002, 10003, 10004, 10350, 10550, 10551, 20006);
    assertThat(ports("node-cloud").values()).doesNotContainAnyElementsOf(taken);
  }

  @ParameterizedTest
  @ValueSource(strings = {"node-cloud", "node-edge"})
  void probesAskNothingButWhetherThisHostsDataPortIsOpen(String name) {
    // Neither the cloud nor membership: a node that is cut off is healthy.
    var node = container(name);
    assertThat(List.of(node.getStartupProbe(), node.getReadinessProbe(), node.getLivenessProbe()))
        .allSatisfy(
            probe -> {
              assertThat(probe.getHttpGet()).isNull();
              assertThat(probe.getTcpSocket().getHost()).isEqualTo("127.0.0.1");
              assertThat(probe.getTcpSocket().getPort().getStrVal()).isEqualTo("tcp-data");
            });
  }

  @Test
  void anEdgeFitsOnAMachineOfOneGigabyte() {
    var resources = container("node-edge").getResources();
    var limit = resources.getLimits().get("memory").getNumericalAmount().doubleValue();
    var request = resources.getRequests().get("memory").getNumericalAmount().doubleValue();
    assertThat(limit).isLessThanOrEqualTo(640 * MIB);
    assertThat(request).isLessThanOrEqualTo(256 * MIB);
  }

  @ParameterizedTest
  @ValueSource(strings = {"node-cloud", "node-edge"})
  void memoryIsBoundedAndTheJvmLeavesRoomForNatives(String name) {
    var resources = container(name).getResources();
    assertThat(resources.getRequests()).containsKeys("cpu", "memory");
    var limit = resources.getLimits().get("memory").getNumericalAmount().doubleValue();
    var options = environment(name).get("JAVA_TOOL_OPTIONS").getValue();
    var heap = limit * number(options, "-XX:MaxRAMPercentage=(\\d+)") / 100;
    var direct = number(options, "-XX:MaxDirectMemorySize=(\\d+)m") * 1024 * 1024;
    assertThat(heap + direct).isLessThan(0.75 * limit);
  }

  private static String image(String daemonSet) {
    return daemonSet.equals("node-cloud") ? "cloud-node" : "edge-node";
  }

  private static PodSpec pod(String daemonSet) {
    return base.one(DaemonSet.class, daemonSet).getSpec().getTemplate().getSpec();
  }

  private static Container container(String daemonSet) {
    return pod(daemonSet).getContainers().get(0);
  }

  private static List<NodeSelectorRequirement> nodeAffinity(String daemonSet) {
    return pod(daemonSet)
        .getAffinity()
        .getNodeAffinity()
        .getRequiredDuringSchedulingIgnoredDuringExecution()
        .getNodeSelectorTerms()
        .stream()
        .flatMap(term -> term.getMatchExpressions().stream())
        .toList();
  }

  private static Map<String, EnvVar> environment(String daemonSet) {
    return container(daemonSet).getEnv().stream()
        .collect(Collectors.toMap(EnvVar::getName, Function.identity()));
  }

  private static Map<String, Integer> ports(String daemonSet) {
    return container(daemonSet).getPorts().stream()
        .collect(Collectors.toMap(ContainerPort::getName, ContainerPort::getContainerPort));
  }

  private static double number(String text, String pattern) {
    return Stream.of(Pattern.compile(pattern).matcher(text))
        .filter(Matcher::find)
        .mapToDouble(m -> Double.parseDouble(m.group(1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError(pattern + " is missing in " + text));
  }

  /** What an edge has seen once it has on its disk; of what is optional it could not tell that. */
  private static boolean isKept(ConfigMapVolumeSource map) {
    return map != null && map.getOptional() == null;
  }
}
