package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.local.Endpoints;
import io.dayu.local.LocalCluster;
import io.dayu.local.NodeOptions;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Membership that ends, is left behind or is given up while the streams of its node run on. */
class MembershipClusterIT {
  private static final int RATE = 50;

  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(MembershipClusterIT.class, 2, n -> n);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  @AfterEach
  void deleteAll() {
    cluster.deleteAll();
  }

  /** A source that sheds rather than waits: it is always being read. */
  private static String live(String name, String node, String workers) {
    return """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: %s}
        spec:
          sources: [{name: numbers, uri: "synthetic:?bytes=512&rate=%d", node: %s, shed: oldest}]
          stages:
            - {id: work, type: identity}
            - {id: end, type: identity, after: [work]}
          policy: {name: fixed, params: {route: {work: %s, end: %s}}}
        """
        .formatted(name, RATE, node, workers, node);
  }

  @Test
  void streamsRunOnWhileTheWholeCloudStartsAgain() {
    cluster.submit(live("reborn", "edge-1", "edge-2"));
    var before = cluster.awaitLedger("reborn", l -> l.delivered() > 100);
    var counted = Instant.now();
    var edges = List.of(process("edge-1"), process("edge-2"));

    int joins = joins("edge-1");

    cluster.nodes().kill("cloud-1");
    cluster.nodes().restart("cloud-1");
    var up = Instant.now();
    Cluster.await("edge-1 in the new cluster").until(() -> joins("edge-1") == joins + 1);
    var after = cluster.awaitLedger("reborn", l -> l.delivered() > before.delivered() + 100);
    assertThat(Duration.between(up, Instant.now())).as("results again").isLessThan(s(30));

    // Not one second of reading is missing.
    var elapsed = Duration.between(counted, Instant.now());
    assertThat(after.generated() - before.generated())
        .as("read in %s: %s, then %s", elapsed, before, after)
        .isGreaterThan(RATE * (elapsed.toSeconds() - 2));
    assertThat(List.of(process("edge-1"), process("edge-2"))).isEqualTo(edges);
    assertThat(after.failed()).isZero();
    // The store has what the ledger has, and once.
    var stored = Cluster.seqs(cluster.results("reborn"));
    assertThat(stored).doesNotHaveDuplicates().hasSizeGreaterThanOrEqualTo((int) after.delivered());
    cluster.awaitNodes(3);
  }

  @Test
  void anEdgeThatWasRemovedWhileItRunsComesBackByItself() {
    cluster.submit(live("removed", "edge-1", "edge-1"));
    var before = cluster.awaitLedger("removed", l -> l.delivered() > 50);
    long process = process("edge-1");
    var uid = uid("edge-1");
    int joins = joins("edge-1");

    assertThat(delete("edge-1", "").status()).isEqualTo(409);
    assertThat(delete("edge-1", "?force=true").status()).isEqualTo(204);
    var removed = Instant.now();
    Cluster.await("edge-1 to join anew").until(() -> joins("edge-1") == joins + 1);
    assertThat(Duration.between(removed, Instant.now())).isLessThan(s(15));
    assertThat(uid("edge-1")).isNotEqualTo(uid);
    var after = cluster.awaitLedger("removed", l -> l.delivered() > before.delivered() + 300);
    assertThat(process("edge-1")).isEqualTo(process);
    assertThat(after.failed()).as("%s", after).isZero();
  }

  @Test
  void aNewEdgeWorksWhileAnotherOneIsAwayWhichComesBackAfterItWasGivenUp() {
    var frozen = cluster.nodes().node("edge-2").process();
    // Whatever another test has done to it: only members that are up are watched across sites.
    Cluster.await("edge-2 to be up")
        .until(() -> member("edge-2").path("status").asText().equals("Up"));
    int joins = joins("edge-2");
    frozen.freeze();
    try {
      Cluster.await("edge-2 to be unreachable")
          .until(() -> members().path("unreachable").toString().contains(address("edge-2")));
      cluster.nodes().start(edge("edge-3"));
      // How long a JVM takes to start is the machine's affair; 3 s are its part of the 15 s
      // promised.
      assertThat(cluster.log("edge-3")).doesNotContain("this edge works alone");
      var began = Instant.now();
      cluster.submit(live("joined", "edge-3", "edge-3"));
      cluster.awaitLedger("joined", l -> l.delivered() > 0);
      assertThat(Duration.between(began, Instant.now())).isLessThan(s(12));

      Cluster.await("edge-2 to be silent").until(() -> delete("edge-2", "").status() == 204);
      Cluster.await("edge-2 to be gone").until(() -> member("edge-2").isMissingNode());
    } finally {
      frozen.thaw();
    }
    Cluster.await("edge-2 to join anew").until(() -> joins("edge-2") == joins + 1);
    assertThat(process("edge-2")).isEqualTo(frozen.pid());
    cluster.awaitNodes(4);

    // SIGTERM: it says goodbye, and nobody has to find out.
    cluster.nodes().stop("edge-3");
    Cluster.await("edge-3 to be gone")
        .until(
            () -> {
              assertThat(members().path("unreachable")).isEmpty();
              return member("edge-3").isMissingNode();
            });
    Cluster.await("the report of edge-3 to be gone")
        .until(() -> delete("edge-3", "").status() == 404);
    var status = cluster.status("joined");
    assertThat(status.at("/streams/0/state").asText()).isEqualTo("no-node");
    assertThat(status.path("state").asText()).isEqualTo("degraded");
    assertThat(status.at("/problems/0/message").asText())
        .contains("there is no node edge-3", "joined/numbers");
  }

  private static NodeOptions edge(String name) {
    return NodeOptions.edge(name, "site-" + name).with("dayu.monitor.cpu", "process");
  }

  private static Duration s(int seconds) {
    return Duration.ofSeconds(seconds);
  }

  private static Cluster.Answer delete(String node, String query) {
    return cluster.call("DELETE", "nodes/" + node + query, "application/json", "");
  }

  private static long process(String node) {
    var process = cluster.nodes().node(node).process();
    assertThat(process.alive()).as(node).isTrue();
    return process.pid();
  }

  /** How often a node has found its way back. */
  private static int joins(String node) {
    return (int) cluster.log(node).lines().filter(l -> l.contains("member again after")).count();
  }

  private static JsonNode members() {
    var management =
        cluster.nodes().nodes().stream()
            .map(LocalCluster.Node::endpoints)
            .flatMap(e -> e.management().stream())
            .findFirst()
            .orElseThrow();
    return cluster
        .fetch(URI.create("http://" + Endpoints.text(management) + "/cluster/members"))
        .body();
  }

  private static JsonNode member(String node) {
    return Cluster.items(members().path("members")).stream()
        .filter(m -> m.path("roles").toString().contains("\"node-" + node + "\""))
        .findFirst()
        .orElse(com.fasterxml.jackson.databind.node.MissingNode.getInstance());
  }

  private static String uid(String node) {
    return member(node).path("nodeUid").asText();
  }

  private static String address(String node) {
    return Endpoints.text(cluster.nodes().node(node).endpoints().cluster());
  }
}
