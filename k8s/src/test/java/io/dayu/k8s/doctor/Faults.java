package io.dayu.k8s.doctor;

import static io.dayu.k8s.doctor.Fault.hint;
import static io.dayu.k8s.doctor.Fault.problem;
import static io.dayu.k8s.doctor.Healthy.NAMESPACE;

import io.dayu.facts.NodeReport.Role;
import io.dayu.k8s.crd.PipelineResource;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.desired.Nodes;
import io.dayu.keys.Authority;
import io.dayu.keys.Holder;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Each fault that the doctor knows, made in a {@link Healthy} cluster. */
final class Faults {
  private static final String EDGE = "node-role.kubernetes.io/edge";
  private static final String MESH_LABEL = "service.edgemesh.kubeedge.io/service-proxy-name";

  private Faults() {}

  static Stream<Fault> all() {
    return Stream.of(nodes(), pods(), services(), secrets(), mesh(), operator())
        .flatMap(List::stream);
  }

  private static List<Fault> nodes() {
    return List.of(
        problem("Kubernetes", "version 1.24", c -> c.answers().version("24+")),
        problem("namespace dayu-system", "is not there", c -> c.remove(Namespace.class, NAMESPACE)),
        problem(
            "namespace dayu-system",
            "baseline",
            c ->
                c.change(
                    Namespace.class,
                    NAMESPACE,
                    n ->
                        n.getMetadata()
                            .getLabels()
                            .put("pod-security.kubernetes.io/enforce", "baseline"))),
        hint(
            "members other",
            "no DaemonSet wants it",
            c -> c.add(Nodes.cloud("other", "192.0.2.9"))),
        hint(
            "members edge-1",
            "the taint dedicated:NoSchedule",
            node(
                n ->
                    n.getSpec()
                        .setTaints(
                            List.of(
                                new TaintBuilder()
                                    .withKey("dedicated")
                                    .withEffect("NoSchedule")
                                    .build())))),
        problem(
            "members edge-1",
            "wanted by node-edge-1 and node-edge-1-twin",
            c -> {
              var twin =
                  c.client()
                      .getKubernetesSerialization()
                      .clone(
                          c.client()
                              .apps()
                              .daemonSets()
                              .inNamespace(NAMESPACE)
                              .withName("node-edge-1")
                              .get());
              twin.getMetadata().setName("node-edge-1-twin");
              twin.getMetadata().setResourceVersion(null);
              c.add(twin);
            }),
        problem("members edge-1", "InternalIP", node(n -> n.getStatus().setAddresses(List.of()))),
        hint(
            "node edge-1",
            "is not ready",
            node(n -> n.getStatus().getConditions().get(0).setStatus("Unknown"))),
        hint(
            "node edge-1",
            "MemoryPressure: little",
            node(
                n ->
                    n.getStatus()
                        .getConditions()
                        .add(
                            new NodeConditionBuilder()
                                .withType("MemoryPressure")
                                .withStatus("True")
                                .withMessage("little")
                                .build()))),
        problem(
            "KubeEdge edge-1",
            "no label of edges",
            node(n -> n.getMetadata().getLabels().remove(EDGE))),
        hint(
            "KubeEdge edge-1",
            "runs KubeEdge 1.12",
            node(n -> n.getStatus().getNodeInfo().setKubeletVersion("v1.22.6-kubeedge-v1.12.1"))),
        problem("clock edge-1", "before that", renewed(Duration.ofMinutes(10))),
        hint("clock edge-1", "behind that", renewed(Duration.ofMinutes(-2))));
  }

  private static Fault.Break node(Consumer<Node> change) {
    return c -> c.change(Node.class, "edge-1", change);
  }

  private static Fault.Break renewed(Duration ahead) {
    return c ->
        c.change(
            Lease.class,
            "edge-1",
            l -> l.getSpec().setRenewTime(c.now().plus(ahead).atZone(ZoneOffset.UTC)));
  }

  private static List<Fault> pods() {
    return List.of(
        problem("pod edge-1", "has no pod", c -> c.remove(Pod.class, "pod-edge-1")),
        problem(
            "pod edge-1",
            "didn't have free ports",
            pod(
                p -> {
                  p.getStatus()
                      .setConditions(
                          List.of(
                              new PodConditionBuilder()
                                  .withType("PodScheduled")
                                  .withStatus("False")
                                  .withMessage("1 node(s) didn't have free ports")
                                  .build()));
                  p.getStatus().setContainerStatuses(List.of());
                })),
        problem(
            "pod edge-1",
            "ImagePullBackOff dayu/edge-node:0.1.0",
            unready(s -> waiting(s, "ImagePullBackOff"))),
        problem(
            "pod edge-1",
            "exit code 78",
            unready(
                s -> {
                  waiting(s, "CrashLoopBackOff");
                  ended(s, 78, "Error");
                })),
        problem(
            "pod edge-1",
            "is not a directory",
            c -> {
              unready(s -> waiting(s, "ContainerCreating")).in(c);
              c.add(
                  new EventBuilder()
                      .withNewMetadata()
                      .withName("e")
                      .withNamespace(NAMESPACE)
                      .endMetadata()
                      .withType("Warning")
                      .withMessage("hostPath type check failed: /etc/dayu/keys is not a directory")
                      .withNewInvolvedObject()
                      .withKind("Pod")
                      .withName("pod-edge-1")
                      .endInvolvedObject()
                      .build());
            }),
        problem(
            "pod edge-1",
            "CreateContainerConfigError",
            unready(s -> waiting(s, "CreateContainerConfigError"))),
        problem("pod edge-1", "node is ready and its pod is not", unready(s -> {})),
        hint(
            "restarts edge-1",
            "5 times, lately after: OOMKilled",
            container(
                s -> {
                  s.setRestartCount(5);
                  ended(s, 137, "OOMKilled");
                })),
        hint(
            "template edge-1",
            "has not yet got dayu/edge-node:0.1.0",
            pod(p -> p.getMetadata().getLabels().put("pod-template-generation", "0"))),
        hint(
            "versions",
            "members run 0.1.0 and 0.2.0",
            container(s -> s.setImage("dayu/edge-node:0.2.0"))),
        hint(
            "versions dayu/edge-node:0.1.0",
            "the tag was moved",
            container(s -> s.setImageID("sha256:other"))));
  }

  private static Fault.Break pod(Consumer<Pod> change) {
    return c -> c.change(Pod.class, "pod-edge-1", change);
  }

  private static Fault.Break container(Consumer<ContainerStatus> change) {
    return pod(p -> change.accept(p.getStatus().getContainerStatuses().get(0)));
  }

  private static Fault.Break unready(Consumer<ContainerStatus> change) {
    return pod(
        p -> {
          p.getStatus().getConditions().get(0).setStatus("False");
          change.accept(p.getStatus().getContainerStatuses().get(0));
        });
  }

  private static void waiting(ContainerStatus status, String reason) {
    status.setState(
        new io.fabric8.kubernetes.api.model.ContainerStateBuilder()
            .withNewWaiting()
            .withReason(reason)
            .endWaiting()
            .build());
  }

  private static void ended(ContainerStatus status, int code, String reason) {
    status.setLastState(
        new io.fabric8.kubernetes.api.model.ContainerStateBuilder()
            .withNewTerminated()
            .withExitCode(code)
            .withReason(reason)
            .endTerminated()
            .build());
  }

  private static List<Fault> services() {
    return List.of(
        problem("Service node-edge-1", "is missing", c -> c.remove(Service.class, "node-edge-1")),
        problem(
            "Service node-edge-1",
            "has a selector",
            service(s -> s.getSpec().setSelector(Map.of("a", "b")))),
        problem(
            "Service node-edge-1", "is headless", service(s -> s.getSpec().setClusterIP("None"))),
        problem(
            "Service node-edge-1",
            "tcp-data 25530",
            service(s -> s.getSpec().getPorts().removeIf(p -> p.getName().equals("tcp-data")))),
        problem(
            "Endpoints node-edge-1", "are missing", c -> c.remove(Endpoints.class, "node-edge-1")),
        problem(
            "Endpoints node-edge-1",
            "lead to 192.0.2.99, the node is at 192.0.2.21",
            endpoints(e -> e.getSubsets().get(0).getAddresses().get(0).setIp("192.0.2.99"))),
        problem(
            "Endpoints node-edge-1",
            "nodeName edge-2",
            endpoints(e -> e.getSubsets().get(0).getAddresses().get(0).setNodeName("edge-2"))),
        problem(
            "Endpoints node-edge-1",
            "have no address",
            endpoints(e -> e.getSubsets().get(0).setAddresses(List.of()))),
        problem(
            "Endpoints node-edge-1",
            "tcp-artery 25520",
            endpoints(e -> e.getSubsets().get(0).getPorts().get(0).setPort(1))),
        problem(
            "EndpointSlice node-edge-1",
            "no EndpointSlice",
            c -> c.remove(EndpointSlice.class, "node-edge-1-x")),
        problem(
            "EndpointSlice node-edge-1",
            "leads to 192.0.2.99",
            c ->
                c.change(
                    EndpointSlice.class,
                    "node-edge-1-x",
                    s -> s.getEndpoints().get(0).setAddresses(List.of("192.0.2.99")))),
        hint(
            "left over node-edge-2",
            "a node that is not there",
            c -> c.remove(Node.class, "edge-2")),
        problem("seeds dayu-seeds", "is missing", c -> c.remove(ConfigMap.class, "dayu-seeds")),
        problem(
            "seeds dayu-seeds",
            "names node-gone.",
            seeds("%s,node-gone.dayu-system.svc.cluster.local:25520")),
        problem("seeds dayu-seeds", "svc.…:25520", seeds("%s0")));
  }

  private static Fault.Break service(Consumer<Service> change) {
    return c -> c.change(Service.class, "node-edge-1", change);
  }

  private static Fault.Break endpoints(Consumer<Endpoints> change) {
    return c -> c.change(Endpoints.class, "node-edge-1", change);
  }

  private static Fault.Break seeds(String form) {
    return c ->
        c.change(
            ConfigMap.class,
            "dayu-seeds",
            m -> m.getData().computeIfPresent("DAYU_SEEDS", (k, is) -> form.formatted(is)));
  }

  private static List<Fault> secrets() {
    var edge1 = new Holder("edge-1", Role.EDGE);
    return List.of(
        problem("Secret dayu-tokens", "is missing", c -> c.remove(Secret.class, "dayu-tokens")),
        problem(
            "Secret dayu-keys-edge-1",
            "is missing",
            c -> c.remove(Secret.class, "dayu-keys-edge-1")),
        problem(
            "tokens dayu-tokens",
            "role:sha256",
            c ->
                c.replace(
                    Healthy.secret("dayu-tokens", Map.of("DAYU_HTTP_TOKENS", "write:secret")))),
        problem(
            "tokens dayu-tokens",
            "has no DAYU_HTTP_TOKENS",
            c -> c.replace(Healthy.secret("dayu-tokens", Map.of("TOKENS", "write:secret")))),
        problem("key dayu-keys-edge-1", "has no tls.crt", key(s -> s.getData().remove("tls.crt"))),
        problem(
            "key dayu-keys-edge-1",
            "PKCS#8",
            key(s -> s.getData().put("tls.key", s.getData().get("tls.crt")))),
        problem(
            "key dayu-keys-edge-1",
            "has no certificate",
            key(s -> s.getData().put("tls.crt", s.getData().get("tls.key")))),
        problem(
            "key dayu-keys-edge-1",
            "is the key of edge-2.edge.dayu.internal",
            made(new Holder("edge-2", Role.EDGE), Duration.ZERO, Duration.ofDays(365))),
        problem(
            "key dayu-keys-edge-1",
            "has expired",
            made(edge1, Duration.ofDays(-30), Duration.ofDays(1))),
        problem(
            "key dayu-keys-edge-1",
            "is valid only from",
            made(edge1, Duration.ofDays(3), Duration.ofDays(9))),
        hint("key dayu-keys-edge-1", "expires at", made(edge1, Duration.ZERO, Duration.ofDays(5))),
        problem(
            "key dayu-keys-edge-1",
            "not of the authority",
            c -> {
              made(edge1, Duration.ZERO, Duration.ofDays(365)).in(c);
              var other =
                  c.client().secrets().inNamespace(NAMESPACE).withName("dayu-keys-edge-2").get();
              var mine =
                  c.client().secrets().inNamespace(NAMESPACE).withName("dayu-keys-edge-1").get();
              mine.getData().put("ca.crt", other.getData().get("ca.crt"));
              c.client().resource(mine).update();
            }),
        problem(
            "store dayu-store",
            "has no DAYU_STORE_PASSWORD",
            c ->
                c.add(
                    Healthy.secret(
                        "dayu-store", Map.of("DAYU_STORE_URL", "u", "DAYU_STORE_USER", "u")))));
  }

  private static Fault.Break key(Consumer<Secret> change) {
    return c -> c.change(Secret.class, "dayu-keys-edge-1", change);
  }

  /** The key of edge-1 is another one, made some time ago by another authority. */
  private static Fault.Break made(Holder holder, Duration when, Duration validity) {
    return c -> {
      var directory = Files.createTempDirectory("dayu-doctor");
      var clock = Clock.offset(Clock.systemUTC(), when);
      var authority = Authority.create(directory.resolve("ca"), Duration.ofDays(3650), clock);
      c.replace(
          Healthy.keys("dayu-keys-edge-1", authority, holder, validity, directory.resolve("node")));
    };
  }

  private static List<Fault> mesh() {
    return List.of(
        problem(
            "EdgeMesh edgemesh-agent",
            "is not there",
            c -> c.remove(DaemonSet.class, "edgemesh-agent")),
        problem(
            "EdgeMesh edge-2",
            "no agent of EdgeMesh is ready",
            c -> c.remove(Pod.class, "edgemesh-agent-edge-2")),
        hint(
            "EdgeMesh edgemesh-agent",
            "may use 0.2 of a CPU",
            c ->
                c.change(
                    DaemonSet.class,
                    "edgemesh-agent",
                    d ->
                        d.getSpec()
                            .getTemplate()
                            .getSpec()
                            .getContainers()
                            .get(0)
                            .getResources()
                            .getLimits()
                            .put("cpu", new Quantity("200m")))),
        problem(
            "EdgeMesh settings edgemesh-agent-cfg",
            "edgeTunnel.enable",
            settings(Healthy.settings("false", "cloud-1"))),
        problem(
            "EdgeMesh settings edgemesh-agent-cfg",
            "names gone, which is no node",
            settings(
                Healthy.settings("true", "cloud-1")
                    + "    - {nodeName: gone, advertiseAddress: [198.51.100.9]}\n")),
        problem(
            "EdgeMesh settings edgemesh-agent-cfg",
            "edge-1 has no advertiseAddress",
            settings(Healthy.settings("true", "cloud-1") + "    - {nodeName: edge-1}\n")),
        hint(
            "EdgeMesh settings edgemesh-agent-cfg",
            "does not name cloud-1",
            settings(Healthy.settings("true", "edge-1"))),
        problem(
            "EdgeMesh carries node-edge-1",
            "Services without the label",
            service(s -> s.getMetadata().getLabels().put(MESH_LABEL, ""))),
        hint(
            "EdgeMesh carries kubernetes",
            "API server's own",
            c ->
                c.change(
                    Service.class,
                    "kubernetes",
                    s -> s.getMetadata().getLabels().remove(MESH_LABEL))),
        hint(
            "EdgeMesh key edgemesh-agent-psk",
            "is the sample",
            c ->
                c.change(
                    ConfigMap.class,
                    "edgemesh-agent-psk",
                    // As published in EdgeMesh's manifests.
                    m -> m.getData().put("psk", "JugH9HP1XBouyO5pWGeZa8LtipDURrf17EJvUHcJGuQ="))),
        problem("DNS edge-1", "10.96.0.10", c -> c.answers().dns("edge-1", "10.96.0.10")),
        hint(
            "DNS edge-1",
            "does not reach its kubelet",
            c -> c.answers().refuse("/api/v1/nodes/edge-1/proxy/configz", 502)),
        hint(
            "DNS edge-1",
            "no right to get nodes/proxy",
            c -> c.answers().refuse("/api/v1/nodes/edge-1/proxy/configz", 403)));
  }

  private static Fault.Break settings(String text) {
    return c ->
        c.change(
            ConfigMap.class,
            "edgemesh-agent-cfg",
            m -> m.getData().put("edgemesh-agent.yaml", text));
  }

  private static List<Fault> operator() {
    return List.of(
        problem(
            "definitions pipelines.dayu.io",
            "is missing",
            c -> c.remove(CustomResourceDefinition.class, "pipelines.dayu.io")),
        problem(
            "definitions pipelines.dayu.io",
            "is not established",
            definition(d -> d.getStatus().getConditions().get(0).setStatus("False"))),
        problem(
            "definitions pipelines.dayu.io",
            "not that of this version",
            definition(
                d ->
                    d.getSpec()
                        .getVersions()
                        .get(0)
                        .getSchema()
                        .getOpenAPIV3Schema()
                        .getProperties()
                        .remove("status"))),
        problem(
            "definitions pipelines.dayu.io",
            "does not serve v1alpha1",
            definition(d -> d.getSpec().getVersions().get(0).setName("v1"))),
        problem(
            "operator's rights dayu-cloud",
            "may not update services",
            c -> c.answers().deny("update", "services")),
        problem(
            "operator's Lease dayu-operator",
            "nobody leads",
            c -> c.remove(Lease.class, "dayu-operator")),
        problem(
            "operator's Lease dayu-operator",
            "has not renewed it for",
            c -> c.replace(Healthy.lease(NAMESPACE, "dayu-operator", c.now().minusSeconds(300)))),
        problem(
            "Pipeline crossing",
            "Accepted is False, Because: so it is",
            pipeline(1, "Accepted", "False")),
        hint("Pipeline crossing", "Degraded is True", pipeline(1, "Degraded", "True")),
        hint("Pipeline crossing", "has not looked at it", pipeline(0, "Accepted", "True")),
        hint(
            "StageService count-above",
            "Progressing is False",
            c ->
                c.change(
                    StageServiceResource.class,
                    "count-above",
                    s ->
                        s.setStatus(
                            Healthy.serviceStatus(Healthy.condition("Progressing", "False"))))));
  }

  private static Fault.Break definition(Consumer<CustomResourceDefinition> change) {
    return c -> c.change(CustomResourceDefinition.class, "pipelines.dayu.io", change);
  }

  private static Fault.Break pipeline(long observed, String type, String status) {
    return c ->
        c.change(
            PipelineResource.class,
            "crossing",
            p -> {
              p.getMetadata().setGeneration(1L);
              p.setStatus(Healthy.pipelineStatus(observed, Healthy.condition(type, status)));
            });
  }
}
