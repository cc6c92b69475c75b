package io.dayu.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.dayu.facts.NodeReport.StageState;
import io.dayu.testing.Nodes;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class CostModelTest {
  private static final Set<String> PIPELINES = Set.of("crossing");

  private static Nodes twoEdges() {
    return new Nodes().with("edge-1", 0.1).with("edge-2", 0.1);
  }

  private static Nodes run(Nodes nodes, String node, String stage, double ms, long processed) {
    return nodes.runs(node, stage, StageState.RUNNING, 0, 0, ms, processed);
  }

  @Test
  void aStageNeverSeenHasNoCost() {
    var model = CostModel.EMPTY.observe(twoEdges().at(Nodes.T0), PIPELINES);
    assertThat(model.serviceMs("crossing", "detect", "edge-1")).isEmpty();
    assertThat(model.slowness("edge-1")).isEqualTo(1);
  }

  @Test
  void newReportsAreSmoothedAndUnchangedOnesIgnored() {
    var nodes = run(twoEdges(), "edge-1", "detect", 100, 1);
    var model = CostModel.EMPTY.observe(nodes.at(Nodes.T0), PIPELINES);
    run(nodes, "edge-1", "detect", 200, 2);
    var second = model.observe(nodes.at(Nodes.T0), PIPELINES);
    assertThat(second.serviceMs("crossing", "detect", "edge-1").orElseThrow())
        .isCloseTo(130, within(1e-9));
    assertThat(second.observe(nodes.at(Nodes.T0), PIPELINES)).isSameAs(second);
  }

  @Property
  void anUnknownPairFollowsFromTheNodesSpeed(
      @ForAll @DoubleRange(min = 0.1, max = 1000) double detectMs,
      @ForAll @DoubleRange(min = 0.1, max = 1000) double trackMs,
      @ForAll @DoubleRange(min = 0.05, max = 20) double slower) {
    var nodes = twoEdges();
    run(nodes, "edge-1", "detect", detectMs, 1);
    run(nodes, "edge-2", "detect", detectMs * slower, 1);
    run(nodes, "edge-1", "track", trackMs, 1);
    var model = CostModel.EMPTY.observe(nodes.at(Nodes.T0), PIPELINES);
    assertThat(model.serviceMs("crossing", "track", "edge-2").orElseThrow())
        .isCloseTo(trackMs * slower, within(trackMs * slower * 1e-9));
    assertThat(model.serviceMs("crossing", "track", "edge-1").orElseThrow())
        .isCloseTo(trackMs, within(1e-9));
  }

  @Test
  void whatIsGoneIsForgotten() {
    var nodes = run(twoEdges(), "edge-2", "detect", 100, 1);
    var model = CostModel.EMPTY.observe(nodes.at(Nodes.T0), PIPELINES);
    assertThat(model.serviceMs("crossing", "detect", "edge-1").orElseThrow())
        .isCloseTo(100, within(1e-9));
    assertThat(
            model
                .observe(twoEdges().at(Nodes.T0), PIPELINES)
                .serviceMs("crossing", "detect", "edge-2"))
        .describedAs("an idle node keeps what was learnt about it")
        .hasValue(100);
    assertThat(
            model
                .observe(nodes.without("edge-2").at(Nodes.T0), PIPELINES)
                .serviceMs("crossing", "detect", "edge-1"))
        .isEmpty();
    assertThat(
            model
                .observe(twoEdges().at(Nodes.T0), Set.of())
                .serviceMs("crossing", "detect", "edge-2"))
        .isEmpty();
  }
}
