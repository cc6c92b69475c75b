package io.dayu.facts;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.NodeReport.Latency;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.NodeReport.Traffic;
import io.dayu.facts.NodeReport.Work;
import io.dayu.pipeline.StreamName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ReportsTest {
  @Test
  void theNumbersThatAStreamHasReservedAreTold() {
    var stream = stream(StreamState.RUNNING);
    var report = report(List.of(), List.of(stream));
    assertThat(Reports.read(Reports.write(report)).streams()).containsExactly(stream);
    assertThat(stream.withProblem("slow").reserved()).isEqualTo(40_000);
  }

  @Test
  void theNumbersOfStatesAreFrozen() {
    var stages = Map.of(StageState.STARTING, 1, StageState.RUNNING, 2, StageState.BACKING_OFF, 3);
    var streams =
        Map.of(
            StreamState.STARTING, 1,
            StreamState.RUNNING, 2,
            StreamState.SOURCE_DOWN, 3,
            StreamState.COMPLETED, 4,
            StreamState.FAILED, 5,
            StreamState.PAUSED, 6);
    for (var state : StageState.values()) {
      var report = report(List.of(stage(state)), List.of());
      assertThat(Reports.write(report).getStages(0).getState()).isEqualTo(stages.get(state));
      assertThat(Reports.read(Reports.write(report))).isEqualTo(report);
    }
    for (var state : StreamState.values()) {
      var report = report(List.of(), List.of(stream(state)));
      assertThat(Reports.write(report).getStreams(0).getState()).isEqualTo(streams.get(state));
      assertThat(Reports.read(Reports.write(report))).isEqualTo(report);
    }
  }

  private static NodeReport report(List<StageReport> stages, List<StreamReport> streams) {
    return new NodeReport(
        new NodeReport.Self("edge-1", Role.EDGE, "north", "127.0.0.1", 25_530),
        new NodeReport.Edition(1, 1),
        new Resources(2, 0, 0, 0, 1, 1, 0, 0, OptionalDouble.empty()),
        Set.of(),
        stages,
        List.of(),
        streams);
  }

  private static StageReport stage(StageState state) {
    var work = new Work(0, 0, 0, 0, 0, 0, 0);
    return new StageReport("crossing", "detect", "motion", state, work, 0, Optional.empty());
  }

  private static StreamReport stream(StreamState state) {
    return new StreamReport(
        StreamName.parse("crossing/cam-0"),
        state,
        1,
        Ledger.EMPTY,
        Traffic.NONE,
        Latency.NONE,
        Optional.empty(),
        40_000,
        7);
  }
}
