package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.Decision;
import io.dayu.facts.Decision.Share;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.View;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plan;
import io.dayu.process.Plans;
import io.dayu.source.Knobs;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A fork of {@code detect} to {@code track} and {@code blur}, which meet in {@code count}. */
final class PreparationTest {
  private final Plan plan =
      Plans.plan(
          1,
          List.of(Plans.READER),
          "count:reader<track,blur",
          "track:reader<detect",
          "blur:reader<detect",
          "detect:reader");
  private final TreeMap<String, List<Share>> route = new TreeMap<>();
  private final TreeMap<String, List<String>> warm = new TreeMap<>();
  private final TreeMap<String, View.Seen> reports = new TreeMap<>();

  @Test
  void stagesThatTheDecisionBringsHereAreStartedInTheOrderOfThePipeline() {
    route.put("count", List.of(new Share("edge-1", 1), new Share("edge-2", 1)));
    route.put("track", List.of(new Share("edge-2", 1)));
    route.put("detect", List.of(new Share("edge-1", 1)));
    assertThat(prepare("edge-1", false).stages()).containsExactly("detect", "count");
    assertThat(prepare("edge-2", false).stages()).containsExactly("track", "count");
    assertThat(prepare("edge-3", false).stages()).isEmpty();
  }

  @Test
  void stagesThatAreToBeWarmHereAreStartedToo() {
    route.put("detect", List.of(new Share("edge-2", 1)));
    warm.put("detect", List.of("edge-1"));
    assertThat(prepare("edge-1", false).stages()).containsExactly("detect");
  }

  @Test
  void linksAreOpenedToWhereTheOutputsOfStagesHereGo() {
    route.put("detect", List.of(new Share("edge-1", 1)));
    route.put("track", List.of(new Share("edge-2", 1), new Share("edge-3", 1)));
    route.put("blur", List.of(new Share("edge-2", 1)));
    warm.put("blur", List.of("edge-4"));
    route.put("count", List.of(new Share("edge-2", 1)));
    for (var node : List.of("edge-2", "edge-3", "edge-4", "edge-5"))
      runs(node, StageState.RUNNING, "track", "blur", "count");
    assertThat(prepare("edge-1", false).next())
        .containsExactlyInAnyOrder(
            key("edge-2", "track"),
            key("edge-3", "track"),
            key("edge-2", "blur"),
            key("edge-4", "blur"));
  }

  @Test
  void linksAreOpenedToTheFirstStagesOfAStreamThatIsReadHere() {
    route.put("detect", List.of(new Share("edge-2", 1)));
    route.put("track", List.of(new Share("edge-2", 1)));
    runs("edge-2", StageState.RUNNING, "detect", "track");
    assertThat(prepare("edge-1", true).next()).containsExactly(key("edge-2", "detect"));
    assertThat(prepare("edge-1", false).next()).isEmpty();
  }

  @Test
  void noLinkIsOpenedToAStageThatDoesNotRunByItsNodesOwnWord() {
    route.put(
        "detect",
        List.of(
            new Share("edge-2", 1),
            new Share("edge-3", 1),
            new Share("edge-4", 1),
            new Share("edge-5", 1)));
    runs("edge-2", StageState.STARTING, "detect");
    runs("edge-3", StageState.BACKING_OFF, "detect");
    runs("edge-4", StageState.RUNNING, "track");
    assertThat(prepare("edge-1", true).next()).isEmpty();
  }

  @Test
  void aStageOfTheSameNameInAnotherPipelineDoesNotCount() {
    route.put("detect", List.of(new Share("edge-2", 1)));
    report("edge-2", List.of(stage("parking", "detect", StageState.RUNNING)));
    assertThat(prepare("edge-1", true).next()).isEmpty();
  }

  private Preparation prepare(String node, boolean reads) {
    var decision =
        new Decision(
            StreamName.parse("crossing/cam-0"),
            1,
            Instant.EPOCH,
            route,
            warm,
            Knobs.NONE,
            "for tests");
    return Preparation.of(decision, plan, node, reads, reports);
  }

  private PeerLinks.Key key(String node, String stage) {
    return new PeerLinks.Key(node, plan.instance(stage));
  }

  private void runs(String node, StageState state, String... stages) {
    report(node, Arrays.stream(stages).map(stage -> stage("crossing", stage, state)).toList());
  }

  private void report(String node, List<StageReport> stages) {
    var report =
        new NodeReport(
            new NodeReport.Self(node, Role.EDGE, "here", "127.0.0.1", 1),
            new NodeReport.Edition(1, 1),
            new Resources(1, 0, 0, 0, 0, 0, 0, 0, OptionalDouble.empty()),
            Set.of("reader"),
            stages,
            List.of(),
            List.of());
    reports.put(node, new View.Seen(report, Instant.EPOCH));
  }

  private static StageReport stage(String pipeline, String stage, StageState state) {
    return new StageReport(
        pipeline, stage, "reader", state, NodeReport.Work.NONE, 0, Optional.empty());
  }
}
