package io.dayu.k8s.doctor;

import io.fabric8.kubernetes.api.model.Namespace;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Kubernetes itself, and the namespace. */
final class ClusterChecks {
  /** The oldest Kubernetes that reads the manifests and the definitions. */
  private static final int MINOR = 27;

  private static final Pattern NUMBER = Pattern.compile("([0-9]+).*");
  private static final String POD_SECURITY = "pod-security.kubernetes.io/enforce";

  private ClusterChecks() {}

  static String kubernetes(View view, Findings findings) {
    var version = view.ask("get /version", view.client()::getKubernetesVersion);
    var text = "%s.%s".formatted(version.getMajor(), version.getMinor());
    // Some distributions write "27+".
    var minor = NUMBER.matcher(version.getMinor());
    if (version.getMajor().equals("1")
        && minor.matches()
        && Integer.parseInt(minor.group(1)) < MINOR)
      findings.problem("", "version " + text, "1.%s or later: docs/kubeedge.md".formatted(MINOR));
    return "version " + text;
  }

  /** It is there, and lets pods on the network of hosts in. */
  static String namespace(View view, Findings findings) {
    var namespace = view.global(Namespace.class, view.namespace());
    if (namespace.isEmpty()) {
      findings.problem(
          view.namespace(),
          "is not there",
          "docs/kubeedge.md tells how to install it; another namespace: --namespace");
      return "";
    }
    var enforced =
        Optional.ofNullable(namespace.get().getMetadata().getLabels())
            .orElse(Map.of())
            .getOrDefault(POD_SECURITY, "");
    if (Set.of("restricted", "baseline").contains(enforced))
      findings.problem(
          view.namespace(),
          "its Pod Security is %s, which refuses pods on the host's network".formatted(enforced),
          "kubectl label namespace %s --overwrite %s=privileged"
              .formatted(Findings.IT, POD_SECURITY));
    return view.namespace();
  }
}
