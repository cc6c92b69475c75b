package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An edge that is started again while there is no cloud. */
class EdgeAloneClusterIT {
  private static final int READINGS = 1_200;
  private static final long FIRST_AT = 1_700_000_000_000L;

  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(EdgeAloneClusterIT.class, 1, n -> n.classPath(BadStages.classPath()));
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  /** Each reading has its own time, by which it is found again in the results. */
  private static Path readings() throws IOException {
    var lines = IntStream.range(0, READINGS).mapToObj(i -> "s,%d,1".formatted(FIRST_AT + i));
    return Files.writeString(
        cluster.nodes().directory().resolve("readings.csv"),
        "sensor,at,value\n" + lines.collect(Collectors.joining("\n", "", "\n")));
  }

  @Test
  void anEdgeThatIsStartedWithoutTheCloudGoesOnWhereItWas() throws IOException {
    cluster.submit(
        """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: alone}
        spec:
          sources: [{name: readings, uri: "file:%s", node: edge-1}]
          stages:
            - {id: work, type: identity, params: {workMs: 10}}
            - {id: echo, type: moving-average}
          policy: {name: fixed, params: {route: {work: edge-1, echo: edge-1}}}
        """
            .formatted(readings()));
    cluster.awaitLedger("alone", l -> l.delivered() > 100);

    cluster.nodes().kill("cloud-1");
    cluster.nodes().kill("edge-1");
    assertThat(starts()).isEqualTo(1);
    cluster.nodes().restart("edge-1");
    var alone = Instant.now();
    Cluster.await("the stages to run again").until(() -> starts() == 2);
    assertThat(cluster.log("edge-1")).contains("this edge works alone");

    cluster.nodes().restart("cloud-1");
    cluster.awaitNodes(2);
    Cluster.await("the end of the source")
        .until(() -> cluster.status("alone").path("state").asText().equals("completed"));
    var ledger = cluster.awaitLedger("alone", l -> l.inFlight() == 0);
    assertThat(ledger.failed() + ledger.shed()).isZero();

    var results = cluster.results("alone");
    assertThat(Cluster.seqs(results)).doesNotHaveDuplicates();
    assertThat(results).as("none under two numbers").hasSize(READINGS);
    assertThat(indices(results)).isEqualTo(upTo(READINGS));
    assertThat(ledger.delivered()).isEqualTo(READINGS);

    var sorted =
        results.stream().sorted(Comparator.comparingLong(r -> r.path("seq").asLong())).toList();
    var before = sorted.stream().filter(r -> r.path("seq").asLong() < READINGS).toList();
    var after = sorted.subList(before.size(), sorted.size());
    assertThat(before).allSatisfy(r -> assertThat(index(r)).isEqualTo(r.path("seq").asLong()));
    assertThat(after).as("what was not cut before").isNotEmpty();
    assertThat(index(after.get(0))).isEqualTo(before.size()).isGreaterThan(100);
    for (int i = 1; i < after.size(); i++) {
      assertThat(after.get(i).path("seq").asLong())
          .isEqualTo(after.get(i - 1).path("seq").asLong() + 1);
      assertThat(index(after.get(i))).isEqualTo(index(after.get(i - 1)) + 1);
    }
    assertThat(after)
        .as("cut before the cloud was back")
        .anyMatch(r -> Instant.parse(r.path("createdAt").asText()).isBefore(alone));
  }

  /**
   * The second stage runs in the cloud, and on the edge while there is none. The number that stands
   * for a version is what a stage sees.
   */
  @Test
  void eachAttemptSeesOneVersionOfASideInputAndAnEdgeAloneItsLast() throws IOException {
    cluster.submit(
        """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: sides}
        spec:
          sources: [{name: readings, uri: "file:%s", node: edge-1}]
          sideInputs: [{name: limit, value: 0}]
          stages:
            - {id: here, type: sees-sides, side: [limit]}
            - {id: slow, type: identity, params: {workMs: 10}}
            - {id: there, type: sees-sides, after: [slow], side: [limit]}
          policy: {name: fixed, params: {route: {here: edge-1, slow: edge-1, there: cloud-1}}}
        """
            .formatted(readings()));
    var versions = new TreeMap<Long, Integer>(Map.of(1L, 0)); // what they are
    for (int value = 1; value <= 4; value++) {
      long before = cluster.ledger("sides").delivered();
      give(value, versions);
      cluster.awaitLedger("sides", l -> l.delivered() > before + 20);
    }
    long last = versions.lastKey();
    Cluster.await("results of the last version")
        .until(() -> cluster.results("sides").stream().anyMatch(r -> version(r) == last));

    cluster.nodes().kill("cloud-1");
    cluster.nodes().kill("edge-1");
    cluster.nodes().restart("edge-1");
    var alone = Instant.now();
    Cluster.await("the last stage to run on the edge")
        .until(() -> cluster.log("edge-1").contains("/there (sees-sides) starts here"));
    cluster.nodes().restart("cloud-1");
    cluster.awaitNodes(2);
    give(5, versions);
    Cluster.await("the end of the source")
        .until(() -> cluster.status("sides").path("state").asText().equals("completed"));
    var ledger = cluster.awaitLedger("sides", l -> l.inFlight() == 0);
    assertThat(ledger.delivered()).isEqualTo(READINGS);
    assertThat(ledger.failed() + ledger.shed()).isZero();
    var results = cluster.results("sides");
    assertThat(results).hasSize(READINGS);
    assertThat(results)
        .allSatisfy(
            r -> {
              int wanted = versions.get(version(r));
              assertThat(seen(r, "here")).as("%s", r).isEqualTo(wanted);
              assertThat(seen(r, "there")).as("%s", r).isEqualTo(wanted);
            });
    assertThat(results.stream().map(EdgeAloneClusterIT::version).distinct())
        .as("it has changed while elements flowed")
        .hasSizeGreaterThanOrEqualTo(4);
    assertThat(results)
        .as("cut while the edge was alone")
        .anyMatch(
            r -> Instant.parse(r.path("createdAt").asText()).isAfter(alone) && version(r) == last);
    cluster.delete("sides");
  }

  private static void give(int value, Map<Long, Integer> versions) {
    var answer =
        cluster.call("PUT", "pipelines/sides/side-inputs/limit", "application/json", "" + value);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    versions.put(answer.body().path("version").asLong(), value);
  }

  private static long version(JsonNode result) {
    return result.path("sideVersion").asLong();
  }

  private static int seen(JsonNode result, String stage) {
    return result.at("/outputs/%s/labels/0/value".formatted(stage)).asInt(-1);
  }

  private static long starts() {
    return cluster
        .log("edge-1")
        .lines()
        .filter(l -> l.contains("/work (identity) starts here"))
        .count();
  }

  private static TreeSet<Long> indices(List<JsonNode> results) {
    return results.stream()
        .map(EdgeAloneClusterIT::index)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static long index(JsonNode result) {
    var reading = result.path("outputs").path("echo").path("readings").path(0);
    return Instant.parse(reading.path("at").asText()).toEpochMilli() - FIRST_AT;
  }

  private static TreeSet<Long> upTo(long end) {
    return LongStream.range(0, end).boxed().collect(Collectors.toCollection(TreeSet::new));
  }
}
