package io.dayu.bench.pipeline;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * A pipeline of the bench: the stages a, b and c in a row, none of which does anything.
 *
 * @param first where stage a runs
 * @param second where stage b runs
 * @param third where stage c runs
 */
record BenchPipeline(String first, String second, String third) {
  /** All that is done at the edge is done on one node. */
  static BenchPipeline on(String edge, String cloud) {
    return new BenchPipeline(edge, edge, cloud);
  }

  /**
   * @param reader the node of the source
   * @param rate elements per second, 0 for as many as possible
   * @param count elements in all, 0 for no end
   */
  record Load(String reader, int bytes, long rate, long count) {}

  /** A pipeline as it is submitted. */
  String document(String name, Load load) {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("apiVersion", "dayu.io/v1alpha1").put("kind", "Pipeline");
    json.putObject("metadata").put("name", name);
    var spec = json.putObject("spec");
    spec.putArray("sources")
        .addObject()
        .put("name", "load")
        .put(
            "uri",
            "synthetic:?bytes=%s&rate=%s&count=%s"
                .formatted(load.bytes(), load.rate(), load.count()))
        .put("node", load.reader());
    var stages = spec.putArray("stages");
    stages.add(stage("a", List.of()));
    stages.add(stage("b", List.of("a")));
    stages.add(stage("c", List.of("b")));
    var policy = spec.putObject("policy").put("name", "fixed");
    policy.putObject("params").putObject("route").put("a", first).put("b", second).put("c", third);
    return json.toString();
  }

  private static ObjectNode stage(String id, List<String> after) {
    var stage = JsonNodeFactory.instance.objectNode().put("id", id).put("type", "identity");
    if (!after.isEmpty()) after.forEach(stage.putArray("after")::add);
    return stage;
  }
}
