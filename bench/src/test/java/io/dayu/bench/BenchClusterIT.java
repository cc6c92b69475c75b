package io.dayu.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs real processes, as a user does; the nodes' modules must have been packaged. */
@Timeout(300)
class BenchClusterIT {
  @TempDir private Path directory;

  @Test
  void aPipelineIsMeasuredAndItsLedgerBalances() throws Exception {
    var report = directory.resolve("pipeline.json");
    var out = new StringWriter();
    var err = new StringWriter();
    int code =
        Bench.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
            .execute(
                "pipeline", "--payload", "1024", "--duration", "3s", "--report", report.toString());

    assertThat(code).as("%s%n%s", out, err).isZero();
    var json = new ObjectMapper().readTree(report.toFile());
    assertThat(json.at("/payload").asInt()).isEqualTo(1024);
    assertThat(json.at("/elementsPerSecond").asDouble()).isPositive();
    assertThat(json.at("/cpuMsPerElement").asDouble()).isPositive();
    for (var percentile : new String[] {"p50", "p95", "p99"})
      assertThat(json.at("/latencyMs/" + percentile).asDouble()).as(percentile).isPositive();
    assertThat(json.at("/balanced").asBoolean()).isTrue();
    var ledger = json.at("/ledger");
    assertThat(ledger.path("delivered").asLong()).isPositive();
    assertThat(ledger.path("generated").asLong())
        .isEqualTo(
            ledger.path("delivered").asLong()
                + ledger.path("failed").asLong()
                + ledger.path("shed").asLong()
                + ledger.path("inFlight").asLong());
    assertThat(json.at("/oneInFlight/ledger/delivered").asLong()).isPositive();
    assertThat(out.toString()).contains("ELEMENTS/S", "balances");
  }

  @Test
  void aFleetIsMeasuredAtRestAndUnderLoad() throws Exception {
    var report = directory.resolve("fleet.json");
    var out = new StringWriter();
    var err = new StringWriter();
    int code =
        Bench.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
            .execute(
                "fleet",
                "--edges",
                "2",
                "--rate",
                "20",
                "--duration",
                "3s",
                "--report",
                report.toString());

    assertThat(code).as("%s%n%s", out, err).isZero();
    var json = new ObjectMapper().readTree(report.toFile());
    assertThat(json.at("/edges").asInt()).isEqualTo(2);
    for (var figure :
        new String[] {
          "/formSeconds",
          "/idle/coresPerNode",
          "/idle/rssMbPerNode",
          "/load/cores",
          "/load/elementsPerSecond",
          "/load/latencyMs/p95"
        }) assertThat(json.at(figure).asDouble()).as(figure).isPositive();
    assertThat(json.at("/load").has("cpuMsPerElement")).isTrue();
    assertThat(json.at("/balanced").asBoolean()).isTrue();
    assertThat(out.toString()).contains("Formed in", "at rest", "under load");
  }

  @Test
  void aServiceIsMeasuredBesideAStageWithinTheNode() throws Exception {
    var report = directory.resolve("service.json");
    var out = new StringWriter();
    var err = new StringWriter();
    int code =
        Bench.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
            .execute("service", "--duration", "2s", "--report", report.toString());

    assertThat(code).as("%s%n%s", out, err).isZero();
    var json = new ObjectMapper().readTree(report.toFile());
    for (var figure :
        new String[] {
          "/identity/1024/elementsPerSecond",
          "/identity/65536/latencyMs/p50",
          "/http/65536/perCoreSecond",
          "/http/65536/coresBusy/service",
          "/http/65536/latencyMs/p50",
          "/httpBatched/1024/elementsPerSecond",
          "/grpc/1024/elementsPerSecond",
          "/grpc/65536/elementsPerSecond",
          "/grpc/65536/latencyMs/p50"
        }) assertThat(json.at(figure).asDouble()).as(figure).isPositive();
    assertThat(json.at("/http/65536/overheadMs").has("p50")).isTrue();
    assertThat(json.at("/balanced").asBoolean()).isTrue();
    for (var path :
        new String[] {"/identity/1024", "/http/65536", "/httpBatched/1024", "/grpc/1024"}) {
      var ledger = json.at(path + "/ledger");
      assertThat(ledger.path("failed").asLong()).as(path).isZero();
      assertThat(ledger.path("generated").asLong())
          .as(path)
          .isEqualTo(
              ledger.path("delivered").asLong()
                  + ledger.path("shed").asLong()
                  + ledger.path("inFlight").asLong());
    }
    assertThat(out.toString()).contains("PER CORE-SECOND", "balances");
  }

  @ParameterizedTest
  @ValueSource(strings = {"python", "node"})
  void theServiceMayBeWrittenWithAPackageOfOurs(String language) throws Exception {
    var report = directory.resolve("service.json");
    var out = new StringWriter();
    var err = new StringWriter();
    int code =
        Bench.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
            .execute(
                "service",
                "--service",
                language,
                "--way",
                "httpBatched",
                "--duration",
                "2s",
                "--report",
                report.toString());

    assertThat(code).as("%s%n%s", out, err).isZero();
    var json = new ObjectMapper().readTree(report.toFile());
    assertThat(json.at("/service").asText()).isEqualTo(language);
    assertThat(json.at("/httpBatched/1024/elementsPerSecond").asDouble()).isPositive();
  }

  @Test
  void changesPausesAndTheLossOfAServiceAreMeasured() throws Exception {
    var report = directory.resolve("change.json");
    var out = new StringWriter();
    var err = new StringWriter();
    int code =
        Bench.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
            .execute("change", "--duration", "2s", "--report", report.toString());

    assertThat(code).as("%s%n%s", out, err).isZero();
    var json = new ObjectMapper().readTree(report.toFile());
    for (var part : new String[] {"/change", "/pause", "/killedService"}) {
      assertThat(json.at(part + "/elements").asLong()).as(part).isPositive();
      assertThat(json.at(part + "/lost").asLong(-1)).as(part).isZero();
      assertThat(json.at(part + "/duplicates").asLong(-1)).as(part).isZero();
      assertThat(json.at(part + "/balanced").asBoolean()).as(part).isTrue();
    }
    for (var figure :
        new String[] {
          "/change/longestGapMs",
          "/pause/pausedMs",
          "/pause/resumedMs",
          "/killedService/throughAgainMs"
        }) assertThat(json.at(figure).asDouble()).as(figure).isPositive();
    assertThat(json.at("/change/restarted").asLong(-1)).isZero();
  }
}
