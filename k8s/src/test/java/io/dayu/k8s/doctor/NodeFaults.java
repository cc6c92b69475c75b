package io.dayu.k8s.doctor;

import static io.dayu.k8s.doctor.Fault.hint;
import static io.dayu.k8s.doctor.Fault.problem;
import static io.dayu.k8s.doctor.Healthy.NAMESPACE;

import io.dayu.k8s.desired.Nodes;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.Consumer;

/** Of nodes and the pods on them. */
final class NodeFaults {
  private static final String EDGE = "node-role.kubernetes.io/edge";

  private NodeFaults() {}

  static List<Fault> nodes() {
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

  static List<Fault> pods() {
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
}
