package io.dayu.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.Decision.Share;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.testing.Nodes;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class BuiltInPolicyTest {
  private static final Set<String> ALL = Set.of("detector", "tracker", "blurrer", "counter");

  private static Choice first(String policy, Nodes nodes) {
    var pipeline = Nodes.pipeline(policy, Map.of());
    return Placing.policy(pipeline).choose(Placing.first(pipeline, nodes.at(Nodes.T0)));
  }

  private static Choice placed(String policy, Nodes nodes, String on) {
    var pipeline = Nodes.pipeline(policy, Map.of());
    return Placing.policy(pipeline)
        .choose(Placing.placed(pipeline, nodes.at(Nodes.T0), Placing.all(on), Set.of()));
  }

  private static Set<String> nodes(Choice choice) {
    return ((Choice.Place) choice)
        .route().values().stream()
            .flatMap(List::stream)
            .map(Share::node)
            .collect(Collectors.toSet());
  }

  @Test
  void cloudOnlyNeverTakesAnEdge() {
    var both = new Nodes().with("edge-1", 0).with("cloud-1", 0.9).with("cloud-2", 0.8);
    assertThat(nodes(first("cloud-only", both))).containsExactly("cloud-2");
    assertThat(nodes(placed("cloud-only", both, "cloud-1"))).containsExactly("cloud-1");
    var keep = first("cloud-only", new Nodes().with("edge-1", 0));
    assertThat(keep).isInstanceOf(Choice.Keep.class);
    assertThat(keep.reason()).contains("no live cloud node has stage type detector");
  }

  @Test
  void edgeOnlyPrefersTheSourceThenItsSiteThenAnyEdge() {
    var nodes =
        new Nodes()
            .with("edge-1", "north", 0.9, ALL, Nodes.T0)
            .with("edge-2", "south", 0, ALL, Nodes.T0)
            .with("edge-3", "north", 0.5, ALL, Nodes.T0)
            .with("cloud-1", 0);
    assertThat(nodes(first("edge-only", nodes))).containsExactly("edge-1");
    nodes.with("edge-1", "north", 0.9, Set.of(), Nodes.T0);
    assertThat(nodes(first("edge-only", nodes))).containsExactly("edge-3");
    nodes.with("edge-3", "north", 0.5, ALL, Nodes.T0.minusSeconds(60));
    var moved = placed("edge-only", nodes, "edge-3");
    assertThat(nodes(moved)).containsExactly("edge-2");
    assertThat(moved.reason())
        .contains("detect moved edge-3 -> edge-2: edge-3 has not reported for 60 s");
    nodes.without("edge-2");
    assertThat(first("edge-only", nodes)).isInstanceOf(Choice.Keep.class);
  }

  @Test
  void roundRobinSpreadsEquallyOverAllThatCan() {
    var nodes =
        new Nodes()
            .with("edge-1", 1)
            .with("edge-2", "b", 0, Set.of("detector"), Nodes.T0)
            .with("cloud-1", 0);
    var place = (Choice.Place) first("round-robin", nodes);
    assertThat(place.route().get("detect"))
        .containsExactly(new Share("cloud-1", 1), new Share("edge-1", 1), new Share("edge-2", 1));
    assertThat(place.route().get("count"))
        .containsExactly(new Share("cloud-1", 1), new Share("edge-1", 1));
  }

  @Test
  void fixedLeavesOutNodesThatCannot() {
    var route =
        Map.of(
            "detect",
            List.of("edge-1", "edge-2"),
            "track",
            "edge-1",
            "blur",
            "edge-1",
            "count",
            "cloud-1");
    var pipeline = Nodes.pipeline("fixed", Map.of("route", route));
    var nodes = new Nodes().with("edge-1", 0).with("cloud-1", 0);
    var place =
        (Choice.Place) Placing.policy(pipeline).choose(Placing.first(pipeline, nodes.at(Nodes.T0)));
    assertThat(place.route().get("detect")).containsExactly(new Share("edge-1", 1));
    var keep =
        Placing.policy(pipeline)
            .choose(Placing.first(pipeline, nodes.without("cloud-1").at(Nodes.T0)));
    assertThat(keep.reason())
        .isEqualTo("fixed: stage count cannot run where it is fixed: cloud-1 is not there");
  }

  @Test
  void knobsTakeTheMiddleValueTheLowerOfTwo() {
    var place = (Choice.Place) first("edge-only", new Nodes().with("edge-1", 0));
    assertThat(place.knobs().values()).isEqualTo(Map.of("fps", 10.0, "height", 360.0));
  }

  @Test
  void leastLoadedStartsAtTheSourceOfAnIdleCluster() {
    var nodes = new Nodes().with("edge-1", 0.02).with("edge-2", 0.02).with("cloud-1", 0.02);
    var place = (Choice.Place) first("least-loaded", nodes);
    assertThat(place.route().get("detect")).containsExactly(new Share("edge-1", 1));
  }

  @Test
  void leastLoadedLeavesABusyNodeAndSaysWhy() {
    var nodes =
        new Nodes()
            .with("edge-1", 0.93)
            .with("edge-2", 0.22)
            .runs("edge-1", "detect", StageState.RUNNING, 14, 412, 40)
            .reads("edge-1", 1, 10);
    var moved = placed("least-loaded", nodes, "edge-1");
    assertThat(((Choice.Place) moved).route().get("detect"))
        .containsExactly(new Share("edge-2", 1));
    assertThat(moved.reason())
        .startsWith(
            "detect moved edge-1 -> edge-2: edge-1 at 93 % CPU, queue 14 (412 ms); edge-2 at 22 %"
                + " CPU");
  }

  @Test
  void leastLoadedLeavesANodeWhereTheStageKeepsCrashing() {
    var nodes =
        new Nodes()
            .with("edge-1", 0.1)
            .with("edge-2", 0.1)
            .runs("edge-1", "blur", StageState.BACKING_OFF, 0, 0, 0);
    var moved = placed("least-loaded", nodes, "edge-1");
    assertThat(((Choice.Place) moved).route().get("blur")).containsExactly(new Share("edge-2", 1));
    assertThat(((Choice.Place) moved).route().get("count")).containsExactly(new Share("edge-1", 1));
    assertThat(moved.reason()).contains("where it crashed 3 times");
  }

  @Test
  void leastLoadedDoesNotMoveEverythingToTheSameIdleNode() {
    var nodes = new Nodes().with("edge-1", 0.9).with("edge-2", 0.1).reads("edge-1", 1, 10);
    for (var stage : List.of("detect", "track", "blur", "count"))
      nodes.runs("edge-1", stage, StageState.RUNNING, 0, 0, 45); // 0.225 of two cores each
    assertThat(nodes(placed("least-loaded", nodes, "edge-1")))
        .containsExactlyInAnyOrder("edge-1", "edge-2");
  }

  @Test
  void leastLoadedSaysWhyItStays() {
    var keep =
        placed("least-loaded", new Nodes().with("edge-1", 0.3).with("edge-2", 0.2), "edge-1");
    assertThat(keep).isInstanceOf(Choice.Keep.class);
    assertThat(keep.reason()).contains("no move pays").contains("of the 0.25 needed");
  }
}
