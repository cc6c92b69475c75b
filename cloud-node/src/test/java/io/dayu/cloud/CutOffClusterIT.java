package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.client.LedgerCounts;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An edge that is cut off from the cloud, with a sensor that does not wait. */
class CutOffClusterIT {
  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(CutOffClusterIT.class, 1, n -> n.with("dayu.generate.finish", "60s"));
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  /** The first stage is the cloud's, so that somebody has to stand in for it. */
  private static void submit(String name, Sensor sensor, String offline) {
    cluster.submit(
        """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: %s}
        spec:
          sources: [{name: s, uri: "%s", node: edge-1, shed: oldest}]
          stages:
            - {id: work, type: moving-average}
            - {id: echo, type: moving-average, after: [work]}
          policy: {name: fixed, params: {route: {work: cloud-1, echo: edge-1}}}
          delivery: {offline: %s}
        """
            .formatted(name, sensor.uri(), offline));
    cluster.awaitLedger(name, l -> l.delivered() > 100);
  }

  @Test
  void anEdgeWorksOnWhileTheCloudIsFrozenAndDeliversAllLater() {
    try (var sensor = new Sensor()) {
      submit("frozen", sensor, "local");
      var cloud = cluster.nodes().node("cloud-1").process();
      var cut = Instant.now();
      cloud.freeze();
      try {
        awaitSent(sensor, 700);
      } finally {
        cloud.thaw();
      }
      var healed = Instant.now();
      awaitSent(sensor, 200);
      var gap = cluster.status("frozen").path("streams").path(0).path("longestGapMs").asDouble();
      sensor.end();
      var ledger = awaitSettled("frozen");

      var results = cluster.results("frozen");
      check(ledger, results);
      assertThat(between(results, cut, healed))
          .filteredOn(r -> Cluster.trace(r).contains("work@edge-1"))
          .as("worked on here meanwhile; what came before it was noticed may be shed")
          .hasSizeGreaterThan(200);
      assertThat(gap).as("longest gap, in ms").isBetween(1.0, 10_000.0);
    }
  }

  @Test
  void anEdgeThatIsKilledWhileCutOffGoesOnAndWhatItKeptIsDelivered() {
    try (var local = new Sensor();
        var spooled = new Sensor()) {
      submit("kept", local, "local");
      submit("spooled", spooled, "spool");
      cluster.nodes().kill("cloud-1");
      var cut = Instant.now();
      awaitSent(local, 200);
      cluster.nodes().kill("edge-1");
      var killed = Instant.now();
      cluster.nodes().restart("edge-1");
      awaitSent(local, 200);
      var again = Instant.now();
      cluster.nodes().restart("cloud-1");
      cluster.awaitNodes(2);
      local.end();
      spooled.end();

      for (var name : List.of("kept", "spooled")) {
        var ledger = awaitSettled(name);
        var results = cluster.results(name);
        checkAfterKill(ledger, results);
        // At 50 a second; what was in memory only is shed.
        assertThat(between(results, cut, killed))
            .as(name + " before the crash")
            .hasSizeGreaterThan(50);
        assertThat(between(results, killed, again)).as(name + " after it").hasSizeGreaterThan(50);
      }
      var first =
          between(cluster.results("kept"), killed, again).stream()
              .map(CutOffClusterIT::createdAt)
              .min(Instant::compareTo)
              .orElseThrow();
      assertThat(Duration.between(killed, first)).isLessThan(Duration.ofSeconds(30));
      assertThat(cluster.log("edge-1")).contains("elements wait on the disk for the cloud");
    }
  }

  /** The stage is so slow that something is under way all the time; the source waits for it. */
  @Test
  void anEdgeThatIsStoppedDeliversWhatItHasRead() {
    try (var sensor = new Sensor()) {
      cluster.submit(
          """
          apiVersion: dayu.io/v1alpha1
          kind: Pipeline
          metadata: {name: stopped}
          spec:
            sources: [{name: s, uri: "%s", node: edge-1, shed: none}]
            stages:
              - {id: slow, type: identity, params: {workMs: 30}}
              - {id: echo, type: moving-average}
            policy: {name: fixed, params: {route: {slow: cloud-1, echo: edge-1}}}
          """
              .formatted(sensor.uri()));
      cluster.awaitLedger("stopped", l -> l.delivered() > 30 && l.inFlight() > 0);
      // On a busy machine that takes longer than the launcher would wait.
      var edge = cluster.nodes().node("edge-1").process();
      edge.terminate();
      assertThat(edge.await(Duration.ofSeconds(90))).isTrue();
      cluster.nodes().stop("edge-1");
      sensor.end();
      cluster.nodes().restart("edge-1");
      cluster.awaitNodes(2);
      var ledger = cluster.awaitLedger("stopped", l -> l.delivered() > 30 && l.inFlight() == 0);
      assertThat(ledger.shed() + ledger.failed()).as("nothing was lost at the end").isZero();
      check(ledger, cluster.results("stopped"));
    }
  }

  private static void awaitSent(Sensor sensor, long more) {
    long before = sensor.sent();
    Cluster.await(more + " readings").until(() -> sensor.sent() > before + more);
  }

  private static LedgerCounts awaitSettled(String pipeline) {
    Cluster.await("the end of " + pipeline)
        .ignoreExceptions()
        .until(() -> cluster.status(pipeline).path("state").asText().equals("completed"));
    return cluster.awaitLedger(pipeline, l -> l.inFlight() == 0);
  }

  /** Every element is delivered, counts once and is in the store once. */
  private static void check(LedgerCounts ledger, List<JsonNode> results) {
    assertThat(ledger.failed()).isZero();
    checkAfterKill(ledger, results);
  }

  /**
   * The same, but what was under way when its node was killed may have failed, with that reason.
   */
  private static void checkAfterKill(LedgerCounts ledger, List<JsonNode> results) {
    assertThat(Cluster.seqs(results)).doesNotHaveDuplicates();
    var byStatus =
        results.stream()
            .collect(Collectors.partitioningBy(r -> r.path("status").asText().equals("failed")));
    assertThat(byStatus.get(true))
        .hasSize((int) ledger.failed())
        .map(r -> r.path("ending").path("reason").asText())
        .allMatch(reason -> reason.contains("its node ended while it was under way"));
    assertThat(byStatus.get(false)).hasSize((int) ledger.delivered());
    assertThat(byStatus.get(false).stream().map(CutOffClusterIT::number)).doesNotHaveDuplicates();
  }

  private static List<JsonNode> between(List<JsonNode> results, Instant from, Instant to) {
    return results.stream()
        .filter(r -> createdAt(r).isAfter(from) && createdAt(r).isBefore(to))
        .toList();
  }

  private static Instant createdAt(JsonNode result) {
    return Instant.parse(result.path("createdAt").asText());
  }

  private static long number(JsonNode result) {
    var reading = result.path("outputs").path("echo").path("readings").path(0);
    return Sensor.number(Instant.parse(reading.path("at").asText()).toEpochMilli());
  }
}
