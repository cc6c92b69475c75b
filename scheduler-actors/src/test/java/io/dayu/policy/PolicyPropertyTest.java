package io.dayu.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.collect.ClusterState;
import io.dayu.facts.Decision.Share;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.testing.Nodes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;

/** What holds for every built-in policy and every cluster. */
class PolicyPropertyTest {
  private static final List<String> NAMES = List.of("edge-1", "edge-2", "edge-3", "cloud-1");
  private static final Set<String> TYPES = Set.of("detector", "tracker", "blurrer", "counter");

  record Node(String name, String site, double cpu, Set<String> types, int ageSeconds) {}

  /** A policy's case: some nodes, some route that may be out of date, some stages that dwell. */
  record Case(Snapshot snapshot, Policy policy) {}

  @Provide
  Arbitrary<Case> cases() {
    var nodes =
        Combinators.combine(
                Arbitraries.of(NAMES),
                Arbitraries.of("a", "b"),
                Arbitraries.doubles().between(0, 1),
                Arbitraries.subsetOf(TYPES).ofMinSize(3),
                Arbitraries.integers().between(0, 25))
            .as(Node::new)
            .list()
            .uniqueElements(Node::name)
            .ofMaxSize(4);
    var stages = Arbitraries.of("detect", "track", "blur", "count");
    var routes = Arbitraries.maps(stages, Arbitraries.subsetOf(NAMES).ofMinSize(1)).ofMaxSize(4);
    return Combinators.combine(policies(), nodes, routes, stages.set())
        .as(
            (pipeline, list, route, dwelling) -> {
              var shares = new TreeMap<String, List<Share>>();
              route.forEach((stage, on) -> shares.put(stage, Routes.equal(List.copyOf(on))));
              var cluster = cluster(list);
              return new Case(
                  shares.isEmpty()
                      ? Placing.first(pipeline, cluster)
                      : Placing.placed(pipeline, cluster, shares, dwelling),
                  Placing.policy(pipeline));
            });
  }

  private static Arbitrary<PipelineSpec> policies() {
    return Arbitraries.of(
        Nodes.pipeline("cloud-only", Map.of()),
        Nodes.pipeline("edge-only", Map.of()),
        Nodes.pipeline("round-robin", Map.of()),
        Nodes.pipeline("least-loaded", Map.of()),
        Nodes.pipeline(
            "fixed",
            Map.of(
                "route",
                Map.of(
                    "detect",
                    List.of("edge-1", "edge-2"),
                    "track",
                    "edge-2",
                    "blur",
                    "edge-1",
                    "count",
                    "cloud-1"))));
  }

  private static ClusterState cluster(List<Node> list) {
    var nodes = new Nodes();
    for (var n : list)
      nodes.with(n.name(), n.site(), n.cpu(), n.types(), Nodes.T0.minusSeconds(n.ageSeconds()));
    return nodes.at(Nodes.T0);
  }

  @Property
  void onlyLiveNodesWithTheStageTypeAreChosenAndEveryStageIsPlaced(@ForAll("cases") Case c) {
    var s = c.snapshot();
    if (!(c.policy().choose(s) instanceof Choice.Place place)) return;
    assertThat(place.route().keySet())
        .containsExactlyInAnyOrderElementsOf(
            s.pipeline().stages().stream().map(StageSpec::id).toList());
    for (var stage : s.pipeline().stages()) {
      assertThat(place.route().get(stage.id())).isNotEmpty().doesNotHaveDuplicates();
      for (var share : place.route().get(stage.id())) {
        var node = s.cluster().nodes().get(share.node());
        assertThat(node).isNotNull();
        assertThat(node.age()).isLessThanOrEqualTo(Nodes.STALE);
        assertThat(node.stageTypes()).contains(stage.type());
      }
    }
  }

  @Property
  void aPolicyKeepsOnlyIfNothingIsBrokenOrNothingCanBeDone(@ForAll("cases") Case c) {
    var s = c.snapshot();
    if (!(c.policy().choose(s) instanceof Choice.Keep keep)) return;
    assertThat(keep.reason()).isNotBlank();
    boolean whole =
        s.pipeline().stages().stream()
            .allMatch(
                stage ->
                    !s.now(stage.id()).isEmpty()
                        && s.now(stage.id()).stream()
                            .allMatch(share -> s.unusable(share.node(), stage).isEmpty()));
    assertThat(whole || keep.reason().contains("has stage type") || keep.reason().contains("fixed"))
        .describedAs(keep.reason())
        .isTrue();
  }

  @Property
  void theSameSnapshotGivesTheSameChoice(@ForAll("cases") Case c) {
    var again = Placing.policy(c.snapshot().pipeline());
    assertThat(again.choose(c.snapshot())).isEqualTo(c.policy().choose(c.snapshot()));
  }

  /** One moment of the properties below: the CPU of each node. */
  @Provide
  Arbitrary<List<Double>> calm() {
    return Arbitraries.doubles().between(0.5, 0.5 + 0.24).list().ofSize(NAMES.size());
  }

  @Property
  void leastLoadedDoesNotFlapWhileLoadsDifferByLessThanTheHysteresis(
      @ForAll("calm") List<Double> first,
      @ForAll @Size(20) List<@From("calm") List<Double>> later) {
    var pipeline = Nodes.pipeline("least-loaded", Map.of("hysteresis", 0.25));
    var policy = Placing.policy(pipeline);
    var start = (Choice.Place) policy.choose(Placing.first(pipeline, busy(first)));
    var route = start.route();
    var left = new HashMap<String, Set<String>>();
    for (var cpus : later) {
      var s = Placing.placed(pipeline, busy(cpus), route, Set.of());
      if (!(policy.choose(s) instanceof Choice.Place place)) continue;
      for (var stage : route.keySet()) {
        var to = place.route().get(stage).get(0).node();
        if (s.nodeOf(stage).orElseThrow().equals(to)) continue;
        var been = left.computeIfAbsent(stage, x -> new HashSet<>());
        been.add(s.nodeOf(stage).orElseThrow());
        assertThat(been).describedAs("nodes that %s has left", stage).doesNotContain(to);
      }
      route = place.route();
    }
  }

  private static ClusterState busy(List<Double> cpus) {
    var nodes = new Nodes();
    for (int i = 0; i < NAMES.size(); i++) nodes.with(NAMES.get(i), cpus.get(i));
    return nodes.at(Nodes.T0);
  }

  @Property
  void leastLoadedRespectsTheDwell(
      @ForAll @DoubleRange(min = 0, max = 1) double here,
      @ForAll @DoubleRange(min = 0, max = 1) double there,
      @ForAll Set<@From("stages") String> dwelling) {
    var pipeline = Nodes.pipeline("least-loaded", Map.of());
    var cluster = new Nodes().with("edge-1", here).with("edge-2", there).at(Nodes.T0);
    var s = Placing.placed(pipeline, cluster, Placing.all("edge-1"), dwelling);
    if (!(Placing.policy(pipeline).choose(s) instanceof Choice.Place place)) return;
    for (var stage : dwelling) assertThat(place.route().get(stage)).isEqualTo(s.now(stage));
  }

  @Provide
  Arbitrary<String> stages() {
    return Arbitraries.of("detect", "track", "blur", "count");
  }

  @Property
  void aStageThatIsTheLoadItselfIsNotChased(
      @ForAll @DoubleRange(min = 0.3, max = 0.95) double own,
      @ForAll @DoubleRange(min = 0, max = 0.04) double idle) {
    var pipeline = Nodes.pipeline("least-loaded", Map.of());
    var route = Placing.all("edge-1");
    double rate = 10;
    double serviceMs = own * 2 * 1000 / rate; // two cores
    var before = loaded("edge-1", own + idle, "edge-2", idle, serviceMs, rate);
    var moved = new ArrayList<String>();
    var s = Placing.placed(pipeline, before, route, Set.of("track", "blur", "count"));
    if (Placing.policy(pipeline).choose(s) instanceof Choice.Place place)
      place
          .route()
          .forEach(
              (stage, on) -> {
                if (!on.equals(s.now(stage))) moved.add(stage);
              });
    assertThat(moved).isEmpty();
  }

  private static ClusterState loaded(
      String here, double cpu, String there, double idle, double serviceMs, double rate) {
    return new Nodes()
        .with(here, Math.min(1, cpu))
        .with(there, idle)
        .runs(here, "detect", StageState.RUNNING, 0, 0, serviceMs)
        .reads(here, 1, rate)
        .at(Nodes.T0);
  }
}
