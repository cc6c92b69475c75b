package io.dayu.bench.run;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;
import java.util.Objects;

/**
 * A pipeline of the benches: stages a, b, c and so on in a row, none of which does anything.
 *
 * @param route the node of each stage
 * @param type of every stage
 */
public record BenchPipeline(List<String> route, String type) {
  /** The stage that does nothing within the node. */
  public static final String IDENTITY = "identity";

  /** As many as there are letters. */
  public static final int MOST_STAGES = 26;

  public BenchPipeline {
    Objects.requireNonNull(type, "type");
    route = List.copyOf(route);
    if (route.isEmpty() || route.size() > MOST_STAGES)
      throw new IllegalArgumentException(
          "a pipeline has 1 to %s stages, not %s".formatted(MOST_STAGES, route.size()));
  }

  public BenchPipeline(List<String> route) {
    this(route, IDENTITY);
  }

  public static BenchPipeline over(String... route) {
    return new BenchPipeline(List.of(route));
  }

  /**
   * @param reader the node of the source
   * @param rate elements per second, 0 for as many as possible
   * @param count elements in all, 0 for no end
   */
  public record Load(String reader, int bytes, long rate, long count) {}

  /** A pipeline as it is submitted. */
  public String document(String name, Load load) {
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
    var policy = spec.putObject("policy").put("name", "fixed");
    var nodes = policy.putObject("params").putObject("route");
    for (int i = 0; i < route.size(); i++) {
      var stage = stages.addObject().put("id", id(i)).put("type", type);
      if (i > 0) stage.putArray("after").add(id(i - 1));
      nodes.put(id(i), route.get(i));
    }
    return json.toString();
  }

  private static String id(int index) {
    return Character.toString('a' + index);
  }
}
