package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Stages that move while elements flow: nothing is lost, nothing is delivered twice. */
class ReroutingClusterIT {
  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(ReroutingClusterIT.class, 2, n -> n);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  @AfterEach
  void deleteAll() {
    cluster.deleteAll();
  }

  private record Moving(String name, String source, int workMs) {
    String on(String nodes) {
      return """
          apiVersion: dayu.io/v1alpha1
          kind: Pipeline
          metadata: {name: %s}
          spec:
            sources: [{name: numbers, uri: "synthetic:?bytes=2048%s", node: edge-1}]
            stages:
              - {id: work, type: identity, params: {workMs: %d}}
              - {id: end, type: identity, after: [work]}
            policy: {name: fixed, params: {minDwell: 100ms, route: {work: %s, end: cloud-1}}}
          """
          .formatted(name, source, workMs, nodes);
    }
  }

  @Test
  void aPacedSourceLosesNothingWhileItsStagesMove() {
    int count = 6_000;
    var paced = new Moving("paced", "&rate=400&count=" + count, 0);
    move(paced, "edge-1", "edge-2", "cloud-1", "edge-1", "[edge-1, edge-2]");
    assertThat(cluster.ledger("paced").generated()).as("moved under load").isLessThan(count);

    var ledger = cluster.awaitDelivered("paced", count);
    assertThat(ledger.generated()).isEqualTo(count);
    var results = cluster.results("paced");
    assertThat(Cluster.seqs(results))
        .hasSize(count)
        .containsExactlyInAnyOrderElementsOf(LongStream.range(0, count).boxed().toList());
    assertThat(results).allSatisfy(r -> assertThat(Cluster.trace(r)).hasSize(2));
    assertThat(results)
        .filteredOn(r -> r.path("seq").asLong() >= count - 20)
        .extracting(ReroutingClusterIT::worker)
        .containsOnly("edge-1", "edge-2")
        .contains("edge-1", "edge-2");
  }

  @Test
  void aSourceThatFillsTheWindowLosesNothingWhileItsStagesMove() {
    var eager = new Moving("eager", "", 2);
    move(eager, "edge-1", "edge-2", "cloud-1", "edge-2");
    var ledger = cluster.ledger("eager");
    assertThat(ledger.inFlight()).as("elements under way in %s", ledger).isPositive();

    cluster.delete("eager");
    var watch = cluster.watch("eager");
    // What was cut before the end is delivered after it, up to the highest number.
    Cluster.await("the last elements")
        .untilAsserted(
            () -> {
              var seqs = Cluster.seqs(watch.poll());
              assertThat(seqs).doesNotHaveDuplicates().hasSizeGreaterThan((int) ledger.delivered());
              long highest = seqs.stream().max(Long::compare).orElseThrow();
              assertThat(highest).as("no gap").isEqualTo(seqs.size() - 1);
              assertThat(highest).isGreaterThanOrEqualTo(ledger.generated() - 1);
            });
  }

  private static void move(Moving pipeline, String... routes) {
    var watch = cluster.watch(pipeline.name());
    for (int i = 0; i < routes.length; i++) {
      long from = i == 0 ? 0 : cluster.ledger(pipeline.name()).generated();
      if (i == 0) cluster.submit(pipeline.on(routes[0]));
      else cluster.replace(pipeline.name(), pipeline.on(routes[i]));
      for (var node : routes[i].replaceAll("[\\[\\] ]", "").split(","))
        Cluster.await("work on " + node)
            .until(
                () ->
                    watch.poll().stream()
                        .anyMatch(r -> r.path("seq").asLong() >= from && worker(r).equals(node)));
      assertThat(cluster.ledger(pipeline.name()).balances()).isTrue();
    }
  }

  private static String worker(JsonNode result) {
    return Cluster.items(result.path("trace")).stream()
        .filter(hop -> hop.path("stage").asText().equals("work"))
        .map(hop -> hop.path("node").asText())
        .findFirst()
        .orElse("nobody");
  }
}
