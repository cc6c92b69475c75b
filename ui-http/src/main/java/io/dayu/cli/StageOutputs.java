package io.dayu.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.console.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** What stages put out, read from results. */
final class StageOutputs {
  private static final int WORDS = 60;

  private StageOutputs() {}

  /** A box in fractions of the frame, origin top left. */
  record Box(double x, double y, double width, double height, String label, double score) {}

  /** The boxes of an output; none if it has another type. Those of the first frame of a clip. */
  static List<Box> boxes(JsonNode output) {
    var boxes = new ArrayList<Box>();
    for (var box : output.path("boxes"))
      if (box.path("frame").asInt() == 0)
        boxes.add(
            new Box(
                box.path("x").asDouble(),
                box.path("y").asDouble(),
                box.path("width").asDouble(),
                box.path("height").asDouble(),
                box.path("label").asText(""),
                box.path("score").asDouble()));
    return boxes;
  }

  /** An output in a few words. */
  static String brief(JsonNode output) {
    return switch (output.path("type").asText()) {
      case "boxes" -> counted(output.path("boxes"));
      case "labels" -> {
        var values = new ArrayList<String>();
        for (var label : output.path("labels"))
          values.add(
              label.path("name").asText() + " " + Units.number(label.path("value").asDouble()));
        yield values.isEmpty() ? "nothing" : String.join(", ", values);
      }
      case "readings" -> {
        var values = new ArrayList<String>();
        for (var each : output.path("readings"))
          values.add(
              "%s %s %s"
                  .formatted(
                      each.path("sensor").asText(),
                      Units.number(each.path("value").asDouble()),
                      each.path("unit").asText(""))
                  .strip());
        yield cut(String.join(", ", values));
      }
      case "frames" -> output.path("frames").size() + " frame(s)";
      case "tracks", "keypoints", "masks" -> counted(output.path(output.path("type").asText()));
      case "regions" -> texts(output.path("regions"), "text");
      case "attributes" -> texts(output.path("attributes"), "value");
      case "audio" ->
          Units.bytes(output.path("audio").path("bytes").asDouble())
              + " at "
              + output.path("audio").path("sampleRate").asInt()
              + " Hz";
      case "opaque" -> Units.bytes(output.path("opaque").path("bytes").asDouble());
      default -> cut(output.path(output.path("type").asText("-")).toString());
    };
  }

  private static String counted(JsonNode things) {
    var counts = new TreeMap<String, Integer>();
    for (var thing : things) counts.merge(thing.path("label").asText("?"), 1, Integer::sum);
    return counts.isEmpty() ? "nothing" : list(counts);
  }

  private static String texts(JsonNode things, String member) {
    var texts = new ArrayList<String>();
    for (var thing : things) texts.add(thing.path(member).asText());
    return texts.isEmpty() ? "nothing" : cut(String.join(", ", texts));
  }

  private static String list(SortedMap<String, Integer> counts) {
    var words = new ArrayList<String>();
    counts.forEach((label, n) -> words.add(n + " " + label));
    return String.join(", ", words);
  }

  private static String cut(String text) {
    return text.length() > WORDS ? text.substring(0, WORDS) + "…" : text;
  }
}
