package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.local.Endpoints;
import io.dayu.local.Home;
import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Nodes that get other addresses, as by DHCP, or a name that is given to another machine. */
class AddressClusterIT {
  /** As somebody may write it; names are the same in lower case. */
  private static final String CLOUD = "Cloud.Example";

  private static Cluster cluster;
  private static Path hosts;

  @BeforeAll
  static void start() throws IOException {
    var directory = Cluster.empty("AddressClusterIT");
    hosts = directory.resolve("hosts");
    hosts("127.0.0.1");
    cluster =
        Cluster.start(
            directory,
            1,
            node -> {
              var named = node.jvm("-Djdk.net.hosts.file=" + hosts);
              return node.role() == NodeOptions.Role.CLOUD
                  ? named.with("dayu.node.host", CLOUD)
                  : named;
            });
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  /** What the names of the cluster stand for, from now on. */
  private static void hosts(String cloud) throws IOException {
    var complete = hosts.resolveSibling("hosts.new");
    Files.writeString(complete, cloud + " cloud.example" + "\n127.0.0.1 localhost\n");
    Files.move(complete, hosts, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void submit(String name) {
    cluster.submit(
        """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: %s}
        spec:
          sources: [{name: numbers, uri: "synthetic:?bytes=64&rate=100", node: edge-1, shed: oldest}]
          stages: [{id: work, type: identity}]
          policy: {name: fixed, params: {route: {work: edge-1}}}
        """
            .formatted(name));
    cluster.awaitLedger(name, l -> l.delivered() > 40);
  }

  @Test
  void anEdgeDeliversAgainWhenTheNameOfTheCloudGetsAnotherAddress() throws IOException {
    submit("moved");
    cluster.nodes().kill("cloud-1");
    hosts("127.0.0.2");
    cluster.nodes().restart("cloud-1");
    cluster.awaitNodes(2);
    var back = cluster.ledger("moved");
    var ledger = cluster.awaitLedger("moved", l -> l.delivered() > back.delivered() + 200);
    assertThat(ledger.failed()).isZero();
    cluster.delete("moved");
  }

  /** A killed edge, whose data is kept, finds its ports taken and is started at others. */
  @Test
  void anEdgeThatComesBackAtAnotherAddressReplacesItsFormerMember() {
    submit("elsewhere");
    var before = cluster.nodes().node("edge-1").endpoints();
    var delivered = cluster.ledger("elsewhere").delivered();
    int logged = cluster.log("edge-1").length();
    cluster.nodes().kill("edge-1");
    cluster.nodes().start(edge());
    var after = cluster.nodes().node("edge-1").endpoints();
    assertThat(after.cluster()).isNotEqualTo(before.cluster());
    Cluster.await("one member, at the new address")
        .ignoreExceptions()
        .until(() -> addresses().equals(List.of(Endpoints.text(after.cluster()))));
    cluster.awaitLedger("elsewhere", l -> l.delivered() > delivered + 200);
    assertThat(cluster.log("edge-1").substring(logged)).doesNotContain("membership has ended");
    cluster.delete("elsewhere");

    cluster.nodes().kill("edge-1");
    Cluster.await("the removal of edge-1, which is silent")
        .until(
            () -> cluster.call("DELETE", "nodes/edge-1", "application/json", "").status() != 409);
    assertThat(addresses()).isEmpty();
    cluster.nodes().restart("edge-1");
    cluster.awaitNodes(2);
  }

  @Test
  void aSecondEdgeOfANameIsRefusedAndSaysWhy() {
    submit("twin");
    var first = cluster.nodes().node("edge-1");
    var ledger = cluster.ledger("twin");
    int logged = cluster.log("edge-1").length();
    var twin =
        cluster
            .nodes()
            .run(
                "twin",
                NodeOptions.Role.EDGE.program(Home.find()),
                List.of(
                    "-Xmx128m",
                    "-Djdk.net.hosts.file=" + hosts,
                    "-Ddayu.node.name=edge-1",
                    "-Ddayu.node.site=site-2",
                    "-Ddayu.node.data-dir=" + cluster.nodes().directory().resolve("twin/data"),
                    "-Ddayu.node.data-port=0",
                    "-Ddayu.cluster.port=0",
                    "-Ddayu.cluster.seeds="
                        + Endpoints.text(cluster.nodes().node("cloud-1").endpoints().cluster())),
                List.of());
    assertThat(twin.await(Duration.ofSeconds(90))).as("it ends by itself").isTrue();
    assertThat(cluster.log("twin"))
        .contains("another node named edge-1", Endpoints.text(first.endpoints().cluster()))
        .doesNotContain("starts here");
    assertThat(cluster.log("cloud-1")).contains("there are two nodes named edge-1");
    cluster.nodes().stop("twin");

    assertThat(first.process().alive()).isTrue();
    Cluster.await("one member, the first one")
        .until(() -> addresses().equals(List.of(Endpoints.text(first.endpoints().cluster()))));
    var after = cluster.awaitLedger("twin", l -> l.delivered() > ledger.delivered() + 100);
    assertThat(after.failed()).isZero();
    assertThat(cluster.log("edge-1").substring(logged)).doesNotContain("membership has ended");
    cluster.delete("twin");
  }

  private static NodeOptions edge() {
    return NodeOptions.edge("edge-1", "site-1").jvm("-Djdk.net.hosts.file=" + hosts);
  }

  /** Of all members named edge-1. */
  private static List<String> addresses() {
    var management =
        cluster.nodes().node("cloud-1").endpoints().management().map(Endpoints::text).orElseThrow();
    var members = cluster.fetch(URI.create("http://" + management + "/cluster/members")).body();
    return Cluster.items(members.path("members")).stream()
        .filter(m -> m.path("roles").toString().contains("\"node-edge-1\""))
        .map(m -> m.path("node").asText().replaceFirst(".*@", ""))
        .toList();
  }
}
