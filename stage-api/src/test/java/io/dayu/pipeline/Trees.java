package io.dayu.pipeline;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Documents as JSON readers give them, and what is wrong with them. */
final class Trees {
  private Trees() {}

  /** An object from names and values in turn; keeps the order and takes nulls, as readers do. */
  static Map<String, Object> object(Object... namesAndValues) {
    var map = new LinkedHashMap<String, Object>();
    for (int i = 0; i < namesAndValues.length; i += 2)
      map.put((String) namesAndValues[i], namesAndValues[i + 1]);
    return map;
  }

  static List<Object> list(Object... items) {
    return new ArrayList<>(Arrays.asList(items));
  }

  static Map<String, Object> document(Map<String, Object> spec) {
    return object(
        "apiVersion",
        "dayu.io/v1alpha1",
        "kind",
        "Pipeline",
        "metadata",
        object("name", "crossing"),
        "spec",
        spec);
  }

  static Map<String, Object> spec(List<Object> sources, List<Object> stages) {
    return object("sources", sources, "stages", stages);
  }

  static Map<String, Object> camera(String name) {
    return object("name", name, "uri", "http://host/cam.mjpeg");
  }

  static Map<String, Object> detect(Object... more) {
    var stage =
        object("id", "detect", "type", "object-detection", "params", object("labels", "person"));
    stage.putAll(object(more));
    return stage;
  }

  static Map<String, Object> stage(String id, String type, String... after) {
    return object("id", id, "type", type, "after", list((Object[]) after));
  }

  /** The example of the documentation. */
  static Map<String, Object> crossing() {
    var spec =
        spec(
            list(
                object(
                    "name", "cam-0",
                    "uri", "http://host/cam-0.mjpeg",
                    "node", "edge-1",
                    "shed", "oldest",
                    "knobs", object("fps", list(5, 10, 15), "height", 540))),
            list(
                object(
                    "id", "detect",
                    "type", "object-detection",
                    "params", object("labels", list("person", "car"), "threshold", 0.4)),
                stage("track", "box-tracker", "detect"),
                stage("blur", "exposure", "detect"),
                stage("count", "count-by-label", "track", "blur")));
    spec.put("policy", object("name", "round-robin"));
    spec.put("objective", object("latency", "300ms", "percentile", 95));
    spec.put("delivery", object("offline", "local", "keepFrames", "1/s"));
    return document(spec);
  }

  static List<PipelineProblem> problems(Parsed parsed) {
    return parsed instanceof Parsed.Bad bad ? bad.problems() : List.of();
  }

  static PipelineSpec ok(Parsed parsed) {
    if (parsed instanceof Parsed.Ok ok) return ok.spec();
    throw new AssertionError("not a pipeline: " + problems(parsed));
  }
}
