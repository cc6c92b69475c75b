package io.dayu.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EndpointPort;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rules that every overlay keeps, read as the API server reads it. */
class OverlaysKubeIT {
  private static final Path OVERLAYS = Path.of("overlays");
  private static final Set<Class<?>> OF_NO_NAMESPACE =
      Set.of(Namespace.class, PriorityClass.class, ClusterRole.class, ClusterRoleBinding.class);
  private static final String COMPONENT = "app.kubernetes.io/component";

  private static final SortedMap<String, Manifests> RENDERED = new TreeMap<>();

  @BeforeAll
  static void render() throws IOException {
    try (var overlays = Files.list(OVERLAYS)) {
      for (var overlay : overlays.sorted().toList())
        RENDERED.put(overlay.getFileName().toString(), Manifests.render(overlay));
    }
  }

  static Stream<String> all() throws IOException {
    try (var overlays = Files.list(OVERLAYS)) {
      return overlays.map(overlay -> overlay.getFileName().toString()).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void everythingIsInTheNamespaceOfTheInstallationOrNamedAfterIt(String overlay) {
    var of = RENDERED.get(overlay);
    var namespace = of.all(Namespace.class).get(0).getMetadata().getName();
    for (var resource : of.resources()) {
      var metadata = resource.getMetadata();
      if (resource instanceof Namespace) continue;
      if (OF_NO_NAMESPACE.contains(resource.getClass()))
        assertThat(metadata.getName()).startsWith(namespace + ".");
      else assertThat(metadata.getNamespace()).as(metadata.getName()).isEqualTo(namespace);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void whatIsReferredToIsThere(String overlay) {
    var of = RENDERED.get(overlay);
    var accounts = names(of.all(ServiceAccount.class));
    var classes = names(of.all(PriorityClass.class));
    var maps = names(of.all(ConfigMap.class));
    for (var set : of.all(DaemonSet.class)) {
      var pod = set.getSpec().getTemplate().getSpec();
      assertThat(accounts).contains(pod.getServiceAccountName());
      assertThat(classes).contains(pod.getPriorityClassName());
      assertThat(container(set).getEnvFrom())
          .filteredOn(from -> from.getConfigMapRef() != null)
          .allSatisfy(from -> assertThat(maps).contains(from.getConfigMapRef().getName()));
      assertThat(pod.getVolumes())
          .filteredOn(v -> v.getConfigMap() != null)
          .allSatisfy(v -> assertThat(maps).contains(v.getConfigMap().getName()));
    }
    var namespace = of.all(Namespace.class).get(0).getMetadata().getName();
    of.all(ClusterRoleBinding.class)
        .forEach(
            binding -> {
              assertThat(names(of.all(ClusterRole.class))).contains(binding.getRoleRef().getName());
              assertThat(binding.getSubjects())
                  .allSatisfy(
                      subject -> {
                        assertThat(accounts).contains(subject.getName());
                        assertThat(subject.getNamespace()).isEqualTo(namespace);
                      });
            });
    of.all(RoleBinding.class)
        .forEach(
            binding -> {
              assertThat(names(of.all(Role.class))).contains(binding.getRoleRef().getName());
              assertThat(binding.getSubjects())
                  .allSatisfy(subject -> assertThat(subject.getNamespace()).isEqualTo(namespace));
            });
  }

  /** Pod Security "restricted", but for what the manifests say they cannot. */
  @ParameterizedTest
  @MethodSource("all")
  void podsAreRestrictedButForTheHostsNetworkTheirDirectoriesAndWhoeverGivesThemAway(
      String overlay) {
    var of = RENDERED.get(overlay);
    assertThat(of.all(Namespace.class).get(0).getMetadata().getLabels())
        .containsEntry("pod-security.kubernetes.io/enforce", "privileged");
    for (var pod : pods(of)) {
      assertThat(pod.getHostPID()).isNotEqualTo(true);
      assertThat(pod.getHostIPC()).isNotEqualTo(true);
      var security = pod.getSecurityContext();
      assertThat(security.getRunAsNonRoot()).isTrue();
      assertThat(security.getRunAsUser()).isNotZero();
      assertThat(security.getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
      var containers =
          Stream.concat(pod.getContainers().stream(), pod.getInitContainers().stream()).toList();
      for (var container : containers) {
        var own = container.getSecurityContext();
        assertThat(own.getAllowPrivilegeEscalation()).as(container.getName()).isFalse();
        assertThat(own.getPrivileged()).as(container.getName()).isNotEqualTo(true);
        assertThat(own.getReadOnlyRootFilesystem()).as(container.getName()).isTrue();
        assertThat(own.getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(container.getResources().getRequests()).containsKeys("cpu", "memory");
        assertThat(container.getResources().getLimits()).containsKey("memory");
        assertThat(container.getImage()).matches(".+:(?!latest$)[\\w.-]+");
        assertThat(container.getImagePullPolicy()).isEqualTo("IfNotPresent");
        if (container.getName().equals("own-state")) {
          assertThat(own.getCapabilities().getAdd()).containsExactly("CHOWN");
          assertThat(container.getArgs())
              .containsExactly(
                  "--own-state",
                  security.getRunAsUser() + ":" + security.getRunAsGroup(),
                  container.getVolumeMounts().get(0).getMountPath());
          assertThat(container.getVolumeMounts()).hasSize(1);
        } else {
          assertThat(own.getCapabilities().getAdd()).isNullOrEmpty();
          assertThat(own.getRunAsUser()).isNull();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void everyNodeHasAKey(String overlay) {
    var of = RENDERED.get(overlay);
    for (var set : of.all(DaemonSet.class)) {
      var node = container(set);
      var env =
          node.getEnv().stream()
              .filter(e -> e.getName().equals("DAYU_KEYS"))
              .findFirst()
              .orElseThrow();
      assertThat(node.getEnv()).noneMatch(e -> e.getName().equals("DAYU_KEYS_REQUIRED"));
      var mount =
          node.getVolumeMounts().stream()
              .filter(m -> m.getMountPath().equals(env.getValue()))
              .findFirst()
              .orElseThrow();
      assertThat(mount.getReadOnly()).isTrue();
      // One file of a Secret that is mounted is never replaced when the key is.
      assertThat(mount.getSubPath()).isNull();
      var volume =
          set.getSpec().getTemplate().getSpec().getVolumes().stream()
              .filter(v -> v.getName().equals(mount.getName()))
              .findFirst()
              .orElseThrow();
      if (volume.getHostPath() != null)
        assertThat(volume.getHostPath().getType()).isEqualTo("Directory");
      else {
        var name = set.getMetadata().getLabels().get("dayu.io/node");
        assertThat(volume.getSecret().getSecretName()).isEqualTo("dayu-keys-" + name);
        assertThat(volume.getSecret().getDefaultMode()).isEqualTo(0440);
        assertThat(volume.getSecret().getOptional()).isNotEqualTo(true);
      }
    }
  }

  /** Else every machine would hold the keys of all. */
  @ParameterizedTest
  @MethodSource("all")
  void aDaemonSetWithASecretIsForOneNode(String overlay) {
    var of = RENDERED.get(overlay);
    var selectors = new HashSet<Map<String, String>>();
    for (var set : of.all(DaemonSet.class)) {
      var spec = set.getSpec();
      assertThat(selectors.add(spec.getSelector().getMatchLabels())).isTrue();
      assertThat(spec.getTemplate().getMetadata().getLabels())
          .containsAllEntriesOf(spec.getSelector().getMatchLabels());
      if (spec.getTemplate().getSpec().getVolumes().stream().allMatch(v -> v.getSecret() == null))
        continue;
      var name = set.getMetadata().getLabels().get("dayu.io/node");
      assertThat(set.getMetadata().getName()).isEqualTo("node-" + name);
      assertThat(
              spec.getTemplate()
                  .getSpec()
                  .getAffinity()
                  .getNodeAffinity()
                  .getRequiredDuringSchedulingIgnoredDuringExecution()
                  .getNodeSelectorTerms())
          .singleElement()
          .satisfies(
              term -> {
                assertThat(term.getMatchExpressions()).isNullOrEmpty();
                assertThat(term.getMatchFields())
                    .singleElement()
                    .satisfies(
                        field -> {
                          assertThat(field.getKey()).isEqualTo("metadata.name");
                          assertThat(field.getValues()).containsExactly(name);
                        });
              });
    }
  }

  @Test
  void certManagerMakesEachKeyForItsNodeAndRole() {
    var of = RENDERED.get("cert-manager");
    var sets = byName(of.all(DaemonSet.class));
    assertThat(sets).hasSize(3);
    sets.forEach(
        (name, set) -> {
          var node = set.getMetadata().getLabels().get("dayu.io/node");
          var role = set.getMetadata().getLabels().get(COMPONENT).replace("node-", "");
          var key = of.one(CertManager.Certificate.class, "dayu-keys-" + node).spec;
          assertThat(key.secretName()).isEqualTo("dayu-keys-" + node);
          assertThat(key.dnsNames()).containsExactly("%s.%s.dayu.internal".formatted(node, role));
          // What a node reads; PKCS1, the default, it does not.
          assertThat(key.privateKey().encoding()).isEqualTo("PKCS8");
          assertThat(key.privateKey().size()).isEqualTo(256);
          assertThat(key.usages())
              .containsExactly("digital signature", "server auth", "client auth");
          var issuer = of.one(CertManager.Issuer.class, key.issuerRef().name()).spec;
          var authority = of.one(CertManager.Certificate.class, "dayu-authority").spec;
          assertThat(authority.isCA()).isTrue();
          assertThat(issuer.ca().secretName()).isEqualTo(authority.secretName());
        });
  }

  @ParameterizedTest
  @MethodSource("all")
  void everyNodeHasAServiceWithItsPortsAndAddress(String overlay) {
    var of = RENDERED.get(overlay);
    var services = byName(of.all(Service.class));
    services.keySet().removeIf(name -> !name.startsWith("node-"));
    var endpoints = byName(of.all(Endpoints.class));
    assertThat(services).isNotEmpty();
    assertThat(services.keySet()).isEqualTo(endpoints.keySet());
    services.forEach(
        (name, service) -> {
          var spec = service.getSpec();
          assertThat(spec.getSelector()).as(name).isNullOrEmpty();
          assertThat(spec.getClusterIP()).as(name).isNull();
          assertThat(spec.getPorts())
              .as(name)
              .allSatisfy(p -> assertThat(p.getTargetPort().getIntVal()).isEqualTo(p.getPort()));
          var offered =
              spec.getPorts().stream()
                  .collect(Collectors.toMap(ServicePort::getName, ServicePort::getPort));
          assertThat(ports(of, "node-cloud")).as(name).containsAllEntriesOf(offered);
          assertThat(offered).as(name).containsKeys("tcp-artery", "tcp-data");
          assertThat(endpoints.get(name).getSubsets())
              .as(name)
              .singleElement()
              .satisfies(
                  subset -> {
                    assertThat(subset.getAddresses())
                        .singleElement()
                        .satisfies(a -> assertThat("node-" + a.getNodeName()).isEqualTo(name));
                    assertThat(
                            subset.getPorts().stream()
                                .collect(
                                    Collectors.toMap(EndpointPort::getName, EndpointPort::getPort)))
                        .isEqualTo(offered);
                  });
        });
  }

  @ParameterizedTest
  @MethodSource("all")
  void seedsAreCloudNodesAtTheirPorts(String overlay) {
    var of = RENDERED.get(overlay);
    var ports = ports(of, "node-cloud");
    var seeds = of.one(ConfigMap.class, "dayu-seeds").getData();
    var settings = of.one(ConfigMap.class, "dayu-settings").getData();
    assertThat(settings)
        .containsEntry("DAYU_CLUSTER_PORT", ports.get("tcp-artery").toString())
        .containsEntry("DAYU_DATA_PORT", ports.get("tcp-data").toString())
        .containsEntry("DAYU_HTTP_PORT", ports.get("http-api").toString())
        .containsEntry("DAYU_MANAGEMENT_PORT", ports.get("http-management").toString());
    var clouds =
        byName(of.all(Service.class)).values().stream()
            .filter(
                s ->
                    s.getSpec().getPorts().stream()
                        .anyMatch(p -> p.getName().equals("http-management")))
            .map(
                s ->
                    "%s.%s.svc.cluster.local"
                        .formatted(s.getMetadata().getName(), s.getMetadata().getNamespace()))
            .toList();
    assertThat(seeds.get("DAYU_SEEDS").split(","))
        .containsExactlyInAnyOrderElementsOf(with(clouds, ports.get("tcp-artery")));
    assertThat(seeds.get("DAYU_SEED_MANAGEMENT").split(","))
        .containsExactlyInAnyOrderElementsOf(with(clouds, ports.get("http-management")));
  }

  @ParameterizedTest
  @MethodSource("all")
  void aMajorityOfCloudNodesStaysWhenOthersAreEvicted(String overlay) {
    var of = RENDERED.get(overlay);
    int clouds =
        of.one(ConfigMap.class, "dayu-seeds").getData().get("DAYU_SEEDS").split(",").length;
    var spec = of.one(PodDisruptionBudget.class, "node-cloud").getSpec();
    assertThat(spec.getMinAvailable().getIntVal()).isEqualTo(clouds / 2 + 1);
    assertThat(spec.getSelector().getMatchLabels()).containsEntry(COMPONENT, "node-cloud");
  }

  @ParameterizedTest
  @MethodSource("all")
  void onlyTheOperatorsPodMountsATokenAndWhatItMayDoIsLittle(String overlay) {
    var of = RENDERED.get(overlay);
    boolean operator = !of.all(Role.class).isEmpty();
    for (var set : of.all(DaemonSet.class)) {
      boolean cloud = set.getMetadata().getLabels().get(COMPONENT).equals("node-cloud");
      assertThat(set.getSpec().getTemplate().getSpec().getAutomountServiceAccountToken())
          .isEqualTo(operator && cloud);
    }
    assertThat(of.all(ServiceAccount.class))
        .allSatisfy(account -> assertThat(account.getAutomountServiceAccountToken()).isFalse());
    var rules =
        Stream.concat(
                of.all(Role.class).stream().flatMap(r -> r.getRules().stream()),
                of.all(ClusterRole.class).stream().flatMap(r -> r.getRules().stream()))
            .toList();
    assertThat(rules)
        .allSatisfy(
            rule -> {
              assertThat(rule.getVerbs()).doesNotContain("*", "escalate", "bind", "impersonate");
              assertThat(rule.getResources()).doesNotContain("*", "secrets", "pods/exec");
              assertThat(rule.getApiGroups()).doesNotContain("*");
            });
    for (var binding : of.all(ClusterRoleBinding.class))
      assertThat(of.one(ClusterRole.class, binding.getRoleRef().getName()).getRules())
          .singleElement()
          .satisfies(OverlaysKubeIT::readsNodes);
  }

  private static void readsNodes(PolicyRule rule) {
    assertThat(rule.getResources()).containsExactly("nodes");
    assertThat(rule.getVerbs()).containsExactly("get", "list", "watch");
  }

  @Test
  void theDatabaseIsReachedByTheCloudNodesHostsAlone() {
    var of = RENDERED.get("postgres");
    var labels =
        of.one(StatefulSet.class, "dayu-postgres")
            .getSpec()
            .getTemplate()
            .getMetadata()
            .getLabels();
    assertThat(
            of.one(NetworkPolicy.class, "deny-ingress").getSpec().getPodSelector().getMatchLabels())
        .isNullOrEmpty();
    var spec = of.one(NetworkPolicy.class, "dayu-postgres").getSpec();
    assertThat(labels).containsAllEntriesOf(spec.getPodSelector().getMatchLabels());
    assertThat(spec.getIngress())
        .singleElement()
        .satisfies(
            rule ->
                assertThat(rule.getFrom())
                    .singleElement()
                    .satisfies(
                        from -> assertThat(from.getIpBlock().getCidr()).isEqualTo("192.0.2.0/28")));
  }

  /** On the same hosts: nodes use their network, and directories of theirs. */
  @Test
  void twoInstallationsShareNothing() {
    var first = RENDERED.get("kubeedge");
    var second = RENDERED.get("second");
    assertThat(ports(first, "node-cloud").values())
        .doesNotContainAnyElementsOf(ports(second, "node-cloud").values());
    assertThat(hostPaths(first)).isNotEmpty().doesNotContainAnyElementsOf(hostPaths(second));
    assertThat(ofNoNamespace(first))
        .isNotEmpty()
        .doesNotContainAnyElementsOf(ofNoNamespace(second));
  }

  private static List<String> ofNoNamespace(Manifests of) {
    return of.resources().stream()
        .filter(r -> OF_NO_NAMESPACE.contains(r.getClass()))
        .map(r -> r.getKind() + " " + r.getMetadata().getName())
        .toList();
  }

  private static Set<String> hostPaths(Manifests of) {
    return pods(of).stream()
        .flatMap(pod -> pod.getVolumes().stream())
        .filter(volume -> volume.getHostPath() != null)
        .map(volume -> volume.getHostPath().getPath())
        .collect(Collectors.toSet());
  }

  private static List<PodSpec> pods(Manifests of) {
    return Stream.concat(
            of.all(DaemonSet.class).stream().map(d -> d.getSpec().getTemplate().getSpec()),
            of.all(StatefulSet.class).stream().map(s -> s.getSpec().getTemplate().getSpec()))
        .toList();
  }

  private static Container container(DaemonSet set) {
    return set.getSpec().getTemplate().getSpec().getContainers().get(0);
  }

  private static Map<String, Integer> ports(Manifests of, String component) {
    var set =
        of.all(DaemonSet.class).stream()
            .filter(d -> component.equals(d.getMetadata().getLabels().get(COMPONENT)))
            .findFirst()
            .orElseThrow();
    return container(set).getPorts().stream()
        .collect(Collectors.toMap(ContainerPort::getName, ContainerPort::getContainerPort));
  }

  private static List<String> with(List<String> hosts, int port) {
    return hosts.stream().map(host -> host + ":" + port).toList();
  }

  private static List<String> names(List<? extends HasMetadata> resources) {
    return resources.stream().map(r -> r.getMetadata().getName()).toList();
  }

  private static <T extends HasMetadata> Map<String, T> byName(List<T> resources) {
    return resources.stream()
        .collect(
            Collectors.toMap(
                r -> r.getMetadata().getName(), Function.identity(), (a, b) -> a, TreeMap::new));
  }
}
