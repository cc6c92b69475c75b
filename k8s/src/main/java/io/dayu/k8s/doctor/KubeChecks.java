package io.dayu.k8s.doctor;

import io.dayu.console.Check;
import java.util.ArrayList;
import java.util.List;
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
          new Step("seeds", ServiceChecks::seeds));

  private KubeChecks() {}

  /** Looks at everything; what cannot be seen is told, and keeps nothing else from being seen. */
  static List<Check> of(View view) {
    var checks = new ArrayList<Check>();
    for (var step : STEPS) {
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
