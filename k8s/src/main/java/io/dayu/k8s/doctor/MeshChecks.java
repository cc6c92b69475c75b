package io.dayu.k8s.doctor;

import static io.dayu.k8s.doctor.Findings.IT;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.dayu.k8s.desired.Eligibility;
import io.dayu.k8s.desired.Members.Member;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** EdgeMesh, which carries the Services of members between sites. */
final class MeshChecks {
  private static final String AGENT = "edgemesh-agent";
  private static final String SETTINGS = "edgemesh-agent-cfg";
  private static final String SECRET = "edgemesh-agent-psk";
  private static final String NOT_NEEDED = "no member is on an edge of KubeEdge; not needed";

  /** On a Service: EdgeMesh leaves it alone; in the other mode of its filter, only then not. */
  private static final String LABEL = "service.edgemesh.kubeedge.io/service-proxy-name";

  private static final String ONLY_LABELLED = "FilterIfLabelDoesNotExists";

  /** SHA-256 of the one in EdgeMesh's manifests, which anybody can read. */
  private static final String SAMPLE =
      "701f220bda0be8eae39eae133f343e41ed5b810be92db5efed3ada23613d61b1";

  private static final BigDecimal LITTLE = new BigDecimal("0.2");

  private MeshChecks() {}

  /** An agent runs on each node that has a member. */
  static String agents(View view, Findings findings) {
    if (!needed(view)) return NOT_NEEDED;
    var agent = agent(view);
    if (agent.isEmpty()) {
      findings.problem(
          AGENT,
          "is not there, so names of members lead nowhere on edges",
          "install EdgeMesh (edgemesh.netlify.app/guide), or route the nodes' addresses to each other");
      return "";
    }
    var namespace = agent.get().getMetadata().getNamespace();
    var labels = agent.get().getSpec().getSelector().getMatchLabels();
    var ready = new TreeSet<String>();
    for (var pod : view.in(Pod.class, namespace))
      if (has(pod, labels) && PodChecks.isReady(pod)) ready.add(pod.getSpec().getNodeName());
    for (var member : view.members())
      if (Eligibility.ready(view.node(member.node()).orElseThrow())
          && !ready.contains(member.node()))
        findings.problem(
            member.node(),
            "no agent of EdgeMesh is ready there, so its member reaches no other site",
            "kubectl -n %s get pods -o wide; a taint may keep it away, or its affinity"
                .formatted(namespace));
    var container = agent.get().getSpec().getTemplate().getSpec().getContainers().get(0);
    var limit =
        Optional.ofNullable(container.getResources())
            .flatMap(r -> Optional.ofNullable(r.getLimits()))
            .map(l -> l.get("cpu"))
            .map(Quantity::getNumericalAmount);
    if (limit.isPresent() && limit.get().compareTo(LITTLE) <= 0)
      findings.hint(
          AGENT,
          "may use %s of a CPU, and all streams between sites pass through it"
              .formatted(limit.get().stripTrailingZeros().toPlainString()),
          "kubectl -n %s set resources daemonset %s --limits=cpu=1,memory=512Mi"
              .formatted(namespace, IT));
    return "%s on %s nodes".formatted(container.getImage(), ready.size());
  }

  /** Proxy and tunnel are on, and edges find the cloud by relays that are there. */
  static String settings(View view, Findings findings) {
    var modules = modules(view);
    if (modules.isMissingNode()) return needed(view) ? "not there to be read" : NOT_NEEDED;
    var edit =
        "kubectl -n %s edit configmap %s, then: kubectl -n %s rollout restart daemonset %s"
            .formatted(namespace(view), SETTINGS, namespace(view), AGENT);
    for (var module : new String[] {"edgeProxy", "edgeTunnel"})
      if (!modules.path(module).path("enable").asBoolean())
        findings.problem(SETTINGS, "modules.%s.enable is not true".formatted(module), edit);
    var relays = new TreeSet<String>();
    for (var relay : modules.path("edgeTunnel").path("relayNodes")) {
      var name = relay.path("nodeName").asText();
      relays.add(name);
      if (view.node(name).isEmpty())
        findings.problem(SETTINGS, "relayNodes names %s, which is no node".formatted(name), edit);
      if (relay.path("advertiseAddress").isEmpty())
        findings.problem(
            SETTINGS, "the relay node %s has no advertiseAddress".formatted(name), edit);
    }
    for (var member : view.members())
      if (member.cloud() && !relays.contains(member.node()))
        findings.hint(
            SETTINGS,
            "relayNodes does not name %s; edges of other networks may not reach it"
                .formatted(member.node()),
            edit + ". Its advertiseAddress is one that edges reach, port 20006");
    return "relays: " + String.join(", ", relays);
  }

  /** EdgeMesh carries the Services of members and leaves that of the API server alone. */
  static String carried(View view, Findings findings) {
    if (!needed(view)) return NOT_NEEDED;
    boolean onlyLabelled =
        modules(view).path("edgeProxy").path("serviceFilterMode").asText().equals(ONLY_LABELLED);
    for (var service : view.ours(Service.class)) {
      var name = service.getMetadata().getName();
      if (!name.startsWith("node-")) continue;
      if (View.label(service, LABEL).isPresent() != onlyLabelled)
        findings.problem(
            name,
            "EdgeMesh does not carry it: its filter wants Services %s the label %s"
                .formatted(onlyLabelled ? "with" : "without", LABEL),
            "kubectl -n %s label service %s %s%s"
                .formatted(view.namespace(), IT, LABEL, onlyLabelled ? "=" : "-"));
    }
    var api = view.one(Service.class, "default", "kubernetes");
    if (!onlyLabelled && api.isPresent() && View.label(api.get(), LABEL).isEmpty())
      findings.hint(
          "kubernetes",
          "EdgeMesh carries the API server's own Service too, which its guide warns of",
          "kubectl label service kubernetes %s=".formatted(LABEL));
    return "Services of members, and not that of the API server";
  }

  /** What agents know each other by is not the one of the manifests. */
  static String secret(View view, Findings findings) {
    if (agent(view).isEmpty()) return NOT_NEEDED;
    var psk =
        view.one(ConfigMap.class, namespace(view), SECRET)
            .flatMap(m -> Optional.ofNullable(m.getData()))
            .map(d -> d.get("psk"));
    if (psk.isPresent() && sha256(psk.get().strip()).equals(SAMPLE))
      findings.hint(
          SECRET,
          "is the sample of EdgeMesh's manifests: whoever reaches port 20006 may join the tunnel",
          "kubectl -n %s patch configmap %s --type merge -p \"{\\\"data\\\":{\\\"psk\\\":\\\"$(openssl rand -base64 32)\\\"}}\", then start all agents anew"
              .formatted(namespace(view), IT));
    return "is not the sample";
  }

  private static boolean needed(View view) {
    return view.members().stream()
        .map(Member::node)
        .anyMatch(name -> view.node(name).map(View::runsEdgeCore).orElse(false));
  }

  private static Optional<DaemonSet> agent(View view) {
    return view.all(DaemonSet.class).stream()
        .filter(d -> d.getMetadata().getName().equals(AGENT))
        .findFirst();
  }

  private static String namespace(View view) {
    return agent(view).map(a -> a.getMetadata().getNamespace()).orElse("kubeedge");
  }

  /** Of the settings of the agents; missing if they are not there. */
  private static JsonNode modules(View view) {
    return view.one(ConfigMap.class, namespace(view), SETTINGS).stream()
        .flatMap(m -> Optional.ofNullable(m.getData()).orElse(Map.of()).values().stream())
        .map(text -> read(view, text))
        .findFirst()
        .map(settings -> settings.path("modules"))
        .orElse(MissingNode.getInstance());
  }

  private static JsonNode read(View view, String text) {
    try {
      return view.client().getKubernetesSerialization().unmarshal(text, JsonNode.class);
    } catch (KubernetesClientException e) {
      throw new NotSeen(
          "%s cannot be read: %s".formatted(SETTINGS, View.words(e)),
          "kubectl -n %s get configmap %s -o yaml".formatted(namespace(view), SETTINGS),
          e);
    }
  }

  private static boolean has(HasMetadata object, Map<String, String> labels) {
    return labels.entrySet().stream()
        .allMatch(l -> View.label(object, l.getKey()).filter(l.getValue()::equals).isPresent());
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
