package io.dayu.cli.migrate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What does the work of a service of the existing system; docs/catalog.md tells the same.
 *
 * @param type the stage's type
 * @param params its parameters
 * @param perBox whether it is asked for each box of the stage before it
 * @param further what else the stage says when it is asked per box
 * @param then a second stage's type behind it, or empty
 * @param note what somebody should know; empty if nothing
 * @param byHand whether the note is something to do
 */
record Counterpart(
    String type,
    Map<String, Object> params,
    boolean perBox,
    Map<String, Object> further,
    String then,
    String note,
    boolean byHand) {
  private static final String ROI = "-roi";
  private static final List<String> VEHICLES = List.of("car", "bus", "truck");

  private static final Map<String, Counterpart> ALL =
      Map.ofEntries(
          Map.entry("car-detection", tracked(VEHICLES)),
          Map.entry("car-detection-pure", stage("object-detection", Map.of("labels", VEHICLES))),
          Map.entry("vehicle-detection", tracked(VEHICLES)),
          Map.entry("pedestrian-detection", tracked(List.of("person"))),
          Map.entry("face-detection", stage("face-detection", Map.of()).and("box-tracker")),
          Map.entry("face-detection-pure", stage("face-detection", Map.of())),
          Map.entry(
              "exposure-identification", eachBox("exposure-identification", Map.of(), Map.of())),
          Map.entry(
              "license-plate-recognition",
              eachBox("text-recognition", Map.of(), Map.of())
                  .changed(
                      "text-recognition reads whatever is written in the boxes; for plates alone, put a detector of plates before it")),
          Map.entry("gender-classification", classifier("gender")),
          Map.entry("age-classification", classifier("age")),
          Map.entry("category-identification", classifier("category")),
          Map.entry(
              "model-switch-detection",
              stage("object-detection", Map.of())
                  .changed(
                      "nothing switches its models by itself; its parameters can be changed while elements flow")),
          Map.entry("traffic-detection", stage("object-detection", Map.of())),
          Map.entry("vehicle-tracking", stage("box-tracker", Map.of())),
          Map.entry(
              "pedestrian-pose-estimation",
              eachBox(
                  "pose",
                  Map.of("people", 1L),
                  further(Map.of("labels", List.of("person"), "margin", 0.2)))));

  /** Of a service by its id; one that there is none for is left to a service of the same name. */
  static Counterpart of(String service) {
    boolean roi = service.endsWith(ROI);
    var plain = roi ? service.substring(0, service.length() - ROI.length()) : service;
    var known = ALL.get(plain);
    if (known == null)
      return stage(service, Map.of())
          .manual(
              "there is no stage for %s; declare its program as a service of that name (dayu.services.%s, docs/services.md) or name another type"
                  .formatted(service, service));
    return roi ? known.reusing() : known;
  }

  private static Counterpart stage(String type, Map<String, Object> params) {
    return new Counterpart(type, params, false, Map.of(), "", "", false);
  }

  private static Counterpart tracked(List<String> labels) {
    return stage("detect-and-track", Map.of("labels", labels));
  }

  private static Counterpart eachBox(
      String type, Map<String, Object> params, Map<String, Object> further) {
    return new Counterpart(type, params, true, further, "", "", false);
  }

  private static Counterpart classifier(String name) {
    return eachBox("onnx-classification", Map.of("model", name + ".onnx"), Map.of())
        .manual(
            "no model is shipped: export yours to ONNX as %s.onnx into the nodes' directory of models (docs/models.md)"
                .formatted(name));
  }

  private static Map<String, Object> further(Map<String, Object> fields) {
    return new LinkedHashMap<>(fields);
  }

  private Counterpart and(String next) {
    return new Counterpart(type, params, perBox, further, next, note, byHand);
  }

  private Counterpart changed(String text) {
    return new Counterpart(type, params, perBox, further, then, text, false);
  }

  private Counterpart manual(String text) {
    return new Counterpart(type, params, perBox, further, then, text, true);
  }

  /** An answer for a thing is kept while it is tracked, as the form {@code -roi} did. */
  private Counterpart reusing() {
    var more = new LinkedHashMap<>(further);
    more.put("reuse", "2s");
    return new Counterpart(type, params, perBox, more, then, note, byHand);
  }
}
