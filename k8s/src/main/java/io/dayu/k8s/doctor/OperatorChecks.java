package io.dayu.k8s.doctor;

import io.dayu.k8s.desired.Labels;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionVersion;
import io.fabric8.kubernetes.api.model.authorization.v1.ResourceAttributesBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What the operator needs: definitions, rights, and one of it that leads. */
final class OperatorChecks {
  private static final String LEASE = "dayu-operator";
  private static final String NOT_ENABLED = "the operator is not enabled; not needed";
  private static final String APPLY = "kubectl apply --server-side -k k8s/base/crds";

  private OperatorChecks() {}

  /** The definitions of resources are there, and those of this version. */
  static String definitions(View view, Findings findings) {
    if (!view.operator()) return NOT_ENABLED;
    var shipped = shipped(view, view.k8s().resolve("base/crds"), CustomResourceDefinition.class);
    for (var is : shipped) {
      var name = is.getMetadata().getName();
      var there = view.global(CustomResourceDefinition.class, name);
      if (there.isEmpty()) {
        findings.problem(name, "is missing", APPLY);
        continue;
      }
      if (there.get().getStatus() == null
          || there.get().getStatus().getConditions().stream()
              .noneMatch(c -> c.getType().equals("Established") && c.getStatus().equals("True")))
        findings.problem(name, "is not established", "kubectl describe crd " + Findings.IT);
      var versions = byName(there.get());
      byName(is)
          .forEach(
              (version, wanted) -> {
                var has = versions.get(version);
                if (has == null || !Boolean.TRUE.equals(has.getServed()))
                  findings.problem(name, "does not serve " + version, APPLY);
                else if (!has.getSchema().equals(wanted.getSchema()))
                  findings.problem(
                      name,
                      "its schema is not that of this version",
                      APPLY + ", from the version that the cloud nodes run");
              });
    }
    return shipped.size() + " of this version";
  }

  private static Map<String, CustomResourceDefinitionVersion> byName(CustomResourceDefinition of) {
    return of.getSpec().getVersions().stream()
        .collect(Collectors.toMap(CustomResourceDefinitionVersion::getName, Function.identity()));
  }

  /** The account of the cloud nodes may do what the operator does. */
  static String rights(View view, Findings findings) {
    if (!view.operator()) return NOT_ENABLED;
    var file = view.k8s().resolve("components/operator/rbac.yaml");
    var account =
        view.daemonSets().stream()
            .filter(View::isCloud)
            .map(d -> d.getSpec().getTemplate().getSpec().getServiceAccountName())
            .findFirst()
            .orElse("dayu-cloud");
    var lacking = new ArrayList<String>();
    int asked = 0;
    for (var review : reviews(view, account, file)) {
      asked++;
      var answer =
          view.ask(
              "create subjectaccessreviews, for " + words(review),
              () -> view.client().authorization().v1().subjectAccessReview().create(review));
      if (answer.getStatus() == null || !Boolean.TRUE.equals(answer.getStatus().getAllowed()))
        lacking.add(words(review));
    }
    if (!lacking.isEmpty())
      findings.problem(
          account,
          "may not " + String.join(", ", lacking),
          "apply the overlay with operator: true again (k8s/components/operator/rbac.yaml); to see: kubectl auth can-i --list --as=system:serviceaccount:%s:%s -n %s"
              .formatted(view.namespace(), account, view.namespace()));
    return "%s may do all %s things".formatted(account, asked);
  }

  private static List<SubjectAccessReview> reviews(View view, String account, Path file) {
    var reviews = new ArrayList<SubjectAccessReview>();
    for (var role : shipped(view, file, ClusterRole.class))
      role.getRules()
          .forEach(rule -> reviews.addAll(reviews(view, account, rule, Optional.empty())));
    for (var role : shipped(view, file, Role.class))
      role.getRules()
          .forEach(
              rule -> reviews.addAll(reviews(view, account, rule, Optional.of(view.namespace()))));
    return reviews;
  }

  private static List<SubjectAccessReview> reviews(
      View view, String account, PolicyRule rule, Optional<String> namespace) {
    var reviews = new ArrayList<SubjectAccessReview>();
    for (var group : rule.getApiGroups())
      for (var resource : rule.getResources())
        for (var verb : rule.getVerbs()) {
          var parts = resource.split("/", 2);
          reviews.add(
              new SubjectAccessReviewBuilder()
                  .withNewSpec()
                  .withUser("system:serviceaccount:%s:%s".formatted(view.namespace(), account))
                  .withGroups(
                      "system:serviceaccounts",
                      "system:serviceaccounts:" + view.namespace(),
                      "system:authenticated")
                  .withResourceAttributes(
                      new ResourceAttributesBuilder()
                          .withGroup(group)
                          .withResource(parts[0])
                          .withSubresource(parts.length > 1 ? parts[1] : null)
                          .withName(
                              rule.getResourceNames().isEmpty()
                                  ? null
                                  : rule.getResourceNames().get(0))
                          .withNamespace(namespace.orElse(null))
                          .withVerb(verb)
                          .build())
                  .endSpec()
                  .build());
        }
    return reviews;
  }

  private static String words(SubjectAccessReview review) {
    var of = review.getSpec().getResourceAttributes();
    return "%s %s%s"
        .formatted(
            of.getVerb(),
            of.getResource(),
            of.getSubresource() == null ? "" : "/" + of.getSubresource());
  }

  /** One operator leads, and did so lately. */
  static String lease(View view, Findings findings) {
    var lease = view.our(Lease.class, LEASE).map(Lease::getSpec);
    var holder = lease.map(l -> l.getHolderIdentity()).filter(h -> !h.isBlank());
    var remedy =
        "kubectl -n %s logs -l %s=%s --prefix | grep -i -e operator -e lease"
            .formatted(view.namespace(), Labels.COMPONENT, Labels.CLOUD);
    if (holder.isEmpty()) {
      if (!view.operator()) return NOT_ENABLED;
      findings.problem(LEASE, "nobody leads, so nothing follows resources", remedy);
      return "";
    }
    var renewed =
        lease.map(l -> l.getRenewTime()).map(t -> Duration.between(t.toInstant(), view.now()));
    long patience = 2L * lease.map(l -> l.getLeaseDurationSeconds()).orElse(15);
    if (renewed.isEmpty() || renewed.get().toSeconds() > patience)
      findings.problem(
          LEASE,
          "%s led, and has not renewed it for %s s"
              .formatted(holder.get(), renewed.map(Duration::toSeconds).orElse(0L)),
          remedy);
    return holder.get() + " leads";
  }

  /** What this version ships, from a file or from all files of a directory. */
  private static <T extends HasMetadata> List<T> shipped(View view, Path at, Class<T> kind) {
    var found = new ArrayList<T>();
    try (var files = Files.walk(at)) {
      for (var file :
          files
              .filter(f -> f.toString().endsWith(".yaml") && !f.endsWith("kustomization.yaml"))
              .sorted()
              .toList())
        try (InputStream in = Files.newInputStream(file)) {
          view.client().load(in).items().stream()
              .filter(kind::isInstance)
              .map(kind::cast)
              .forEach(found::add);
        }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }
}
