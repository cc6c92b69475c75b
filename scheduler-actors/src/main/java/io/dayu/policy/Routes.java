package io.dayu.policy;

import io.dayu.collect.NodeState;
import io.dayu.facts.Decision.Share;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the built-in policies share: placing each stage by itself, and saying so. */
final class Routes {
  private Routes() {}

  /**
   * Places every stage with {@code nodes}, equal weights; keeps everything if there is none for
   * one, because each element needs all stages.
   *
   * @param whom the nodes that were looked for, such as {@code live cloud node}
   */
  static Choice place(
      Snapshot s, String policy, String whom, Function<StageSpec, List<String>> nodes) {
    var route = new TreeMap<String, List<Share>>();
    for (var stage : s.pipeline().stages()) {
      var chosen = nodes.apply(stage);
      if (chosen.isEmpty()) return nowhere(s, policy, whom, stage);
      route.put(stage.id(), equal(chosen));
    }
    return new Choice.Place(route, s.middleKnobs(), policy + ": " + explain(s, route));
  }

  static Choice.Keep nowhere(Snapshot s, String policy, String whom, StageSpec stage) {
    var refused =
        s.cluster().nodes().values().stream()
            .filter(n -> n.live() && n.refused().containsKey(stage.type()))
            .map(n -> "; " + s.unusable(n.name(), stage).orElseThrow())
            .collect(Collectors.joining());
    return new Choice.Keep(
        "%s: no %s has stage type %s, which stage %s needs%s"
            .formatted(policy, whom, stage.type(), stage.id(), refused));
  }

  static List<Share> equal(List<String> nodes) {
    return nodes.stream().map(n -> new Share(n, 1)).toList();
  }

  /** The node the stage is on if it is among {@code nodes}, or else the least busy one. */
  static List<String> steady(Snapshot s, StageSpec stage, Stream<NodeState> nodes) {
    var all = nodes.toList();
    var now = s.nodeOf(stage.id());
    if (now.isPresent() && all.stream().anyMatch(n -> n.name().equals(now.get())))
      return List.of(now.get());
    return all.stream()
        .min(Comparator.comparingDouble(NodeState::busy).thenComparing(NodeState::name))
        .map(n -> List.of(n.name()))
        .orElse(List.of());
  }

  /** What moves and why, or where everything is. */
  static String explain(Snapshot s, SortedMap<String, List<Share>> route) {
    var moves =
        s.pipeline().stages().stream()
            .filter(
                stage ->
                    !s.now(stage.id()).isEmpty()
                        && !s.now(stage.id()).equals(route.get(stage.id())))
            .map(
                stage -> {
                  var causes =
                      s.now(stage.id()).stream()
                          .flatMap(share -> s.unusable(share.node(), stage).stream())
                          .collect(Collectors.joining(", "));
                  return "%s moved %s -> %s%s"
                      .formatted(
                          stage.id(),
                          nodes(s.now(stage.id())),
                          nodes(route.getOrDefault(stage.id(), List.of())),
                          causes.isEmpty() ? "" : ": " + causes);
                })
            .collect(Collectors.joining("; "));
    return moves.isEmpty() ? describe(route) : moves;
  }

  /** Such as {@code blur, detect on edge-1; count on cloud-1}. */
  static String describe(SortedMap<String, List<Share>> route) {
    Map<String, List<String>> byNodes =
        route.entrySet().stream()
            .collect(
                Collectors.groupingBy(
                    e -> nodes(e.getValue()),
                    LinkedHashMap::new,
                    Collectors.mapping(Map.Entry::getKey, Collectors.toList())));
    return byNodes.entrySet().stream()
        .map(e -> String.join(", ", e.getValue()) + " on " + e.getKey())
        .collect(Collectors.joining("; "));
  }

  static String nodes(List<Share> shares) {
    return shares.stream().map(Share::node).collect(Collectors.joining("+"));
  }
}
