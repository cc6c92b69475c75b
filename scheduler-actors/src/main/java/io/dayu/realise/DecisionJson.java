package io.dayu.realise;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.collect.NodeState;
import io.dayu.facts.Decision;
import io.dayu.facts.Decision.Share;
import io.dayu.pipeline.StreamName;
import io.dayu.policy.Snapshot;
import io.dayu.source.Knobs;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** The text form in which decisions and their inputs are stored: readable in any SQL tool. */
final class DecisionJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private DecisionJson() {}

  /** The parts of a decision that have no column: route, warm, knobs. */
  static String body(Decision d) {
    var body = JSON.createObjectNode();
    var route = body.putObject("route");
    d.route()
        .forEach(
            (stage, shares) -> {
              var array = route.putArray(stage);
              for (var share : shares)
                array.addObject().put("node", share.node()).put("weight", share.weight());
            });
    var warm = body.putObject("warm");
    d.warm().forEach((stage, nodes) -> nodes.forEach(warm.putArray(stage)::add));
    var knobs = body.putObject("knobs");
    new TreeMap<>(d.knobs().values()).forEach(knobs::put);
    return body.toString();
  }

  /** Fills {@link #body} into a decision whose other parts are known. */
  static Decision decision(
      StreamName stream, long version, java.time.Instant at, String reason, String body) {
    JsonNode json;
    try {
      json = JSON.readTree(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(
          "decision %s of %s is stored in a form that cannot be read".formatted(version, stream),
          e);
    }
    var route = new TreeMap<String, List<Share>>();
    for (var stage : json.path("route").properties()) {
      var shares = new ArrayList<Share>();
      for (var share : stage.getValue())
        shares.add(new Share(share.path("node").asText(), share.path("weight").asInt()));
      route.put(stage.getKey(), shares);
    }
    var warm = new TreeMap<String, List<String>>();
    for (var stage : json.path("warm").properties()) {
      var nodes = new ArrayList<String>();
      stage.getValue().forEach(node -> nodes.add(node.asText()));
      warm.put(stage.getKey(), nodes);
    }
    var knobs = new TreeMap<String, Double>();
    for (var knob : json.path("knobs").properties())
      knobs.put(knob.getKey(), knob.getValue().asDouble());
    return new Decision(stream, version, at, route, warm, new Knobs(knobs), reason);
  }

  /** The figures that a choice for a stream was made from. */
  static String inputs(Snapshot s) {
    var json = JSON.createObjectNode();
    json.put("policy", s.pipeline().policy().name());
    json.put("objectiveMs", s.pipeline().objective().latency().toMillis());
    s.elementsPerSecond().ifPresent(rate -> json.put("elementsPerSecond", round(rate)));
    var nodes = json.putArray("nodes");
    for (var node : s.cluster().nodes().values()) {
      var n = nodes.addObject();
      n.put("node", node.name()).put("live", node.live()).put("ageMs", node.age().toMillis());
      n.put("cpu", round(node.resources().cpu())).put("load", round(node.resources().load()));
      n.put("memory", round(node.resources().memory()));
      if (!node.loadable().isEmpty())
        node.loadable().stream().sorted().forEach(n.putArray("loadable")::add);
      stages(s, node, n.putArray("stages"));
    }
    return json.toString();
  }

  private static void stages(Snapshot s, NodeState node, ArrayNode array) {
    for (var stage : s.pipeline().stages()) {
      var cost = s.costs().serviceMs(s.pipeline().name(), stage.id(), node.name());
      var report = node.stage(s.pipeline().name(), stage.id());
      if (cost.isEmpty() && report.isEmpty()) continue;
      ObjectNode json = array.addObject().put("stage", stage.id());
      cost.ifPresent(ms -> json.put("costMs", round(ms)));
      report.ifPresent(
          r ->
              json.put("state", r.state().name())
                  .put("queue", r.work().queue())
                  .put("queueMs", round(r.work().queueMs()))
                  .put("perSecond", round(r.work().perSecond()))
                  .put("errorRate", round(r.work().errorRate())));
    }
  }

  private static double round(double value) {
    return Double.isFinite(value) ? Math.round(value * 1000) / 1000.0 : 0;
  }
}
