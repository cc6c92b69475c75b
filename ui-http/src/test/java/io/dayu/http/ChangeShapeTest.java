package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import io.dayu.pipeline.PerBox;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.RunState;
import java.lang.reflect.RecordComponent;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ChangeShapeTest {
  private static final SourceSpec CAMERA = source("cam-0", "edge-1", "cam:street");
  private static final StageSpec DETECT = stage("detect", "object-detection", 0.5);
  private static final StageSpec TRACK = stage("track", "box-tracker", 1, "detect");
  private static final DesiredPipeline RUNNING =
      new DesiredPipeline(4, 2, spec(List.of(CAMERA), DETECT, TRACK));
  private static final View VIEW =
      new View(
          Map.of(
              "edge-1",
              new View.Seen(
                  Street.node(
                      "edge-1",
                      Role.EDGE,
                      0.1,
                      List.of(Street.stage("detect", "object-detection", 0, 1)),
                      List.of()),
                  Instant.EPOCH)),
          Map.of(),
          Map.of("crossing", RUNNING));

  @Test
  void aSourceIsToldByWhatBecomesOfItsStream() {
    assertThat(change(spec(List.of(source("cam-0", "edge-2", "cam:street")), DETECT, TRACK)))
        .contains(
            "source cam-0 moves: from node edge-1 to edge-2, where it is read from its beginning");
    assertThat(change(spec(List.of(source("cam-0", "edge-1", "cam:yard")), DETECT, TRACK)))
        .contains(
            "source cam-0 restarts: what differs is its address: what is in flight is finished, then it is"
                + " read from its beginning");
    assertThat(change(spec(List.of(source("cam-1", "edge-1", "cam:yard")), DETECT, TRACK)))
        .contains(
            "source cam-0 stops: what is in flight is finished; its position is forgotten",
            "source cam-1 starts: on node edge-1");
  }

  @Test
  void aSourceWithOtherKnobsIsReadOn() {
    var tuned =
        new SourceSpec(
            "cam-0",
            CAMERA.uri(),
            CAMERA.node(),
            CAMERA.shed(),
            new TreeMap<>(Map.of("fps", List.of(5.0))));
    assertThat(change(spec(List.of(tuned), DETECT, TRACK)))
        .contains("source cam-0 changes: other knobs; it is read on");
  }

  @Test
  void aChangeOfAStageLeavesTheOthersAlone() {
    assertThat(change(spec(List.of(CAMERA), DETECT, stage("track", "box-tracker", 2, "detect"))))
        .containsExactly(
            "source cam-0 stays: on node edge-1",
            "stage detect stays: it runs on edge-1",
            "stage track restarts: what differs is its parameters; it runs nowhere now");
    assertThat(change(spec(List.of(CAMERA), DETECT)))
        .contains("stage track stops: it runs nowhere now");
  }

  @Test
  void dynamicParametersChangeWithoutARestart() {
    var running = new DesiredPipeline(4, 2, spec(List.of(CAMERA), dynamic(DETECT, 0.5), TRACK));
    assertThat(change(running, spec(List.of(CAMERA), dynamic(DETECT, 0.7), TRACK)))
        .containsExactly(
            "source cam-0 stays: on node edge-1",
            "stage detect changes: threshold changes without a restart, for elements from then on; it"
                + " runs on edge-1",
            "stage track stays: it runs nowhere now");
    assertThat(change(running, spec(List.of(CAMERA), DETECT, TRACK)))
        .contains(
            "stage detect restarts: what differs is its parameters and which of its parameters are"
                + " dynamic; it runs on edge-1");
  }

  @Test
  void howAStageIsAskedForEachBoxIsToldToRestart() {
    assertThat(
            change(
                running(perBox(Duration.ofSeconds(1))),
                spec(List.of(CAMERA), DETECT, perBox(Duration.ofSeconds(2)))))
        .contains(
            "stage track restarts: what differs is how it is asked for each box; it runs nowhere now");
    assertThat(
            change(
                running(perBox(Duration.ofSeconds(1))),
                spec(List.of(CAMERA), DETECT, perBox(Duration.ofSeconds(1)))))
        .contains("stage track stays: it runs nowhere now");
    assertThat(change(spec(List.of(CAMERA), DETECT, perBox(Duration.ZERO))))
        .contains(
            "stage track restarts: what differs is how it is asked for each box; it runs nowhere now");
  }

  /** A setting that comes to stages later has to come here too. */
  @Test
  void whateverEndsAnInstanceIsToldAsARestart() {
    var limits = new TreeMap<String, Object>(Map.of("threshold", 1.0));
    var none = new TreeMap<String, String>();
    var all = List.of("detect");
    var changed =
        Map.of(
            "type",
            new StageSpec("track", "other", all, none, limits, Optional.empty()),
            "after",
            new StageSpec("track", "box-tracker", List.of(), none, limits, Optional.empty()),
            "inputs",
            new StageSpec(
                "track",
                "box-tracker",
                List.of(),
                new TreeMap<>(Map.of("boxes", "detect")),
                limits,
                Optional.empty()),
            "params",
            new StageSpec("track", "box-tracker", all, none, Map.of(), Optional.empty()),
            "perBox",
            perBox(Duration.ZERO),
            "side",
            new StageSpec(
                "track", "box-tracker", all, none, limits, Optional.empty(), List.of("limits")),
            "dynamic",
            dynamic(TRACK, 1));
    assertThat(changed.keySet())
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(StageSpec.class.getRecordComponents())
                .map(RecordComponent::getName)
                .filter(name -> !name.equals("id"))
                .toList());
    changed.forEach(
        (name, stage) -> {
          assertThat(stage.lasting()).as(name).isNotEqualTo(TRACK.lasting());
          assertThat(change(spec(List.of(CAMERA), DETECT, stage)))
              .as(name)
              .anyMatch(part -> part.startsWith("stage track restarts: "));
        });
  }

  private static DesiredPipeline running(StageSpec track) {
    return new DesiredPipeline(4, 2, spec(List.of(CAMERA), DETECT, track));
  }

  private static StageSpec perBox(Duration reuse) {
    return new StageSpec(
        TRACK.id(),
        TRACK.type(),
        TRACK.after(),
        TRACK.inputs(),
        TRACK.params(),
        Optional.of(new PerBox("detect", Set.of(), reuse, PerBox.DEFAULT_AT_MOST, 0)));
  }

  private static StageSpec dynamic(StageSpec stage, double threshold) {
    return new StageSpec(
        stage.id(),
        stage.type(),
        stage.after(),
        stage.inputs(),
        Map.of("threshold", threshold),
        Optional.empty(),
        List.of(),
        new TreeSet<>(List.of("threshold")));
  }

  @Test
  void aStageThatReadsOthersByItsNamesIsToldToRestart() {
    var inputs = new TreeMap<>(Map.of("boxes", "detect"));
    var named =
        new StageSpec("track", "box-tracker", List.of(), inputs, TRACK.params(), Optional.empty());
    assertThat(change(spec(List.of(CAMERA), DETECT, named)))
        .contains(
            "stage track restarts: what differs is what gives its inputs; it runs nowhere now");
  }

  @Test
  void whatIsEqualStaysAndAPauseIsToldByItself() {
    var paused = RUNNING.turned(RunState.PAUSED);
    var change = ChangeShape.of(Optional.of(RUNNING), paused, VIEW, List.of());
    assertThat(change.present()).isEqualTo(4);
    assertThat(change.next()).isEqualTo(5);
    assertThat(words(change))
        .containsExactly(
            "source cam-0 stays: on node edge-1",
            "stage detect stays: it runs on edge-1",
            "stage track stays: it runs nowhere now",
            "state state changes: it is paused: sources are read no more");
  }

  private static List<String> change(PipelineSpec to) {
    return change(RUNNING, to);
  }

  private static List<String> change(DesiredPipeline running, PipelineSpec to) {
    return words(ChangeShape.of(Optional.of(running), running.changed(to, false), VIEW, List.of()));
  }

  private static List<String> words(ChangeShape change) {
    return change.parts().stream()
        .map(p -> "%s %s %s: %s".formatted(p.kind(), p.name(), p.what(), p.why()))
        .toList();
  }

  private static PipelineSpec spec(List<SourceSpec> sources, StageSpec... stages) {
    return new PipelineSpec(
        "crossing",
        sources,
        List.of(stages),
        new PolicySpec("least-loaded", Map.of()),
        Objective.DEFAULT,
        Delivery.DEFAULT);
  }

  private static SourceSpec source(String name, String node, String uri) {
    return new SourceSpec(
        name, URI.create(uri), Optional.of(node), Optional.empty(), new TreeMap<>());
  }

  private static StageSpec stage(String id, String type, double threshold, String... after) {
    return new StageSpec(id, type, List.of(after), Map.of("threshold", threshold));
  }
}
