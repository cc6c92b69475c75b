package io.dayu.k8s.doctor;

import static io.dayu.k8s.doctor.Findings.IT;

import io.dayu.k8s.crd.MemberRollOutResource;
import io.dayu.k8s.crd.NodeProfileResource;
import io.dayu.k8s.crd.PipelineResource;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.desired.Conditions;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Resources that are not well, in the operator's words. */
final class ResourceChecks {
  /** Without these nothing runs; without others not all does. */
  private static final Set<String> NEEDED = Set.of("Accepted", "Declared");

  private ResourceChecks() {}

  static String pipelines(View view, Findings findings) {
    if (!known(view, PipelineResource.class)) return "no such resources in this cluster";
    var all = view.ours(PipelineResource.class);
    for (var pipeline : all)
      look(
          view,
          pipeline,
          pipeline.getStatus().observedGeneration(),
          pipeline.getStatus().conditions(),
          findings);
    return all.size() + " well";
  }

  static String stageServices(View view, Findings findings) {
    if (!known(view, StageServiceResource.class)) return "no such resources in this cluster";
    var all = view.ours(StageServiceResource.class);
    for (var service : all)
      look(
          view,
          service,
          service.getStatus().observedGeneration(),
          service.getStatus().conditions(),
          findings);
    return all.size() + " well";
  }

  static String profiles(View view, Findings findings) {
    if (!known(view, NodeProfileResource.class)) return "no such resources in this cluster";
    var all = view.ours(NodeProfileResource.class);
    for (var profile : all)
      look(
          view,
          profile,
          profile.getStatus().observedGeneration(),
          profile.getStatus().conditions(),
          findings);
    return all.size() + " well";
  }

  static String rollOuts(View view, Findings findings) {
    if (!known(view, MemberRollOutResource.class)) return "no such resources in this cluster";
    for (var rollOut : view.ours(MemberRollOutResource.class)) {
      var stopped = rollOut.getStatus().stopped();
      if (stopped != null)
        findings.problem(
            rollOut.getMetadata().getName(),
            "has stopped: " + stopped.why(),
            "mend the template, or: kubectl -n %s annotate memberrollout %s dayu.io/resume=true"
                .formatted(view.namespace(), IT));
      else if (rollOut.getSpec().isPaused())
        findings.hint(
            rollOut.getMetadata().getName(),
            "is paused: no member gets a newer template",
            "kubectl -n %s patch memberrollout %s --type=merge -p '{\"spec\":{\"paused\":false}}'"
                .formatted(view.namespace(), IT));
    }
    return "none has stopped";
  }

  private static boolean known(View view, Class<? extends HasMetadata> kind) {
    return view.global(CustomResourceDefinition.class, HasMetadata.getFullResourceName(kind))
        .isPresent();
  }

  private static void look(
      View view,
      HasMetadata resource,
      @Nullable Long observed,
      List<Condition> conditions,
      Findings findings) {
    var metadata = resource.getMetadata();
    var name = metadata.getName();
    var describe =
        "kubectl -n %s describe %s %s"
            .formatted(view.namespace(), HasMetadata.getSingular(resource.getClass()), IT);
    if (observed == null
        || metadata.getGeneration() != null && observed < metadata.getGeneration()) {
      findings.hint(
          name,
          "the operator has not looked at it since it was made or changed",
          "it does so at once: see the line of its Lease; " + describe);
      return;
    }
    var refused =
        NEEDED.stream()
            .flatMap(type -> Conditions.find(conditions, type).stream())
            .filter(c -> !"True".equals(c.getStatus()))
            .toList();
    refused.forEach(c -> findings.problem(name, words(c), describe));
    Conditions.find(conditions, "Ready")
        .filter(c -> refused.isEmpty() && "False".equals(c.getStatus()))
        .ifPresent(c -> findings.hint(name, words(c), describe));
    Conditions.find(conditions, "Progressing")
        .filter(c -> "False".equals(c.getStatus()) && !"Complete".equals(c.getReason()))
        .ifPresent(c -> findings.hint(name, words(c), describe));
    Conditions.find(conditions, "Loaded")
        .filter(c -> "Failed".equals(c.getReason()))
        .ifPresent(c -> findings.hint(name, words(c), describe));
    Conditions.find(conditions, "Degraded")
        .filter(c -> "True".equals(c.getStatus()))
        .ifPresent(c -> findings.hint(name, words(c), describe));
  }

  private static String words(Condition c) {
    return "%s is %s, %s: %s".formatted(c.getType(), c.getStatus(), c.getReason(), c.getMessage());
  }
}
