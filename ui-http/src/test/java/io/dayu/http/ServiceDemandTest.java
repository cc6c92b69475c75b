package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.Decision;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.View;
import io.dayu.pipeline.RunState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ServiceDemandTest {
  private static final String TYPE = "object-detection";
  private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");

  private final TreeMap<String, View.Seen> nodes = new TreeMap<>();
  private DesiredPipeline pipeline = new DesiredPipeline(1, Street.spec("cam-0"));
  private Decision decision = Street.decision(1, "edge-1", "as it is");
  private String document = "{\"load\": \"on-demand\"}";

  private View view() {
    return new View(
        nodes,
        new TreeMap<>(Map.of(decision.stream(), decision)),
        new TreeMap<>(Map.of(pipeline.name(), pipeline)),
        new TreeMap<>(),
        new TreeMap<>(Map.of(TYPE, new DeclaredService(TYPE, 1, Optional.of(document)))));
  }

  private static NodeReport.StageReport instance(int queue, double perSecond) {
    return new NodeReport.StageReport(
        "crossing",
        "detect",
        TYPE,
        StageState.RUNNING,
        new NodeReport.Work(queue, 0, 0, perSecond, 0, 5, 0),
        0,
        Optional.empty());
  }

  private void reports(String node, NodeReport.StageReport... stages) {
    nodes.put(
        node, new View.Seen(Street.node(node, Role.EDGE, 0, List.of(stages), List.of()), NOW));
  }

  @Test
  void aServiceIsWantedWhereStagesAreAndWhereTheyAreToBe() {
    assertThat(ServiceDemand.wanted(view(), TYPE)).containsExactly("edge-1");
    assertThat(ServiceDemand.wanted(view(), "box-tracker")).containsExactly("edge-1", "edge-2");
    assertThat(ServiceDemand.wanted(view(), "other")).isEmpty();
    decision =
        new Decision(
            decision.stream(),
            2,
            decision.at(),
            decision.route(),
            new TreeMap<>(Map.of("detect", List.of("edge-3"))),
            decision.knobs(),
            "warming");
    assertThat(ServiceDemand.wanted(view(), TYPE)).containsExactly("edge-1", "edge-3");
    pipeline = pipeline.in(RunState.PAUSED);
    assertThat(ServiceDemand.wanted(view(), TYPE)).isNotEmpty();
    pipeline = pipeline.in(RunState.STOPPED);
    assertThat(ServiceDemand.wanted(view(), TYPE)).isEmpty();
  }

  @Test
  void whereElementsAreLeftItIsWantedStill() {
    reports("edge-1", instance(0, 3));
    reports("edge-2", instance(2, 0));
    reports("edge-3", instance(0, 0));
    pipeline = pipeline.in(RunState.STOPPED);
    assertThat(ServiceDemand.wanted(view(), TYPE)).containsExactly("edge-1", "edge-2");
  }

  @Test
  void aPipelineWhoseElementsWaitForItSaysSo() {
    reports("edge-1");
    assertThat(problems()).as("it is loaded").isEmpty();
    nodes.replaceAll(
        (name, seen) ->
            new View.Seen(
                NodeReport.idle(
                    seen.report().self(), seen.report().edition(), seen.report().resources()),
                NOW));
    assertThat(problems()).containsExactly("object-detection is being loaded on edge-1");
    document = "{}";
    assertThat(problems()).as("nobody loads it").isEmpty();
  }

  private List<String> problems() {
    return PipelineShape.of(pipeline, view(), NOW, Duration.ofSeconds(15)).problems().stream()
        .map(p -> p.message())
        .filter(m -> m.contains("loaded"))
        .toList();
  }
}
