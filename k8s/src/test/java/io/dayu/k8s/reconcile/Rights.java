package io.dayu.k8s.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What the manifests allow the operator, as verb and resource. */
final class Rights {
  private Rights() {}

  static Set<String> ofTheOperator() {
    var rights = new TreeSet<String>();
    try (var file = Files.newInputStream(Path.of("components/operator/rbac.yaml"))) {
      List<HasMetadata> all = new KubernetesSerialization().unmarshal(file);
      for (var each : all)
        for (var rule :
            each instanceof Role r
                ? r.getRules()
                : each instanceof ClusterRole c ? c.getRules() : List.<PolicyRule>of())
          for (var resource : rule.getResources())
            for (var verb : rule.getVerbs()) rights.add(verb + " " + resource);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return rights;
  }
}
