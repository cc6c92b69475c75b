package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.FakeNode;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo's course with processes that play the cluster. */
class DemoClusterIT {
  @TempDir private Path dir;
  private final StringWriter told = new StringWriter();

  private DemoRun demo(Home.Program nodes) {
    return new DemoRun(
        new LocalCluster.Settings(
            role -> nodes, dir.resolve("cluster"), true, Duration.ofSeconds(60)),
        FakeNode.program(),
        new DemoRun.Settings(Duration.ofSeconds(4), 0, Optional.of(dir.resolve("frame.png"))),
        Progress.to(new PrintWriter(told, true), false));
  }

  @Test
  void loadMovesAStageAndTheReportSaysSo() throws Exception {
    var report = demo(FakeNode.program()).run();
    assertThat(report.failure()).isEmpty();
    var json = report.json();
    assertThat(json.path("routeChanges").asInt()).as(told.toString()).isEqualTo(2);
    assertThat(json.path("ledger").path("delivered").asLong()).isGreaterThan(50);
    assertThat(json.path("elementsPerSecond").asDouble()).isGreaterThan(10);
    assertThat(json.path("latencyMs").path("p50").asDouble()).isBetween(1.0, 100.0);
    assertThat(json.path("nodes")).hasSize(3);
    assertThat(json.path("nodes").get(0).path("role").asText()).isEqualTo("cloud");
    assertThat(json.path("nodes").get(1).path("rssMb").asInt()).isPositive();
    assertThat(report.stored()).isGreaterThanOrEqualTo((int) report.ledger().delivered());
    assertThat(told.toString())
        .contains("Live page: http://127.0.0.1:")
        .contains("edge-1 gets busy")
        .contains("detect moves edge-1 → edge-2 (decision 2): edge-1 is busy")
        .contains("edge-1 is relieved")
        .contains("detect moves edge-2 → edge-1 (decision 3)");
    assertThat(report.text()).contains("Route changes: 2").contains("balances");
    var frame = ImageIO.read(dir.resolve("frame.png").toFile());
    assertThat(frame.getWidth()).isEqualTo(64);
    assertThat(frame.getRGB(16, 30)).as("left edge of the box").isNotEqualTo(frame.getRGB(5, 45));
    assertThat(dir.resolve("cluster")).doesNotExist();
    assertThat(ProcessHandle.current().descendants().filter(ProcessHandle::isAlive)).isEmpty();
  }

  @Test
  void whatDiesIsReportedAndTheLogsAreKept() {
    var bad = new Home.Program(System.getProperty("java.class.path"), "io.dayu.NoSuchClass");
    assertThatThrownBy(() -> demo(bad).run())
        .isInstanceOf(UserException.class)
        .hasMessageContainingAll("cloud-1 ended unexpectedly", "NoSuchClass");
    assertThat(told.toString()).contains("kept in " + dir.resolve("cluster"));
    assertThat(dir.resolve("cluster/cloud-1/cloud-1.log")).exists();
    assertThat(ProcessHandle.current().descendants().filter(ProcessHandle::isAlive)).isEmpty();
  }
}
