package io.dayu.k8s.doctor;

import static io.dayu.k8s.doctor.Findings.IT;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.k8s.desired.Eligibility;
import io.dayu.k8s.desired.Members.Member;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** What kubelets say of their settings, where the API server reaches them. */
final class KubeletChecks {
  /** Where EdgeMesh answers on edges. */
  private static final String DNS = "169.254.96.16";

  /** Of the edges, so many are asked: settings are rolled out to all alike. */
  private static final int ASKED = 20;

  private static final int PATIENCE_S = 5;

  private record Asked(String node, CompletableFuture<HttpResponse<String>> answer) {}

  private KubeletChecks() {}

  /** Pods of edges ask EdgeMesh for names. */
  static String dns(View view, Findings findings) {
    var edges =
        view.members().stream()
            .map(Member::node)
            .flatMap(name -> view.node(name).stream())
            .filter(node -> View.runsEdgeCore(node) && Eligibility.ready(node))
            .limit(ASKED)
            .toList();
    if (edges.isEmpty()) return "no edge of KubeEdge is ready to be asked";
    var asked = new ArrayList<Asked>();
    for (var edge : edges) asked.add(new Asked(edge.getMetadata().getName(), ask(view, edge)));
    for (var one : asked)
      one.answer()
          .handle(
              (answer, failed) -> {
                if (failed != null) notSeen(one.node(), 0, findings);
                else if (!answer.isSuccessful()) notSeen(one.node(), answer.code(), findings);
                else judge(one.node(), settings(view, answer.body()), findings);
                return 0;
              })
          .join();
    return "%s edges ask %s".formatted(edges.size(), DNS);
  }

  private static CompletableFuture<HttpResponse<String>> ask(View view, Node node) {
    var path = "api/v1/nodes/%s/proxy/configz".formatted(node.getMetadata().getName());
    var http = view.client().getHttpClient();
    var request = http.newHttpRequestBuilder().uri(view.client().getMasterUrl() + path).build();
    return http.sendAsync(request, String.class).orTimeout(PATIENCE_S, TimeUnit.SECONDS);
  }

  private static JsonNode settings(View view, String text) {
    return view.client()
        .getKubernetesSerialization()
        .unmarshal(text, JsonNode.class)
        .path("kubeletconfig");
  }

  /**
   * @param code of the answer; 0 without one
   */
  private static void notSeen(String node, int code, Findings findings) {
    findings.hint(
        node,
        code == 403
            ? "DNS not seen: you have no right to get nodes/proxy"
            : "DNS not seen: the API server does not reach its kubelet (CloudStream and EdgeStream of KubeEdge)",
        "on it: grep -A2 clusterDNS /etc/kubeedge/config/edgecore.yaml is to have %s"
            .formatted(DNS));
  }

  private static void judge(String node, JsonNode settings, Findings findings) {
    var servers = new ArrayList<String>();
    settings.path("clusterDNS").forEach(s -> servers.add(s.asText()));
    if (!servers.equals(List.of(DNS)))
      findings.problem(
          node,
          "its pods ask %s for names, not EdgeMesh"
              .formatted(servers.isEmpty() ? "the host's DNS" : String.join(", ", servers)),
          "in /etc/kubeedge/config/edgecore.yaml of %s: modules.edged.tailoredKubeletConfig.clusterDNS: [%s]; systemctl restart edgecore"
              .formatted(IT, DNS));
    var domain = settings.path("clusterDomain").asText();
    if (!domain.equals("cluster.local"))
      findings.hint(
          node,
          "its clusterDomain is \"%s\"".formatted(domain),
          "cluster.local, unless cluster.domain of the values says otherwise; in edgecore.yaml beside clusterDNS");
  }
}
