package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.process.Plans;
import io.dayu.side.Sides;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class RoutingTest {
  private final Routing routing =
      new Routing("edge-1", GenerateKit.plan(Offline.LOCAL), Sides.NONE);

  @Test
  void beforeTheFirstDecisionThereIsNoWay() {
    assertThat(routing.hasDecision()).isFalse();
    assertThat(routing.isRouted()).isFalse();
    assertThat(routing.decision()).isZero();
  }

  @Test
  void onlyANewerDecisionIsFollowed() {
    assertThat(follow(2, "edge-2:1")).isTrue();
    assertThat(follow(2, "edge-3:1")).isFalse();
    assertThat(follow(1, "edge-3:1")).isFalse();
    assertThat(routing.decision()).isEqualTo(2);
    assertThat(node()).isEqualTo("edge-2");
    assertThat(follow(5, "edge-3:1")).isTrue();
    assertThat(routing.decision()).isEqualTo(5);
    assertThat(node()).isEqualTo("edge-3");
  }

  @Test
  void elementsGoRoundSuspectNodesWhileThereAreOthers() {
    follow(1, "edge-2:1", "edge-3:1");
    routing.turn(Set.of("edge-2"), false);
    assertThat(List.of(node(), node(), node())).containsOnly("edge-3");
    routing.turn(Set.of("edge-2", "edge-3"), false);
    assertThat(List.of(node(), node())).containsExactlyInAnyOrder("edge-2", "edge-3");
  }

  @Test
  void nodesThatAreLostOrBackHaveTurned() {
    assertThat(routing.turn(Set.of("edge-2", "edge-3"), false)).containsOnly("edge-2", "edge-3");
    assertThat(routing.turn(Set.of("edge-3", "edge-4"), false)).containsOnly("edge-2", "edge-4");
    assertThat(routing.turn(Set.of("edge-3", "edge-4"), true)).isEmpty();
    assertThat(routing.turn(Set.of(), false)).containsOnly("edge-3", "edge-4");
  }

  @Test
  void aDecisionThatIsOlderThanThePlanDoesNotCoverItsNewStages() {
    follow(1, "edge-2:1");
    assertThat(routing.isRouted()).isTrue();
    var plan = Plans.plan(2, List.of(Plans.READER), "detect:reader", "track:reader<detect");
    routing.change(plan);
    assertThat(routing.plan()).isSameAs(plan);
    assertThat(routing.hasDecision()).isTrue();
    assertThat(routing.isRouted()).isFalse();
    var route = GenerateKit.route("detect", "edge-2:1");
    route.putAll(GenerateKit.route("track", "edge-3:1"));
    routing.follow(GenerateKit.decision(2, route));
    assertThat(routing.isRouted()).isTrue();
    assertThat(routing.path().nodes()).isEqualTo(Map.of("detect", "edge-2", "track", "edge-3"));
  }

  @Test
  void aPathHasNoStagesThatAreGone() {
    follow(1, "edge-2:1");
    routing.change(Plans.plan(2, List.of(Plans.READER), "track:reader"));
    var route = GenerateKit.route("detect", "edge-2:1");
    route.putAll(GenerateKit.route("track", "edge-3:1"));
    routing.follow(GenerateKit.decision(2, route));
    assertThat(routing.path().nodes()).isEqualTo(Map.of("track", "edge-3"));
  }

  @Test
  void whileTheCloudIsOutOfReachItsStagesRunHere() {
    follow(1, "cloud-1:1");
    routing.turn(Set.of("cloud-1"), true);
    assertThat(node()).isEqualTo("edge-1");
    routing.turn(Set.of(), false);
    assertThat(node()).isEqualTo("cloud-1");
  }

  @Test
  void aNodeThatAnswersIsUsedWhileTheCloudIsOutOfReachToo() {
    follow(1, "edge-2:1");
    routing.turn(Set.of("cloud-1"), true);
    assertThat(node()).isEqualTo("edge-2");
  }

  @Test
  void aStageThatThisNodeDoesNotHaveStaysWhereItIs() {
    routing.change(Plans.plan(1, List.of(), "detect:reader"));
    follow(1, "cloud-1:1");
    routing.turn(Set.of("cloud-1"), true);
    assertThat(routing.isOffline(Offline.LOCAL)).isTrue();
    assertThat(node()).isEqualTo("cloud-1");
  }

  @Test
  void onlyWhereThePipelineWantsItStagesRunHere() {
    routing.change(GenerateKit.plan(Offline.SPOOL));
    follow(1, "cloud-1:1");
    routing.turn(Set.of("cloud-1"), true);
    assertThat(node()).isEqualTo("cloud-1");
    assertThat(routing.isOffline()).isTrue();
    assertThat(routing.isOffline(Offline.SPOOL)).isTrue();
    assertThat(routing.isOffline(Offline.LOCAL)).isFalse();
    routing.turn(Set.of(), false);
    assertThat(routing.isOffline()).isFalse();
    assertThat(routing.isOffline(Offline.SPOOL)).isFalse();
  }

  private boolean follow(long version, String... shares) {
    return routing.follow(GenerateKit.decision(version, GenerateKit.route("detect", shares)));
  }

  private String node() {
    return routing.path().nodes().get("detect");
  }
}
