package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Nodes that crash, freeze and come back while elements flow. */
class NodeLossClusterIT {
  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(NodeLossClusterIT.class, 2, n -> n);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  @AfterEach
  void deleteAll() {
    cluster.deleteAll();
  }

  private static String pipeline(String name, String source, String policy) {
    return """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: %s}
        spec:
          sources: [{name: numbers, uri: "synthetic:?bytes=4096&%s", node: edge-1}]
          stages:
            - {id: work, type: identity}
            - {id: end, type: identity, after: [work]}
          policy: %s
        """
        .formatted(name, source, policy);
  }

  @Test
  void whatACrashedNodeHadGoesAnotherWay() {
    int count = 5_000;
    cluster.submit(pipeline("crash", "rate=300&count=" + count, "{name: round-robin}"));
    var watch = cluster.watch("crash");
    awaitWork(watch, "edge-2", 0);

    long before = cluster.ledger("crash").generated();
    assertThat(before).isLessThan(count);
    cluster.nodes().kill("edge-2");
    awaitWork(watch, "edge-1", before + 100);
    arrivedOnce("crash", count);

    cluster.nodes().restart("edge-2");
    cluster.awaitNodes(3);
  }

  @Test
  void aFrozenNodeIsPassedByAndTakenBackWhenItThaws() {
    cluster.submit(
        pipeline(
            "freeze",
            "rate=200",
            "{name: fixed, params: {route: {work: [edge-1, edge-2], end: [cloud-1, edge-1]}}}"));
    var watch = cluster.watch("freeze");
    awaitWork(watch, "edge-2", 0);

    var frozen = cluster.nodes().node("edge-2").process();
    long before = cluster.ledger("freeze").generated();
    frozen.freeze();
    try {
      // More than suspect-after worth of elements: those on edge-2 have gone elsewhere by then.
      cluster.awaitLedger("freeze", l -> l.delivered() > before + 1_000);
    } finally {
      frozen.thaw();
    }
    awaitWork(watch, "edge-2", cluster.ledger("freeze").generated());

    cluster.delete("freeze");
    Cluster.await("every element up to the last").untilAsserted(() -> withoutGap(watch));
  }

  @Test
  void aSourcesNodeThatStartsAgainGivesNumbersThatWereNeverUsed() {
    cluster.submit(
        pipeline(
            "restart", "rate=100", "{name: fixed, params: {route: {work: edge-2, end: cloud-1}}}"));
    cluster.awaitLedger("restart", l -> l.delivered() > 200);
    // Before the kill: the second life goes on counting where the first one ended.
    long old = cluster.ledger("restart").delivered();
    cluster.nodes().kill("edge-1");
    cluster.nodes().restart("edge-1");

    var watch = cluster.watch("restart");
    Cluster.await("results of the second life").until(() -> fresh(watch.poll()).size() > 200);
    var all = watch.poll();
    assertThat(Cluster.seqs(all)).doesNotHaveDuplicates().hasSizeGreaterThan((int) old + 200);
    var second = fresh(all);
    assertThat(second.get(second.size() - 1) - second.get(0))
        .as("no gap in the second life")
        .isLessThan(second.size() + 50L);
  }

  /** Numbers far above those of the first life, in order. */
  private static List<Long> fresh(List<JsonNode> results) {
    return Cluster.seqs(results).stream().filter(seq -> seq >= 10_000).sorted().toList();
  }

  @Test
  void aSystemThatStartsAgainKnowsItsPipelinesResultsAndDecisions() {
    cluster.submit(
        pipeline(
            "again", "rate=100", "{name: fixed, params: {route: {work: edge-2, end: edge-1}}}"));
    cluster.awaitLedger("again", l -> l.delivered() > 200);
    var watch = cluster.watch("again");
    var before = Cluster.seqs(watch.poll());
    var nodes = List.of("edge-1", "edge-2", "cloud-1");
    nodes.forEach(cluster.nodes()::stop);
    for (var node : List.of("cloud-1", "edge-1", "edge-2")) cluster.nodes().restart(node);

    Cluster.await("the pipeline")
        .ignoreExceptions()
        .until(() -> cluster.get("pipelines/again").path("version").asLong() == 1);
    Cluster.await("results after the restart")
        .until(() -> watch.poll().size() > before.size() + 400);
    assertThat(Cluster.seqs(watch.poll())).doesNotHaveDuplicates().containsAll(before);
    assertThat(Cluster.items(cluster.get("pipelines/again/decisions"))).isNotEmpty();
    cluster.awaitNodes(3);
  }

  private static void withoutGap(Cluster.Watch watch) {
    var seqs = Cluster.seqs(watch.poll());
    assertThat(new HashSet<>(seqs)).as("no duplicates").hasSameSizeAs(seqs);
    long highest = seqs.stream().max(Long::compare).orElse(-1L);
    assertThat(highest).as("no gap").isEqualTo(seqs.size() - 1);
  }

  private static void awaitWork(Cluster.Watch watch, String node, long from) {
    Cluster.await("work on " + node)
        .until(
            () ->
                watch.poll().stream()
                    .anyMatch(
                        r ->
                            r.path("seq").asLong() >= from
                                && Cluster.trace(r).contains("work@" + node)));
  }

  private static void arrivedOnce(String pipeline, int count) {
    var ledger = cluster.awaitDelivered(pipeline, count);
    assertThat(ledger.generated()).isEqualTo(count);
    assertThat(ledger.failed() + ledger.shed()).isZero();
    assertThat(Cluster.seqs(cluster.results(pipeline)))
        .hasSize(count)
        .containsExactlyInAnyOrderElementsOf(LongStream.range(0, count).boxed().toList());
  }
}
