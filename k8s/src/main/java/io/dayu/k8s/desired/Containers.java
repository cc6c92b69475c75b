package io.dayu.k8s.desired;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** How the containers of a service are, as their Deployments and pods say. */
public final class Containers {
  /** Pods with these will not become ready by themselves; others, as slow networks, may. */
  private static final Set<String> BROKEN =
      Set.of("CrashLoopBackOff", "InvalidImageName", "CreateContainerConfigError");

  private static final int MOST_RESTARTS = 3;

  private Containers() {}

  public static boolean isReady(Deployment deployment) {
    var status = deployment.getStatus();
    return status != null && Optional.ofNullable(status.getReadyReplicas()).orElse(0) > 0;
  }

  /** Why a pod will not become ready; empty as long as it may. */
  public static Optional<String> broken(Pod pod) {
    if (pod.getStatus() == null) return Optional.empty();
    for (var c : pod.getStatus().getContainerStatuses()) {
      var waiting = c.getState() == null ? null : c.getState().getWaiting();
      if (waiting != null && BROKEN.contains(String.valueOf(waiting.getReason()))
          || Optional.ofNullable(c.getRestartCount()).orElse(0) >= MOST_RESTARTS)
        return Optional.of(
            "on node %s: %s after %s restarts"
                .formatted(
                    Labels.node(pod),
                    waiting == null ? "it ends again and again" : waiting.getReason(),
                    c.getRestartCount()));
    }
    return Optional.empty();
  }

  /** What a pod waits for, in Kubernetes' word; empty if it waits for nothing. */
  public static String waiting(Pod pod) {
    return pod.getStatus() == null
        ? ""
        : pod.getStatus().getContainerStatuses().stream()
            .map(c -> c.getState() == null ? null : c.getState().getWaiting())
            .filter(Objects::nonNull)
            .map(w -> String.valueOf(w.getReason()))
            .findFirst()
            .orElse("");
  }
}
