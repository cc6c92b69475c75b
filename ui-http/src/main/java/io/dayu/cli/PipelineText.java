package io.dayu.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.console.Table;
import io.dayu.console.Units;
import java.util.Locale;
import java.util.Set;

/** A pipeline's state as text. */
final class PipelineText {
  private PipelineText() {}

  static String of(String name, JsonNode pipeline) {
    var status = pipeline.path("status");
    var text = new StringBuilder();
    text.append("Pipeline %s is %s%n".formatted(name, state(status)));
    pruned(text, pipeline.path("results"));
    keptFailed(text, name, status);
    section(text, "Streams", streams(status));
    section(text, "Stages", stages(status));
    section(text, "Side inputs", sides(status));
    for (var problem : status.path("problems")) {
      text.append("%n! %s: %s%n".formatted(word(problem, "path"), word(problem, "message")));
      if (problem.hasNonNull("remedy"))
        text.append("  → %s%n".formatted(problem.path("remedy").asText()));
    }
    return text.toString();
  }

  /** With what is in flight, where nothing more is read. */
  static String state(JsonNode status) {
    var state = status.path("state").asText("unknown");
    if (!Set.of("pausing", "paused", "stopping").contains(state)) return state;
    return status.path("drained").asBoolean()
        ? state + ", nothing is in flight"
        : "%s, %s elements are in flight".formatted(state, word(status.path("ledger"), "inFlight"));
  }

  private static void pruned(StringBuilder text, JsonNode results) {
    long stored = results.path("stored").asLong();
    long pruned = results.path("pruned").asLong();
    if (pruned == 0) return;
    text.append(String.format(Locale.ROOT, "Pruned: %,d of %,d results", pruned, stored));
    if (pruned == stored) text.append(", none is kept");
    else if (results.has("oldestAgeMs"))
      text.append(", oldest kept: ").append(Units.millis(results.path("oldestAgeMs").asLong()));
    text.append("%n".formatted());
  }

  private static void keptFailed(StringBuilder text, String name, JsonNode status) {
    long kept = 0;
    for (var stream : status.path("streams")) kept += stream.at("/keptFailed/kept").asLong();
    if (kept > 0)
      text.append(
          String.format(
              Locale.ROOT, "Failed elements kept: %,d (dayu pipeline failed %s)%n", kept, name));
  }

  private static void section(StringBuilder text, String title, Table table) {
    if (table.isEmpty()) return;
    text.append("%n%s%n".formatted(title)).append(table.render("  "));
  }

  private static Table streams(JsonNode status) {
    var table =
        Table.of(
            "SOURCE",
            "NODE",
            "STATE",
            ">PER SECOND",
            ">P50",
            ">P95",
            ">WINDOW",
            ">IN FLIGHT",
            ">RESENT",
            "DECISION");
    for (var each : status.path("streams"))
      table.row(
          word(each, "source"),
          word(each, "node"),
          word(each, "state"),
          Units.number(each.path("perSecond").asDouble()),
          Units.millis(each.path("latencyMs").path("p50").asDouble()),
          Units.millis(each.path("latencyMs").path("p95").asDouble()),
          word(each, "window"),
          word(each.path("ledger"), "inFlight"),
          word(each, "resent"),
          each.path("decision").path("reason").asText("-"));
    return table;
  }

  private static Table stages(JsonNode status) {
    var table =
        Table.of(
            "STAGE", "TYPE", "NODE", "STATE", ">QUEUE", ">WAIT", ">WORK", ">PER SECOND", ">FAILED");
    for (var stage : status.path("stages")) {
      if (stage.path("instances").isEmpty())
        table.row(word(stage, "stage"), word(stage, "type"), "-", "-", "-", "-", "-", "-", "-");
      for (var each : stage.path("instances"))
        table.row(
            word(stage, "stage"),
            word(stage, "type"),
            word(each, "node"),
            word(each, "state"),
            word(each, "queue"),
            Units.millis(each.path("queueMs").asDouble()),
            Units.millis(each.path("serviceMs").asDouble()),
            Units.number(each.path("perSecond").asDouble()),
            word(each, "failed"));
    }
    return table;
  }

  private static Table sides(JsonNode status) {
    var table = Table.of("INPUT", ">VERSION", ">BYTES", "READ FROM", "PROBLEM");
    for (var each : status.path("sideInputs"))
      table.row(
          word(each, "name"),
          word(each, "version"),
          word(each, "bytes"),
          word(each, "from"),
          word(each, "problem"));
    return table;
  }

  private static String word(JsonNode node, String field) {
    return node.path(field).asText("-");
  }
}
