package io.dayu.k8s;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.dayu.cli.install.Kubectl;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClass;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a kustomization renders to, as Kubernetes' own types. */
record Manifests(List<HasMetadata> resources) {
  private static final Map<String, Class<? extends HasMetadata>> KINDS =
      Map.ofEntries(
          Map.entry("Certificate", CertManager.Certificate.class),
          Map.entry("ClusterRole", ClusterRole.class),
          Map.entry("ClusterRoleBinding", ClusterRoleBinding.class),
          Map.entry("ConfigMap", ConfigMap.class),
          Map.entry("DaemonSet", DaemonSet.class),
          Map.entry("Endpoints", Endpoints.class),
          Map.entry("Issuer", CertManager.Issuer.class),
          Map.entry("Namespace", Namespace.class),
          Map.entry("NetworkPolicy", NetworkPolicy.class),
          Map.entry("PodDisruptionBudget", PodDisruptionBudget.class),
          Map.entry("PriorityClass", PriorityClass.class),
          Map.entry("Role", Role.class),
          Map.entry("RoleBinding", RoleBinding.class),
          Map.entry("Service", Service.class),
          Map.entry("ServiceAccount", ServiceAccount.class),
          Map.entry("StatefulSet", StatefulSet.class));

  /** The library's types keep unknown fields; the API server refuses them, and so do we. */
  private static final ObjectMapper STRICT =
      new ObjectMapper(new YAMLFactory())
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .setAnnotationIntrospector(
              new JacksonAnnotationIntrospector() {
                private static final long serialVersionUID = 1L;

                @Override
                public Boolean hasAnySetter(Annotated annotated) {
                  return false;
                }
              });

  Manifests {
    resources = List.copyOf(resources);
  }

  /**
   * Runs {@code kubectl kustomize}, which needs no server.
   *
   * @throws io.dayu.console.UserException if kubectl is missing or refuses the directory, with its
   *     own words
   */
  static Manifests render(Path directory) {
    return parse(Kubectl.kustomize(directory));
  }

  /**
   * @throws IllegalArgumentException for a kind not listed here and for a field that Kubernetes
   *     does not know
   */
  static Manifests parse(String yaml) {
    var resources = new ArrayList<HasMetadata>();
    try (var documents = STRICT.readerFor(JsonNode.class).<JsonNode>readValues(yaml)) {
      while (documents.hasNext()) {
        var document = documents.next();
        var kind = document.path("kind").asText();
        var type = KINDS.get(kind);
        if (type == null) throw new IllegalArgumentException("unexpected kind '" + kind + "'");
        resources.add(STRICT.treeToValue(document, type));
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    return new Manifests(resources);
  }

  <T extends HasMetadata> List<T> all(Class<T> kind) {
    return resources.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** The one resource of this kind and name. */
  <T extends HasMetadata> T one(Class<T> kind, String name) {
    var found = all(kind).stream().filter(r -> r.getMetadata().getName().equals(name)).toList();
    if (found.size() != 1)
      throw new AssertionError(
          "%d of %s %s, expected one".formatted(found.size(), kind.getSimpleName(), name));
    return found.get(0);
  }
}
