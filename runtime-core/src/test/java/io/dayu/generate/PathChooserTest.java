package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.Decision.Share;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

final class PathChooserTest {
  private static final List<String> NODES = List.of("a", "b", "c", "d");

  @Property(tries = 200)
  void everyStageGoesToItsNodesInTheProportionOfTheirWeights(
      @ForAll("route") Map<String, List<Share>> route) {
    var chooser = chooser(route);
    for (int round = 1; round <= 3; round++) {
      int length =
          route.values().stream()
              .mapToInt(PathChooserTest::sum)
              .reduce(1, (a, b) -> a * b / gcd(a, b));
      var counts = new HashMap<String, Map<String, Integer>>();
      for (int i = 0; i < length; i++)
        chooser
            .path(Set.of())
            .forEach(
                (stage, node) ->
                    counts
                        .computeIfAbsent(stage, s -> new HashMap<>())
                        .merge(node, 1, Integer::sum));
      route.forEach(
          (stage, shares) ->
              shares.forEach(
                  share ->
                      assertThat(counts.get(stage).get(share.node()))
                          .isEqualTo(length / sum(shares) * share.weight())));
    }
  }

  @Property(tries = 200)
  void aSuspectNodeIsAvoidedWhileAnotherRemains(
      @ForAll("route") Map<String, List<Share>> route, @ForAll("suspects") Set<String> suspects) {
    var chooser = chooser(route);
    for (int i = 0; i < 30; i++) {
      var path = chooser.path(i % 3 == 0 ? Set.of() : suspects);
      assertThat(path.keySet()).isEqualTo(route.keySet());
      for (var stage : route.keySet()) {
        var nodes = route.get(stage).stream().map(Share::node).toList();
        assertThat(nodes).contains(path.get(stage));
        if (i % 3 != 0 && !suspects.containsAll(nodes))
          assertThat(suspects).doesNotContain(path.get(stage));
      }
    }
  }

  @Example
  void sharesAreMixedAndNotSentInBlocks() {
    var chooser = chooser(Map.of("detect", List.of(new Share("a", 2), new Share("b", 1))));
    var nodes = new StringBuilder();
    for (int i = 0; i < 6; i++) nodes.append(chooser.path(Set.of()).get("detect"));
    assertThat(nodes.toString()).isEqualTo("abaaba");
  }

  @Provide
  Arbitrary<Map<String, List<Share>>> route() {
    var weights = Arbitraries.integers().between(1, 6);
    var shares =
        Arbitraries.of(NODES)
            .list()
            .uniqueElements()
            .ofMinSize(1)
            .ofMaxSize(4)
            .flatMap(
                nodes ->
                    weights
                        .list()
                        .ofSize(nodes.size())
                        .map(
                            w -> {
                              var list = new java.util.ArrayList<Share>();
                              for (int i = 0; i < nodes.size(); i++)
                                list.add(new Share(nodes.get(i), w.get(i)));
                              return List.copyOf(list);
                            }));
    return Combinators.combine(shares, shares).as((x, y) -> Map.of("detect", x, "track", y));
  }

  @Provide
  Arbitrary<Set<String>> suspects() {
    return Arbitraries.of(NODES).set().ofMaxSize(4);
  }

  private static PathChooser chooser(Map<String, List<Share>> route) {
    var chooser = new PathChooser();
    chooser.follow(GenerateKit.decision(1, new TreeMap<>(route)));
    return chooser;
  }

  private static int sum(List<Share> shares) {
    return shares.stream().mapToInt(Share::weight).sum();
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }
}
