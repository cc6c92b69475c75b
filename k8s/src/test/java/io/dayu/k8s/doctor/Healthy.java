package io.dayu.k8s.doctor;

import io.dayu.cli.install.Installation;
import io.dayu.cli.install.Kubectl;
import io.dayu.cli.install.Overlay;
import io.dayu.facts.NodeReport.Role;
import io.dayu.k8s.crd.MemberRollOutResource;
import io.dayu.k8s.crd.NodeProfileResource;
import io.dayu.k8s.crd.NodeProfileStatus;
import io.dayu.k8s.crd.PipelineResource;
import io.dayu.k8s.crd.PipelineStatus;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.crd.StageServiceStatus;
import io.dayu.k8s.desired.Nodes;
import io.dayu.keys.Authority;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The objects of a cluster in which all is well: KubeEdge with EdgeMesh, a cloud node, two edges,
 * and the installation that {@code dayu k8s render} makes for them, with keys in Secrets and the
 * operator.
 */
final class Healthy {
  static final String NAMESPACE = "dayu-system";
  static final String MESH = "kubeedge";
  static final Path K8S = Path.of("").toAbsolutePath();
  private static final Map<String, String> AGENT = Map.of("kubeedge", "edgemesh-agent");
  private static final String GENERATION = "deprecated.daemonset.template.generation";

  private final KubernetesClient client;
  private final Path directory;
  private final Instant now;
  private final List<HasMetadata> objects = new ArrayList<>();

  private Healthy(KubernetesClient client, Path directory, Instant now) {
    this.client = client;
    this.directory = directory;
    this.now = now;
  }

  /**
   * @param client reads manifests; nothing is asked
   * @param directory for files
   * @param now when kubelets and the operator have renewed their leases
   */
  static List<HasMetadata> objects(KubernetesClient client, Path directory, Instant now)
      throws IOException {
    var healthy = new Healthy(client, directory, now);
    healthy.cluster();
    healthy.installation();
    healthy.mesh();
    healthy.resources();
    return healthy.objects;
  }

  private void cluster() {
    for (var node :
        List.of(
            cloud("cloud-1", "192.0.2.10"),
            edge("edge-1", "192.0.2.21"),
            edge("edge-2", "192.0.2.22"))) {
      objects.add(node);
      objects.add(lease("kube-node-lease", node.getMetadata().getName(), now));
    }
    objects.add(
        new ServiceBuilder()
            .withNewMetadata()
            .withName("kubernetes")
            .withNamespace("default")
            .addToLabels("service.edgemesh.kubeedge.io/service-proxy-name", "")
            .endMetadata()
            .withNewSpec()
            .withClusterIP("10.96.0.1")
            .endSpec()
            .build());
  }

  /** Of a cluster whose only server runs pods too. */
  private static Node cloud(String name, String address) {
    return new NodeBuilder(Nodes.cloud(name, address))
        .editSpec()
        .addNewTaint()
        .withKey("node-role.kubernetes.io/control-plane")
        .withEffect("NoSchedule")
        .endTaint()
        .endSpec()
        .editStatus()
        .withNewNodeInfo()
        .withKubeletVersion("v1.30.4")
        .endNodeInfo()
        .endStatus()
        .build();
  }

  private static Node edge(String name, String address) {
    return new NodeBuilder(Nodes.edge(name, address))
        .editStatus()
        .withNewNodeInfo()
        .withKubeletVersion("v1.28.6-kubeedge-v1.18.0")
        .endNodeInfo()
        .endStatus()
        .build();
  }

  static Lease lease(String namespace, String name, Instant renewed) {
    return new LeaseBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace(namespace)
        .endMetadata()
        .withNewSpec()
        .withHolderIdentity(name)
        .withLeaseDurationSeconds(15)
        .withRenewTime(renewed.atZone(ZoneOffset.UTC))
        .endSpec()
        .build();
  }

  private void installation() throws IOException {
    var of =
        Installation.defaults(K8S)
            .with("keys=secrets")
            .with("operator=true")
            .withNode("cloud", "cloud-1", "192.0.2.10")
            .withNode("edge", "edge-1", "192.0.2.21")
            .withNode("edge", "edge-2", "192.0.2.22")
            .checked();
    var overlay = Files.createDirectory(directory.resolve("overlay")).toRealPath();
    var files = Overlay.files(of, overlay.relativize(K8S.toRealPath()).toString());
    for (var file : files.entrySet()) {
      var path = overlay.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
    }
    for (var object : read(Kubectl.kustomize(overlay))) {
      objects.add(object);
      if (object instanceof Endpoints endpoints) objects.add(slice(endpoints));
      if (object instanceof DaemonSet set) {
        set.getMetadata().setAnnotations(new HashMap<>(Map.of(GENERATION, "1")));
        objects.add(pod(set));
      }
    }
    var authority =
        Authority.create(directory.resolve("authority"), Duration.ofDays(3650), Clock.systemUTC());
    for (var holder :
        List.of(
            new Holder("cloud-1", Role.CLOUD),
            new Holder("edge-1", Role.EDGE),
            new Holder("edge-2", Role.EDGE)))
      objects.add(
          keys(
              "dayu-keys-" + holder.node(),
              authority,
              holder,
              Duration.ofDays(365),
              directory.resolve(holder.node())));
    objects.add(secret("dayu-tokens", Map.of("DAYU_HTTP_TOKENS", "write:" + "0".repeat(64))));
  }

  private List<HasMetadata> read(String yaml) {
    return client
        .load(new java.io.ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)))
        .items();
  }

  static EndpointSlice slice(Endpoints endpoints) {
    var name = endpoints.getMetadata().getName();
    return new EndpointSliceBuilder()
        .withNewMetadata()
        .withName(name + "-x")
        .withNamespace(NAMESPACE)
        .addToLabels("kubernetes.io/service-name", name)
        .endMetadata()
        .withAddressType("IPv4")
        .addNewEndpoint()
        .withAddresses(endpoints.getSubsets().get(0).getAddresses().get(0).getIp())
        .endEndpoint()
        .build();
  }

  private static Pod pod(DaemonSet set) {
    var node = set.getMetadata().getLabels().get("dayu.io/node");
    var template = set.getSpec().getTemplate();
    return new PodBuilder()
        .withNewMetadata()
        .withName("pod-" + node)
        .withNamespace(NAMESPACE)
        .withLabels(template.getMetadata().getLabels())
        .addToLabels("pod-template-generation", "1")
        .endMetadata()
        .withNewSpecLike(template.getSpec())
        .withNodeName(node)
        .endSpec()
        .withNewStatus()
        .addNewCondition()
        .withType("Ready")
        .withStatus("True")
        .endCondition()
        .addNewContainerStatus()
        .withName("node")
        .withImage(template.getSpec().getContainers().get(0).getImage())
        .withImageID("sha256:" + set.getMetadata().getLabels().get("app.kubernetes.io/component"))
        .withRestartCount(0)
        .endContainerStatus()
        .endStatus()
        .build();
  }

  /** A key in a Secret, as {@code dayu keys secrets} makes it. */
  static Secret keys(
      String name, Authority authority, Holder holder, Duration validity, Path directory)
      throws IOException {
    authority.issue(holder, directory, validity);
    var files = new HashMap<String, String>();
    for (var file : List.of(NodeKeys.KEY, NodeKeys.CERTIFICATE, NodeKeys.AUTHORITY))
      files.put(file, Files.readString(directory.resolve(file)));
    return secret(name, files);
  }

  static Secret secret(String name, Map<String, String> texts) {
    var data = new HashMap<String, String>();
    texts.forEach(
        (key, text) ->
            data.put(
                key,
                java.util.Base64.getEncoder()
                    .encodeToString(text.getBytes(StandardCharsets.UTF_8))));
    return new SecretBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace(NAMESPACE)
        .endMetadata()
        .withData(data)
        .build();
  }

  private void mesh() {
    objects.add(
        new DaemonSetBuilder()
            .withNewMetadata()
            .withName("edgemesh-agent")
            .withNamespace(MESH)
            .endMetadata()
            .withNewSpec()
            .withNewSelector()
            .withMatchLabels(AGENT)
            .endSelector()
            .withNewTemplate()
            .withNewSpec()
            .addNewContainer()
            .withName("edgemesh-agent")
            .withImage("kubeedge/edgemesh-agent:v1.17.0")
            .withNewResources()
            .addToLimits("cpu", new Quantity("1"))
            .endResources()
            .endContainer()
            .endSpec()
            .endTemplate()
            .endSpec()
            .build());
    for (var node : List.of("cloud-1", "edge-1", "edge-2"))
      objects.add(
          new PodBuilder()
              .withNewMetadata()
              .withName("edgemesh-agent-" + node)
              .withNamespace(MESH)
              .withLabels(AGENT)
              .endMetadata()
              .withNewSpec()
              .withNodeName(node)
              .endSpec()
              .withNewStatus()
              .addNewCondition()
              .withType("Ready")
              .withStatus("True")
              .endCondition()
              .endStatus()
              .build());
    map("edgemesh-agent-cfg", "edgemesh-agent.yaml", settings("true", "cloud-1"));
    map("edgemesh-agent-psk", "psk", "of-its-own");
  }

  /** Settings of EdgeMesh's agents. */
  static String settings(String tunnel, String relay) {
    return """
        modules:
          edgeProxy:
            enable: true
          edgeTunnel:
            enable: %s
            relayNodes:
            - nodeName: %s
              advertiseAddress: [198.51.100.10]
        """
        .formatted(tunnel, relay);
  }

  private void map(String name, String key, String text) {
    objects.add(
        new ConfigMapBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(MESH)
            .endMetadata()
            .addToData(key, text)
            .build());
  }

  private void resources() throws IOException {
    try (var files = Files.list(K8S.resolve("base/crds"))) {
      for (var file : files.sorted().toList())
        for (var object : read(Files.readString(file)))
          if (object instanceof CustomResourceDefinition definition)
            objects.add(established(definition));
    }
    objects.add(lease(NAMESPACE, "dayu-operator", now));
    var pipeline = new PipelineResource();
    pipeline.getMetadata().setName("crossing");
    pipeline.getMetadata().setNamespace(NAMESPACE);
    pipeline.setStatus(pipelineStatus(1, condition("Accepted", "True")));
    objects.add(pipeline);
    var service = new StageServiceResource();
    service.getMetadata().setName("count-above");
    service.getMetadata().setNamespace(NAMESPACE);
    service.setStatus(
        serviceStatus(condition("Ready", "True"), condition("Progressing", "False", "Complete")));
    objects.add(service);
    var profile = new NodeProfileResource();
    profile.getMetadata().setName("north");
    profile.getMetadata().setNamespace(NAMESPACE);
    profile.setStatus(profileStatus(condition("Accepted", "True")));
    objects.add(profile);
    var rollOut = new MemberRollOutResource();
    rollOut.getMetadata().setName(MemberRollOutResource.EDGE);
    rollOut.getMetadata().setNamespace(NAMESPACE);
    objects.add(rollOut);
  }

  private static CustomResourceDefinition established(CustomResourceDefinition definition) {
    return new CustomResourceDefinitionBuilder(definition)
        .withNewStatus()
        .addNewCondition()
        .withType("Established")
        .withStatus("True")
        .endCondition()
        .endStatus()
        .build();
  }

  static PipelineStatus pipelineStatus(long observed, Condition condition) {
    return new PipelineStatus(
        observed, "running", 1L, null, 1, 1, null, List.of(condition), List.of());
  }

  static StageServiceStatus serviceStatus(Condition... conditions) {
    return new StageServiceStatus(
        1L, null, null, null, null, null, null, null, List.of(), List.of(conditions));
  }

  static NodeProfileStatus profileStatus(Condition condition) {
    return new NodeProfileStatus(1L, 1, List.of(condition));
  }

  static Condition condition(String type, String status) {
    return condition(type, status, "Because");
  }

  static Condition condition(String type, String status, String reason) {
    return new ConditionBuilder()
        .withType(type)
        .withStatus(status)
        .withReason(reason)
        .withMessage("so it is")
        .build();
  }
}
