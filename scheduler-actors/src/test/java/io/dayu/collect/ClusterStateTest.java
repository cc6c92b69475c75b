package io.dayu.collect;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import io.dayu.testing.Nodes;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ClusterStateTest {
  @Test
  void aNodeIsLiveUntilItsReportIsTooOld() {
    var nodes = new Nodes().with("edge-1", 0.1);
    assertThat(nodes.at(Nodes.T0.plus(Nodes.STALE)).nodes().get("edge-1").live()).isTrue();
    var late = nodes.at(Nodes.T0.plus(Nodes.STALE).plusMillis(1)).nodes().get("edge-1");
    assertThat(late.live()).isFalse();
    assertThat(late.age()).isEqualTo(Nodes.STALE.plusMillis(1));
  }

  @Test
  void aClockSetBackMakesNoNegativeAge() {
    var state = new Nodes().with("edge-1", 0.1).at(Nodes.T0.minusSeconds(60));
    assertThat(state.nodes().get("edge-1").age()).isEqualTo(Duration.ZERO);
    assertThat(state.nodes().get("edge-1").live()).isTrue();
  }

  @Test
  void figuresThatThePlatformCannotTellCountAsZero() {
    var resources = new Resources(0, Double.NaN, -1, 2, 0, 0, 0, 0, OptionalDouble.empty());
    var report =
        NodeReport.idle(
            new NodeReport.Self("n", Role.EDGE, "s", "h", 1),
            new NodeReport.Edition(1, 1),
            resources);
    var view = new View(Map.of("n", new View.Seen(report, Nodes.T0)), Map.of(), Map.of());
    var node = ClusterState.collect(view, Nodes.T0, Nodes.STALE).nodes().get("n");
    assertThat(node.resources().cores()).isEqualTo(1);
    assertThat(node.resources().memory()).isEqualTo(1);
    assertThat(node.busy()).isZero();
  }

  @Test
  void theStreamOfASilentNodeIsNotReported() {
    var nodes = new Nodes().with("edge-1", 0.1).reads("edge-1", 7, 10);
    assertThat(nodes.at(Nodes.T0).stream(Nodes.STREAM))
        .hasValueSatisfying(s -> assertThat(s.decision()).isEqualTo(7));
    assertThat(nodes.at(Nodes.T0.plusSeconds(60)).stream(Nodes.STREAM)).isEmpty();
  }
}
