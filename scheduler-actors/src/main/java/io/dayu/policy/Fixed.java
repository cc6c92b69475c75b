package io.dayu.policy;

import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.policy.PolicyDescriptor.PolicyParameter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Every stage where the pipeline says, equal weights; nodes that cannot run it are left out while
 * they cannot.
 */
public final class Fixed implements Policy {
  private static final String NAME = "fixed";
  private static final String ROUTE = "route";

  private final SortedMap<String, List<String>> route;

  private Fixed(SortedMap<String, List<String>> route) {
    this.route = Collections.unmodifiableSortedMap(route);
  }

  @Override
  public Choice choose(Snapshot s) {
    for (var stage : s.pipeline().stages())
      if (usable(s, stage).isEmpty())
        return new Choice.Keep(
            "fixed: stage %s cannot run where it is fixed: %s"
                .formatted(
                    stage.id(),
                    nodes(stage).stream()
                        .flatMap(n -> s.unusable(n, stage).stream())
                        .collect(Collectors.joining(", "))));
    return Routes.place(s, NAME, "node", stage -> usable(s, stage));
  }

  private List<String> nodes(StageSpec stage) {
    return route.getOrDefault(stage.id(), List.of());
  }

  private List<String> usable(Snapshot s, StageSpec stage) {
    return nodes(stage).stream().filter(n -> s.unusable(n, stage).isEmpty()).toList();
  }

  /** Makes {@link Fixed}. */
  public static final class Provider implements PolicyProvider {
    @Override
    public PolicyDescriptor descriptor() {
      return new PolicyDescriptor(
          NAME,
          "Runs every stage where the pipeline says.",
          List.of(
              new PolicyParameter(
                  ROUTE,
                  true,
                  "for every stage a node or a list of nodes, such as {detect: edge-1, count:"
                      + " [cloud-1, cloud-2]}")));
    }

    @Override
    public Policy create(PolicyParams params, PipelineSpec pipeline) {
      var given = params.object(ROUTE).orElse(Map.of());
      var route = new TreeMap<String, List<String>>();
      for (var stage : pipeline.stages()) {
        var nodes = nodes(given.get(stage.id()));
        if (nodes.isEmpty())
          params.problem(
              ROUTE + "." + stage.id(),
              "stage " + stage.id() + " has no node",
              "name a node or a list of nodes, in quotes where a name looks like a number");
        route.put(stage.id(), nodes);
      }
      given.keySet().stream()
          .map(String::valueOf)
          .sorted()
          .filter(id -> pipeline.stage(id).isEmpty())
          .forEach(
              id ->
                  params.problem(ROUTE + "." + id, "the pipeline has no stage " + id, "remove it"));
      return new Fixed(route);
    }

    /** Distinct names in order; empty if the value is not a name or a list of names. */
    private static List<String> nodes(@Nullable Object value) {
      if (value instanceof String one) return one.isBlank() ? List.of() : List.of(one);
      var nodes = new ArrayList<String>();
      if (value instanceof List<?> many)
        for (var node : many) {
          if (!(node instanceof String name) || name.isBlank()) return List.of();
          if (!nodes.contains(name)) nodes.add(name);
        }
      return List.copyOf(nodes);
    }
  }
}
