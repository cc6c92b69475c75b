package io.dayu.bench.truth;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What a {@link Load} consists of at a time. An element has the outputs of exactly one of those
 * that its pipeline had.
 *
 * @param extended whether {@code e} stands in place of {@code c}, and {@code f} is added at the end
 * @param revision the parameter of the service; 0 where it has not changed, or is none
 */
public record Variant(boolean extended, int revision) {
  public static final Variant FIRST = new Variant(false, 0);

  /** The sensor under which the service puts out a revision that is not 0. */
  static final String REVISION = "revision";

  /** The stage that is a service where the load has one. */
  static final String SERVICE = "b";

  private static final Map<String, List<String>> PLAIN =
      stages(Map.of("b", List.of("a"), "c", List.of("a"), "d", List.of("b", "c")));
  private static final Map<String, List<String>> EXTENDED =
      stages(
          Map.of(
              "b", List.of("a"),
              "e", List.of("a"),
              "d", List.of("b", "e"),
              "f", List.of("d")));

  private static Map<String, List<String>> stages(Map<String, List<String>> after) {
    var stages = new LinkedHashMap<String, List<String>>();
    stages.put("a", List.of());
    for (var id : List.of("b", "c", "e", "d", "f"))
      if (after.containsKey(id)) stages.put(id, after.get(id));
    return stages;
  }

  /** With other stages, or with the first ones again. */
  public Variant restaged() {
    return new Variant(!extended, revision);
  }

  /** With another parameter than ever before. */
  public Variant revised() {
    return new Variant(extended, revision + 1);
  }

  /** The stages in their order, each with those before it. */
  Map<String, List<String>> stages() {
    return extended ? EXTENDED : PLAIN;
  }

  /** Where a stage belongs in a route that names the stages of the first variant only. */
  static String placedAs(String stage) {
    return switch (stage) {
      case "e" -> "c";
      case "f" -> "d";
      default -> stage;
    };
  }

  /** As {@link StoredResult#plan} tells it. */
  public Set<String> plan() {
    return stages().keySet().stream()
        .map(id -> id.equals(SERVICE) ? StoredResult.step(id, revision) : id)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
