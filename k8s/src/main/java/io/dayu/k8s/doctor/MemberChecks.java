package io.dayu.k8s.doctor;

import static io.dayu.k8s.doctor.Findings.IT;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.client.ApiClient;
import io.dayu.console.UserException;
import io.dayu.facts.NodeServiceName;
import java.util.HashMap;
import java.util.Map;

/** What members say of each other, over the API of a cloud node. */
final class MemberChecks {
  private MemberChecks() {}

  /** Each member has joined, and is reached: its report comes, and what is sent arrives. */
  static String joined(View view, ApiClient api, Findings findings) {
    Map<String, JsonNode> told = new HashMap<>();
    try {
      for (var node : api.get("nodes").path("items")) told.put(node.path("name").asText(), node);
    } catch (UserException e) {
      findings.hint(
          "",
          "not seen: " + e.getMessage(),
          "kubectl -n %s port-forward daemonset/NAME 8080, then --api http://127.0.0.1:8080 --token TOKEN"
              .formatted(view.namespace()));
      return "";
    }
    for (var member : view.members()) {
      var name = NodeServiceName.member(member.node());
      var node = told.remove(name);
      if (node == null)
        findings.problem(
            name,
            "has a node in Kubernetes and is no member",
            "see the lines of its pod, Service and Endpoints; on it: ./dayu doctor --seeds NAME:PORT");
      else if (!node.path("status").asText().equals("up"))
        findings.hint(
            name,
            "is %s: others do not reach it, or it does not reach them"
                .formatted(node.path("status").asText()),
            "on it and on a cloud node: ./dayu doctor --seeds NAME:PORT, since a way may be open in one direction only");
      else if (node.hasNonNull("problem"))
        findings.hint(name, node.path("problem").asText(), "./dayu nodes");
    }
    told.keySet().stream()
        .sorted()
        .forEach(
            name ->
                findings.hint(
                    name,
                    "is a member that no node of Kubernetes has",
                    "if it is gone for good: ./dayu nodes remove " + IT));
    return "all %s are up".formatted(view.members().size());
  }
}
