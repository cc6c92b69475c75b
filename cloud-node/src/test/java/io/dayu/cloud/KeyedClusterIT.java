package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.Authority;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import io.dayu.local.Endpoints;
import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import javax.net.ssl.HttpsURLConnection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Nodes that have keys, listen on all addresses of the machine and need no other permission. */
final class KeyedClusterIT {
  private static final Duration DAY = Duration.ofDays(1);

  private static Authority authority;
  private static Path directory;
  private static Cluster cluster;

  @BeforeAll
  static void start() throws IOException {
    directory = Cluster.empty("KeyedClusterIT");
    authority = Authority.create(directory.resolve("authority"), DAY, Clock.systemUTC());
    cluster =
        Cluster.start(
            directory,
            2,
            node ->
                node.with(
                        "dayu.keys.directory",
                        keys(new Holder(
                                node.name(),
                                node.role() == NodeOptions.Role.CLOUD ? Role.CLOUD : Role.EDGE))
                            .toString())
                    .with("dayu.node.bind-host", "0.0.0.0"));
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  @Test
  void elementsCrossAllNodes() {
    cluster.submit(
        """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: keyed}
        spec:
          sources: [{name: numbers, uri: "synthetic:?bytes=2000&rate=100", node: edge-1, shed: oldest}]
          stages: [{id: there, type: identity}, {id: up, type: identity}]
          policy: {name: fixed, params: {route: {there: edge-2, up: cloud-1}}}
        """);
    var ledger = cluster.awaitLedger("keyed", l -> l.delivered() > 300);
    assertThat(ledger.failed()).isZero();
    for (var node : new String[] {"cloud-1", "edge-1", "edge-2"})
      assertThat(cluster.log(node))
          .doesNotContain("neither keys nor encryption", "not implemented by Apache Pekko");
    cluster.delete("keyed");
  }

  @Test
  void theManagementEndpointAnswersNodesAlone() throws IOException {
    var place =
        Endpoints.text(cluster.nodes().node("cloud-1").endpoints().management().orElseThrow())
            + "/cluster/members";
    var own = NodeKeys.open(keys(new Holder("edge-9", Role.EDGE)));
    var connection = (HttpsURLConnection) new URL("https://" + place).openConnection();
    connection.setSSLSocketFactory(own.context().getSocketFactory());
    connection.setHostnameVerifier(
        (host, session) -> NodeKeys.peer(session).equals(new Holder("cloud-1", Role.CLOUD)));
    try (var body = connection.getInputStream()) {
      assertThat(new String(body.readAllBytes(), StandardCharsets.UTF_8)).contains("nodeUid");
    }
    assertThatThrownBy(
            () ->
                ((HttpURLConnection) new URL("http://" + place).openConnection()).getInputStream())
        .isInstanceOf(IOException.class);
  }

  private static Path keys(Holder holder) {
    var place = directory.resolve("keys").resolve(holder.node());
    var unused = authority.issue(holder, place, DAY);
    return place;
  }
}
