package io.dayu.http;

import io.dayu.facts.Decision;
import io.dayu.facts.Decision.Share;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.View;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.service.OnDemand;
import io.dayu.service.ServiceDocument;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/** Where stages of a type are to run, as decisions say, so that who starts services can follow. */
final class ServiceDemand {
  private ServiceDemand() {}

  /**
   * Nodes on which a pipeline that is not stopped has stages of the type, is to have them next, or
   * has left elements.
   */
  static SortedSet<String> wanted(View view, String type) {
    var wanted = new TreeSet<String>();
    for (var pipeline : view.pipelines().values()) {
      var stages = pipeline.spec().stages().stream().filter(s -> s.type().equals(type)).toList();
      if (stages.isEmpty() || pipeline.isStopped()) continue;
      for (var source : pipeline.spec().sources())
        Optional.ofNullable(view.decisions().get(pipeline.spec().stream(source)))
            .ifPresent(decision -> add(decision, stages, wanted));
    }
    view.nodes()
        .forEach(
            (node, seen) -> {
              if (seen.report().stages().stream().anyMatch(s -> works(s, type))) wanted.add(node);
            });
    return Collections.unmodifiableSortedSet(wanted);
  }

  private static void add(Decision decision, List<StageSpec> stages, SortedSet<String> wanted) {
    for (var stage : stages) {
      decision.route().getOrDefault(stage.id(), List.of()).stream()
          .map(Share::node)
          .forEach(wanted::add);
      wanted.addAll(decision.warm().getOrDefault(stage.id(), List.of()));
    }
  }

  private static boolean works(StageReport stage, String type) {
    return stage.type().equals(type) && (stage.work().queue() > 0 || stage.work().perSecond() > 0);
  }

  /** Whether a node has told what it reads and gives, so that pipelines can be verified with it. */
  static boolean isDescribed(View view, String type) {
    return view.nodes().values().stream()
        .flatMap(seen -> seen.report().services().stream())
        .anyMatch(service -> service.descriptor().type().equals(type));
  }

  /** Nodes to which a pipeline sends elements of a stage that wait for its type to be loaded. */
  static SortedSet<String> loading(View view, DesiredPipeline pipeline, StageSpec stage) {
    var loading = new TreeSet<String>();
    if (onDemand(view, stage.type()).isEmpty() || pipeline.isStopped()) return loading;
    for (var source : pipeline.spec().sources()) {
      var decision = view.decisions().get(pipeline.spec().stream(source));
      if (decision == null) continue;
      for (var share : decision.route().getOrDefault(stage.id(), List.of())) {
        var seen = view.nodes().get(share.node());
        if (seen != null && !seen.report().stageTypes().contains(stage.type()))
          loading.add(share.node());
      }
    }
    return loading;
  }

  private static Optional<OnDemand> onDemand(View view, String type) {
    return Optional.ofNullable(view.services().get(type))
        .flatMap(service -> service.document())
        .flatMap(ServiceDocument::onDemand);
  }
}
