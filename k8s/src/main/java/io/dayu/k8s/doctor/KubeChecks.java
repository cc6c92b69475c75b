package io.dayu.k8s.doctor;

import io.dayu.client.ApiClient;
import io.dayu.console.Check;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/** All checks, in the order in which their findings are worth reading. */
final class KubeChecks {
  /**
   * @param look puts what is wrong into the findings, and returns what to tell if nothing is
   */
  private record Step(String name, BiFunction<View, Findings, String> look) {}

  private static final List<Step> STEPS =
      List.of(
          new Step("Kubernetes", ClusterChecks::kubernetes),
          new Step("namespace", ClusterChecks::namespace),
          new Step("members", NodeChecks::placement),
          new Step("node", NodeChecks::conditions),
          new Step("KubeEdge", NodeChecks::kubeEdge),
          new Step("clock", NodeChecks::clocks),
          new Step("pod", PodChecks::pods),
          new Step("restarts", PodChecks::restarts),
          new Step("template", PodChecks::revisions),
          new Step("versions", PodChecks::versions),
          new Step("Service", ServiceChecks::services),
          new Step("Endpoints", ServiceChecks::endpoints),
          new Step("EndpointSlice", ServiceChecks::slices),
          new Step("left over", ServiceChecks::stale),
          new Step("seeds", ServiceChecks::seeds),
          new Step("Secret", SecretChecks::secrets),
          new Step("tokens", SecretChecks::tokens),
          new Step("key", SecretChecks::keys),
          new Step("store", SecretChecks::store),
          new Step("EdgeMesh", MeshChecks::agents),
          new Step("EdgeMesh settings", MeshChecks::settings),
          new Step("EdgeMesh carries", MeshChecks::carried),
          new Step("EdgeMesh key", MeshChecks::secret),
          new Step("DNS", KubeletChecks::dns),
          new Step("definitions", OperatorChecks::definitions),
          new Step("operator's rights", OperatorChecks::rights),
          new Step("operator's Lease", OperatorChecks::lease),
          new Step("Pipeline", ResourceChecks::pipelines),
          new Step("StageService", ResourceChecks::stageServices),
          new Step("NodeProfile", ResourceChecks::profiles),
          new Step("MemberRollOut", ResourceChecks::rollOuts));

  private KubeChecks() {}

  /**
   * Looks at everything; what cannot be seen is told, and keeps nothing else from being seen.
   *
   * @param api of a cloud node, to be asked for members
   */
  static List<Check> of(View view, Optional<ApiClient> api) {
    var steps = new ArrayList<>(STEPS);
    api.ifPresent(a -> steps.add(new Step("joined", (v, f) -> MemberChecks.joined(v, a, f))));
    var checks = new ArrayList<Check>();
    for (var step : steps) {
      var findings = new Findings(step.name());
      var well = "";
      try {
        well = step.look().apply(view, findings);
      } catch (NotSeen hidden) {
        findings.hint("", String.valueOf(hidden.getMessage()), hidden.remedy());
      }
      checks.addAll(findings.checks(well));
    }
    return checks;
  }
}
