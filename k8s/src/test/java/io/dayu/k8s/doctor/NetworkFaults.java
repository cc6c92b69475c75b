package io.dayu.k8s.doctor;

import static io.dayu.k8s.doctor.Fault.hint;
import static io.dayu.k8s.doctor.Fault.problem;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Of the ways between members. */
final class NetworkFaults {
  private static final String MESH_LABEL = "service.edgemesh.kubeedge.io/service-proxy-name";

  private NetworkFaults() {}

  static List<Fault> services() {
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

  static List<Fault> mesh() {
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
        problem(
            "EdgeMesh carries node-cloud-1, node-edge-1, node-edge-2",
            "Services with the label",
            settings(
                Healthy.settings("true", "cloud-1")
                    .replace(
                        "edgeProxy:\n",
                        "edgeProxy:\n    serviceFilterMode: FilterIfLabelDoesNotExists\n"))),
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
}
