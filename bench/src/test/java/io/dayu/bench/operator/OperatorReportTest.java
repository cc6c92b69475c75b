package io.dayu.bench.operator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OperatorReportTest {
  private static OperatorReport report(double writes, long changes) {
    return new OperatorReport(
        new Simulation.Size(500, 200, 1000),
        61.5,
        writes,
        12.25,
        6.5,
        changes,
        250,
        265,
        150,
        180,
        190);
  }

  @Test
  void hasTheKeysOthersRelyOn() {
    var json = report(0, 0).json();
    assertThat(json.path("bench").asText()).isEqualTo("operator");
    assertThat(json.path("builtSeconds").asDouble()).isEqualTo(61.5);
    assertThat(json.path("writesPerMinute").asDouble()).isZero();
    assertThat(json.path("restartSeconds").asDouble()).isEqualTo(12.25);
    assertThat(json.path("restartCpuSeconds").asDouble()).isEqualTo(6.5);
    assertThat(json.path("rssMb").path("added").asDouble())
        .as("the classes and threads of an empty one, and the objects of a large cluster")
        .isEqualTo(15 + 40);
  }

  @Test
  void writesWithoutAChangeAndChangesByARestartAreFailures() {
    assertThat(report(0, 0).failure()).isEmpty();
    assertThat(report(3, 0).failure()).isPresent();
    assertThat(report(0, 1).failure()).isPresent();
  }

  @Test
  void everythingIsLookedAtWhenTheQueueIsEmptyAndEachObjectWasInIt() {
    var size = new Simulation.Size(5, 2, 3);
    var text =
        """
        # HELP dayu_operator_leader Whether this process is the operator
        dayu_operator_leader 1.0
        dayu_operator_watch_up{kind="nodes"} 1.0
        dayu_operator_queue_depth 0.0
        dayu_operator_retrying 0.0
        dayu_operator_resources{kind="pipelines"} 2.0
        dayu_operator_resources{kind="stageservices"} 3.0
        dayu_operator_reconciles_total{kind="node",outcome="done"} 4.0
        dayu_operator_reconciles_total{kind="node",outcome="conflict"} 1.0
        dayu_operator_reconciles_total{kind="pipeline",outcome="done"} 2.0
        dayu_operator_reconciles_total{kind="service",outcome="done"} 3.0
        """;
    assertThat(Figures.of(text).hasLookedAt(size)).isTrue();
    assertThat(Figures.of(text.replace("depth 0", "depth 1")).hasLookedAt(size)).isFalse();
    assertThat(Figures.of(text.replace("\"done\"} 4", "\"done\"} 3")).hasLookedAt(size)).isFalse();
    assertThat(Figures.of(text.replace("nodes\"} 1", "nodes\"} 0")).hasLookedAt(size)).isFalse();
  }
}
