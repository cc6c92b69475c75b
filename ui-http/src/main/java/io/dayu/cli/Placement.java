package io.dayu.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.console.Units;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Where the stages of a stream run, by one decision.
 *
 * @param where by stage: the node, or the nodes with their shares
 */
record Placement(
    String stream, long version, String at, SortedMap<String, String> where, String reason) {
  Placement {
    where = Collections.unmodifiableSortedMap(new TreeMap<>(where));
  }

  /** A stage that went elsewhere. */
  record Move(Placement by, String stage, String from, String to) {}

  /** The decisions of an answer by stream, the oldest first; each version once. */
  static Map<String, List<Placement>> byStream(JsonNode items) {
    var versions = new LinkedHashMap<String, SortedMap<Long, Placement>>();
    for (var item : items) {
      var placement = of(item);
      versions
          .computeIfAbsent(placement.stream(), s -> new TreeMap<>())
          .put(placement.version(), placement);
    }
    var byStream = new TreeMap<String, List<Placement>>();
    versions.forEach((stream, each) -> byStream.put(stream, List.copyOf(each.values())));
    return byStream;
  }

  private static Placement of(JsonNode decision) {
    var where = new TreeMap<String, String>();
    decision.path("route").properties().forEach(e -> where.put(e.getKey(), shares(e.getValue())));
    return new Placement(
        decision.path("stream").asText(),
        decision.path("version").asLong(),
        decision.path("at").asText(),
        where,
        decision.path("reason").asText());
  }

  private static String shares(JsonNode shares) {
    var weights = new ArrayList<JsonNode>();
    shares.forEach(weights::add);
    weights.sort(Comparator.comparing(s -> s.path("node").asText()));
    if (weights.size() == 1) return weights.get(0).path("node").asText();
    double total = weights.stream().mapToLong(s -> s.path("weight").asLong(1)).sum();
    return weights.stream()
        .map(
            s ->
                "%s %s"
                    .formatted(
                        s.path("node").asText(), Units.percent(s.path("weight").asLong(1) / total)))
        .collect(java.util.stream.Collectors.joining(" + "));
  }

  /** What a stream's decisions moved, in their order; the first decision moves nothing. */
  static List<Move> moves(List<Placement> decisions) {
    var moves = new ArrayList<Move>();
    var now = new HashMap<String, String>();
    for (var decision : decisions)
      decision
          .where()
          .forEach(
              (stage, to) -> {
                var from = now.put(stage, to);
                if (from != null && !from.equals(to))
                  moves.add(new Move(decision, stage, from, to));
              });
    return moves;
  }

  /** How many decisions moved something. */
  static long changes(List<Placement> decisions) {
    return moves(decisions).stream().map(Move::by).distinct().count();
  }

  /**
   * The decision that brought a stage to where the latest one has it. The stage is in the latest.
   */
  static Placement since(List<Placement> decisions, String stage) {
    int i = decisions.size() - 1;
    var where = Objects.requireNonNull(decisions.get(i).where().get(stage), "it is in the latest");
    while (i > 0 && where.equals(decisions.get(i - 1).where().get(stage))) i--;
    return decisions.get(i);
  }
}
