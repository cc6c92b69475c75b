package io.dayu.k8s.desired;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.facts.NodeServiceName;
import io.dayu.k8s.crd.StageServiceSpec;
import io.dayu.k8s.crd.StageServiceSpec.Mount;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The containers of a service: one Deployment for each node and revision, pinned to the node. */
public final class Workloads {
  /** Labels of Deployments and their pods. */
  public static final String SERVICE = "dayu.io/service";

  public static final String REVISION = "dayu.io/revision";

  /** A key of declarations. */
  public static final String FALLBACK = "fallback";

  private static final String ON = "dayu.io/on";
  private static final String PARAMETERS = "/etc/dayu/parameters";

  /** Of a service's name in others: with all that comes to it, they are 63 characters at most. */
  private static final int LONGEST = 40;

  /** What changes nothing about a container. */
  private static final List<String> BESIDE =
      List.of("placement", "replicas", "load", "onDemand", "rollOut", "service");

  private Workloads() {}

  /** The revision that a spec describes: the same for all specs of the same containers. */
  public static String revision(JsonNode spec) {
    var relevant = (ObjectNode) spec.deepCopy();
    relevant.remove(BESIDE);
    DynamicParameters.removeValues(relevant);
    return PipelineDocuments.digest(relevant).substring(0, 8);
  }

  /** The image for a node; empty if none is given. */
  public static Optional<String> image(StageServiceSpec spec, Node node) {
    return spec.images().stream()
        .filter(i -> Eligibility.selects(i.nodeSelector(), node))
        .map(StageServiceSpec.ImageFor::image)
        .findFirst()
        .or(() -> Optional.ofNullable(spec.image()));
  }

  /**
   * What is declared to the members: how they reach the container, and what the spec says of it.
   *
   * @param fallback the port of the revision that is called with what this one cannot do
   */
  public static Map<String, Object> declaration(
      StageServiceSpec spec, int port, Optional<Integer> fallback, List<String> kubernetesNodes) {
    var declaration = new HashMap<String, Object>(spec.service());
    boolean grpc = "grpc".equals(spec.service().get("transport"));
    declaration.put("url", url(grpc, port));
    fallback.ifPresent(other -> declaration.put(FALLBACK, url(grpc, other)));
    declaration.put(
        "nodes", kubernetesNodes.stream().map(NodeServiceName::member).sorted().toList());
    return declaration;
  }

  private static String url(boolean grpc, int port) {
    return grpc ? "grpc://127.0.0.1:" + port : "http://127.0.0.1:%s/".formatted(port);
  }

  public static ConfigMap parameters(
      String service,
      String namespace,
      OwnerReference owner,
      String revision,
      StageServiceSpec spec) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName(parametersName(service, revision))
        .withNamespace(namespace)
        .withLabels(labels(service, revision))
        .withOwnerReferences(owner)
        .endMetadata()
        .withData(DynamicParameters.fixed(spec))
        .build();
  }

  static String parametersName(String service, String revision) {
    return cut(service) + "-" + revision;
  }

  public static String name(String service, String node, String revision) {
    return cut(service) + "-" + on(node) + "-" + revision;
  }

  /**
   * @param port of the host
   * @param image see {@link #image}
   */
  public static Deployment deployment(
      String service,
      String namespace,
      OwnerReference owner,
      String revision,
      StageServiceSpec spec,
      String node,
      String image,
      int port) {
    var labels = labels(service, revision);
    labels.put(ON, on(node));
    var volumes = new ArrayList<Volume>();
    var mounts = new ArrayList<VolumeMount>();
    volumes.add(
        DynamicParameters.volume("parameters", service, spec, parametersName(service, revision)));
    mounts.add(
        new VolumeMountBuilder()
            .withName("parameters")
            .withMountPath(PARAMETERS)
            .withReadOnly(true)
            .build());
    for (int i = 0; i < spec.mounts().size(); i++) {
      volumes.add(volume("mount-" + i, spec.mounts().get(i)));
      mounts.add(mount("mount-" + i, spec.mounts().get(i)));
    }
    for (int i = 0; i < spec.devices().size(); i++) {
      var path = spec.devices().get(i);
      volumes.add(
          new VolumeBuilder().withName("device-" + i).withNewHostPath(path, "CharDevice").build());
      mounts.add(new VolumeMountBuilder().withName("device-" + i).withMountPath(path).build());
    }
    boolean host = spec.onHostNetwork();
    int inside = host ? port : Optional.ofNullable(spec.port()).orElse(8080);
    var container =
        new ContainerBuilder()
            .withName("service")
            .withImage(image)
            .withImagePullPolicy("IfNotPresent")
            .withCommand(spec.command())
            .withArgs(spec.args())
            .addNewEnvFrom()
            .withNewConfigMapRef()
            .withName(parametersName(service, revision))
            .endConfigMapRef()
            .endEnvFrom()
            .withEnv(environment(service, spec, inside))
            .addNewPort()
            .withName("service")
            .withContainerPort(inside)
            .withHostPort(port)
            .withHostIP("127.0.0.1")
            .endPort()
            .withStartupProbe(probe(spec, inside, 2, 150))
            .withReadinessProbe(probe(spec, inside, 5, 2))
            .withLivenessProbe(probe(spec, inside, 20, 6))
            .withResources(spec.resources())
            .withVolumeMounts(mounts)
            .withNewSecurityContext()
            .withPrivileged(spec.privileged() ? true : null)
            .withAllowPrivilegeEscalation(spec.privileged())
            .withRunAsUser(spec.runAsUser())
            .endSecurityContext()
            .build();
    return new DeploymentBuilder()
        .withNewMetadata()
        .withName(name(service, node, revision))
        .withNamespace(namespace)
        .withLabels(labels)
        .withAnnotations(Map.of(Labels.NODE, node))
        .withOwnerReferences(owner)
        .endMetadata()
        .withNewSpec()
        .withReplicas(1)
        .withRevisionHistoryLimit(0)
        .withNewStrategy()
        .withType("Recreate")
        .endStrategy()
        .withNewSelector()
        .withMatchLabels(labels)
        .endSelector()
        .withNewTemplate()
        .withNewMetadata()
        .withLabels(labels)
        .withAnnotations(Map.of(Labels.NODE, node))
        .endMetadata()
        .withNewSpec()
        .withAutomountServiceAccountToken(false)
        .withEnableServiceLinks(false)
        .withHostNetwork(host ? true : null)
        .withDnsPolicy(host ? "ClusterFirstWithHostNet" : "ClusterFirst")
        .withTerminationGracePeriodSeconds((long) spec.rollOut().drain())
        .withRuntimeClassName(spec.runtimeClassName())
        .withImagePullSecrets(spec.imagePullSecrets())
        .withNewAffinity()
        .withNewNodeAffinity()
        .withNewRequiredDuringSchedulingIgnoredDuringExecution()
        .addNewNodeSelectorTerm()
        .addNewMatchField()
        .withKey("metadata.name")
        .withOperator("In")
        .withValues(node)
        .endMatchField()
        .endNodeSelectorTerm()
        .endRequiredDuringSchedulingIgnoredDuringExecution()
        .endNodeAffinity()
        .endAffinity()
        .withTolerations(tolerations())
        .withContainers(container)
        .withVolumes(volumes)
        .endSpec()
        .endTemplate()
        .endSpec()
        .build();
  }

  /** Those of a node that is away have no end: its containers stay for as long as it takes. */
  private static List<Toleration> tolerations() {
    return Stream.of(
            toleration("node.kubernetes.io/not-ready", "NoExecute"),
            toleration("node.kubernetes.io/unreachable", "NoExecute"),
            toleration("node-role.kubernetes.io/edge", "NoSchedule"),
            toleration("node-role.kubernetes.io/control-plane", "NoSchedule"))
        .toList();
  }

  private static Toleration toleration(String key, String effect) {
    return new TolerationBuilder().withKey(key).withOperator("Exists").withEffect(effect).build();
  }

  private static List<EnvVar> environment(String service, StageServiceSpec spec, int port) {
    var env = new ArrayList<EnvVar>();
    env.add(variable("DAYU_SERVICE_NAME", service));
    env.add(variable("DAYU_SERVICE_PORT", Integer.toString(port)));
    // Where another network is in between, the loopback of the container is not that of the member.
    env.add(variable("DAYU_SERVICE_HOST", spec.onHostNetwork() ? "127.0.0.1" : "0.0.0.0"));
    env.add(
        variable(
            "DAYU_SERVICE_TRANSPORT",
            String.valueOf(spec.service().getOrDefault("transport", "http"))));
    Optional.ofNullable(spec.service().get("parallelism"))
        .ifPresent(p -> env.add(variable("DAYU_SERVICE_PARALLELISM", String.valueOf(p))));
    env.add(
        new EnvVarBuilder()
            .withName("NODE_NAME")
            .withNewValueFrom()
            .withNewFieldRef()
            .withFieldPath("spec.nodeName")
            .endFieldRef()
            .endValueFrom()
            .build());
    for (var m : spec.mounts())
      Optional.ofNullable(m.envName()).ifPresent(name -> env.add(variable(name, m.path())));
    env.addAll(spec.env());
    return env;
  }

  private static EnvVar variable(String name, String value) {
    return new EnvVarBuilder().withName(name).withValue(value).build();
  }

  private static Probe probe(StageServiceSpec spec, int port, int period, int failures) {
    var probe =
        new ProbeBuilder()
            .withPeriodSeconds(period)
            .withTimeoutSeconds(5)
            .withFailureThreshold(failures);
    var host = spec.onHostNetwork() ? "127.0.0.1" : null;
    if (spec.health() == null)
      return probe
          .withNewTcpSocket()
          .withHost(host)
          .withPort(new IntOrString(port))
          .endTcpSocket()
          .build();
    return probe
        .withNewHttpGet()
        .withHost(host)
        .withPort(new IntOrString(port))
        .withPath(spec.health().path())
        .endHttpGet()
        .build();
  }

  private static Volume volume(String name, Mount mount) {
    var volume = new VolumeBuilder().withName(name);
    if (mount.host() != null)
      return volume
          .withNewHostPath(mount.host().path(), Optional.ofNullable(mount.host().type()).orElse(""))
          .build();
    if (mount.configMap() != null) return volume.withConfigMap(mount.configMap()).build();
    if (mount.secret() != null) return volume.withSecret(mount.secret()).build();
    if (mount.persistentVolumeClaim() != null)
      return volume.withPersistentVolumeClaim(mount.persistentVolumeClaim()).build();
    return volume
        .withEmptyDir(
            Optional.ofNullable(mount.emptyDir())
                .orElseGet(io.fabric8.kubernetes.api.model.EmptyDirVolumeSource::new))
        .build();
  }

  private static VolumeMount mount(String name, Mount mount) {
    return new VolumeMountBuilder()
        .withName(name)
        .withMountPath(mount.path())
        .withSubPath(mount.subPath())
        .withReadOnly(mount.readOnly() ? true : null)
        .withMountPropagation(mount.propagation())
        .build();
  }

  private static Map<String, String> labels(String service, String revision) {
    var labels = new HashMap<>(Labels.made());
    labels.put(SERVICE, service);
    labels.put(REVISION, revision);
    return labels;
  }

  /** Six digits for a node, whose name may be longer than a label. */
  private static String on(String node) {
    return PipelineDocuments.digest(node).substring(0, 6);
  }

  /**
   * A service's name as a part of others: itself up to 40 characters; else its beginning, with six
   * digits that tell it from others which begin like it.
   */
  static String cut(String service) {
    return service.length() <= LONGEST
        ? service
        : service.substring(0, LONGEST) + "-" + PipelineDocuments.digest(service).substring(0, 6);
  }
}
