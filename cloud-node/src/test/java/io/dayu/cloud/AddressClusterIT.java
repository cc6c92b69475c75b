package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Nodes that get other addresses, as by DHCP, or a name that is given to another machine. */
class AddressClusterIT {
  private static final String CLOUD = "cloud.example";

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
    Files.writeString(complete, cloud + " " + CLOUD + "\n127.0.0.1 localhost\n");
    Files.move(complete, hosts, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void submit(String name) {
    cluster.submit(
        """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: %s}
        spec:
          sources: [{name: numbers, uri: "synthetic:?bytes=64&rate=20", node: edge-1, shed: oldest}]
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
}
