package io.dayu.facts;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.NodeReport.Latency;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.NodeReport.Traffic;
import io.dayu.pipeline.StreamName;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ReportsTest {
  @Test
  void theNumbersThatAStreamHasReservedAreTold() {
    var stream =
        new StreamReport(
            StreamName.parse("crossing/cam-0"),
            StreamState.RUNNING,
            1,
            Ledger.EMPTY,
            Traffic.NONE,
            Latency.NONE,
            Optional.empty(),
            40_000,
            7);
    var report =
        new NodeReport(
            new NodeReport.Self("edge-1", Role.EDGE, "north", "127.0.0.1", 25_530),
            new NodeReport.Edition(1, 1),
            new Resources(2, 0, 0, 0, 1, 1, 0, 0, OptionalDouble.empty()),
            Set.of(),
            List.of(),
            List.of(),
            List.of(stream));
    assertThat(Reports.read(Reports.write(report)).streams()).containsExactly(stream);
    assertThat(stream.withProblem("slow").reserved()).isEqualTo(40_000);
  }
}
