package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The demo as the launcher runs it. */
class LauncherDemoClusterIT extends LaunchedHome {
  @Test
  void theDemoEndsWithAReportAndFailsWhereTheLedgerDoes() throws Exception {
    mavenThatBuilds();
    playNodes();
    var report = dir.resolve("r.json");
    var good = dayu(Map.of(), "demo", "--duration", "5s", "--report", report.toString());
    assertThat(good.code()).as(good.out() + good.err()).isZero();
    assertThat(new ObjectMapper().readTree(report.toFile()).path("routeChanges").asInt())
        .isPositive();
    var temporary = Files.createDirectories(dir.resolve("tmp"));
    var options = "-Dfake.lost=3 -Djava.io.tmpdir=" + temporary;
    var bad = dayu(Map.of("JAVA_TOOL_OPTIONS", options), "demo", "--duration", "5s");
    assertThat(bad.code()).isEqualTo(1);
    assertThat(bad.err()).contains("The demo failed: the ledger does not balance");
    assertThat(bad.out()).contains("Logs and data are kept in " + temporary);
  }

  @Test
  void aDemoThatIsInterruptedLeavesNothingBehind() throws Exception {
    mavenThatBuilds();
    playNodes();
    assertThat(dayu(Map.of(), "--version").code()).isZero();
    var temporary = Files.createDirectories(dir.resolve("tmp"));
    var process = launch(Map.of("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + temporary), "demo");
    try {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> Files.readString(dir.resolve("out")).contains("Live page"));
      var children = process.descendants().toList();
      assertThat(children).hasSize(4);
      assertThat(dayu(Map.of(), "doctor").out()).doesNotContain("was killed");
      process.destroy();
      assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
      assertThat(children).noneMatch(ProcessHandle::isAlive);
      assertThat(Files.readString(dir.resolve("err"))).doesNotContain("unexpectedly");
      try (var left = Files.list(temporary)) {
        assertThat(left.filter(f -> f.getFileName().toString().startsWith("dayu-"))).isEmpty();
      }
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @Test
  void theDoctorTellsWhatADemoLeavesThatIsKilled() throws Exception {
    mavenThatBuilds();
    playNodes();
    assertThat(dayu(Map.of(), "--version").code()).isZero();
    var temporary = Files.createDirectories(dir.resolve("tmp"));
    var process = launch(Map.of("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + temporary), "demo");
    var children = List.<ProcessHandle>of();
    try {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> Files.readString(dir.resolve("out")).contains("Live page"));
      children = process.descendants().toList();
      process.destroyForcibly();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      var doctor = dayu(Map.of(), "doctor").out();
      assertThat(doctor).contains("SimSource", "cloud-1", "edge-1", "edge-2");
      assertThat(doctor.replaceAll("(?s).*: kill ([0-9 ]+).*", "$1").strip().split(" "))
          .containsExactlyInAnyOrder(
              children.stream().map(c -> Long.toString(c.pid())).toArray(String[]::new));
    } finally {
      children.forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
