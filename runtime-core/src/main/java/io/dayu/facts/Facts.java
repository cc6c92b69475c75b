package io.dayu.facts;

import io.dayu.facts.wire.KnownFacts;
import io.dayu.pipeline.StreamName;
import java.time.Instant;
import java.util.TreeMap;

/** A view in the form in which a node keeps it: without facts of dropped pipelines. */
public final class Facts {
  private Facts() {}

  public static KnownFacts write(View view) {
    var proto = KnownFacts.newBuilder();
    view.pipelines().values().forEach(p -> proto.addPipelines(Pipelines.write(p)));
    view.decisions().values().forEach(d -> proto.addDecisions(Decisions.write(d)));
    view.services().values().forEach(s -> proto.addServices(DeclaredServices.write(s)));
    view.nodes().values().forEach(n -> proto.addNodes(Reports.write(n.report())));
    return proto.build();
  }

  /**
   * @throws IllegalArgumentException if it holds what this release cannot run
   */
  public static View read(KnownFacts proto) {
    var nodes = new TreeMap<String, View.Seen>();
    for (var node : proto.getNodesList())
      nodes.put(node.getNode(), new View.Seen(Reports.read(node), Instant.EPOCH));
    var decisions = new TreeMap<StreamName, Decision>();
    for (var kept : proto.getDecisionsList()) {
      var decision = Decisions.read(kept);
      decisions.put(decision.stream(), decision);
    }
    var pipelines = new TreeMap<String, DesiredPipeline>();
    for (var wanted : proto.getPipelinesList()) {
      var pipeline = Pipelines.read(wanted);
      pipelines.put(pipeline.name(), pipeline);
    }
    var services = new TreeMap<String, DeclaredService>();
    for (var service : proto.getServicesList())
      services.put(service.getName(), DeclaredServices.read(service));
    return new View(nodes, decisions, pipelines, new TreeMap<>(), services);
  }
}
