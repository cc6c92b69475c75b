package io.dayu.k8s.desired;

import io.dayu.k8s.crd.StageServiceSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Paths of the host that do not begin with a slash: they lie below a directory that a node's
 * profile names, since not all hosts keep their files in the same place.
 */
public final class HostPaths {
  /** Where a profile names none. */
  public static final String USUAL = "/var/lib/dayu/files";

  private HostPaths() {}

  /** Whether something that the service mounts depends on the node. */
  public static boolean dependOnTheNode(StageServiceSpec spec) {
    return spec.mounts().stream()
        .flatMap(m -> Optional.ofNullable(m.host()).stream())
        .anyMatch(h -> isRelative(h.path()));
  }

  /** The same with all paths below {@code directory} that do not begin with a slash. */
  public static Deployment below(Deployment deployment, String directory) {
    var placed = new DeploymentBuilder(deployment).build();
    for (var volume : placed.getSpec().getTemplate().getSpec().getVolumes()) {
      var host = volume.getHostPath();
      if (host != null && isRelative(host.getPath()))
        host.setPath(Path.of(directory, host.getPath()).toString());
    }
    return placed;
  }

  private static boolean isRelative(String path) {
    return !path.startsWith("/");
  }
}
