package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.Authority;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import io.dayu.local.Endpoints;
import io.dayu.local.TcpConnection;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import javax.net.ssl.HttpsURLConnection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Nodes that have keys, listen on all addresses of the machine and need no other permission. */
final class KeyedClusterIT {
  private static final Duration DAY = Duration.ofDays(1);

  private static final List<Holder> HOLDERS =
      List.of(
          new Holder("cloud-1", Role.CLOUD),
          new Holder("edge-1", Role.EDGE),
          new Holder("edge-2", Role.EDGE));

  private static Authority authority;
  private static String trusted;
  private static Path directory;
  private static Cluster cluster;

  @BeforeAll
  static void start() throws IOException {
    directory = Cluster.empty("KeyedClusterIT");
    authority = Authority.create(directory.resolve("authority"), DAY, Clock.systemUTC());
    trusted = certificate("authority");
    for (var holder : HOLDERS) {
      var unused = keys(holder);
    }
    cluster =
        Cluster.start(
            directory,
            2,
            node ->
                node.with(
                        "dayu.keys.directory",
                        directory.resolve("keys").resolve(node.name()).toString())
                    .with("dayu.node.bind-host", "0.0.0.0"));
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  /**
   * As the documentation tells it: first both authorities are trusted, then keys are new, then one
   * authority is left.
   */
  @Test
  void keysAndTheirAuthorityAreReplacedWhileElementsCrossAllNodes() throws IOException {
    submit("keyed", 200);
    cluster.awaitLedger("keyed", l -> l.delivered() > 300);
    var before = TcpConnection.between(cluster.nodes());
    assertThat(before).hasSizeGreaterThan(2); // two hops, and the cluster's
    var next = Authority.create(directory.resolve("next"), DAY, Clock.systemUTC());
    var one = certificate("next");
    var both = one + trusted;
    for (var holder : HOLDERS) swap(holder, authority, both);
    awaitTaken(1);
    swap(HOLDERS.get(1), next, both);
    awaitTaken(HOLDERS.get(1), 2);
    submit("between", 100); // over links of its own, from a new key to old ones
    cluster.awaitLedger("between", l -> l.delivered() > 0);
    cluster.delete("between");
    swap(HOLDERS.get(0), next, both);
    swap(HOLDERS.get(2), next, both);
    awaitTaken(2);
    for (var holder : HOLDERS) swap(holder, next, one);
    awaitTaken(3);
    authority = next; // of whatever test comes after this one
    trusted = one;
    submit("later", 100);
    cluster.awaitLedger("later", l -> l.delivered() > 0);
    cluster.delete("later");

    assertThat(TcpConnection.between(cluster.nodes())).containsAll(before);
    var paused = cluster.call("POST", "pipelines/keyed/pause", "application/json", "");
    assertThat(paused.status()).as(paused.text()).isEqualTo(200);
    Cluster.await("a pause")
        .until(() -> cluster.status("keyed").at("/streams/0/state").asText().equals("paused"));
    var ledger = cluster.awaitLedger("keyed", l -> l.inFlight() == 0);
    assertThat(ledger.delivered()).isEqualTo(ledger.generated());
    assertThat(Set.copyOf(Cluster.seqs(cluster.results("keyed"))))
        .hasSize((int) ledger.generated());
    for (var holder : HOLDERS)
      assertThat(cluster.log(holder.node()))
          .doesNotContain(
              "is suspect",
              "is closed:",
              "neither keys nor encryption",
              "not implemented by Apache Pekko");
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

  private static void submit(String name, int perSecond) {
    cluster.submit(
        """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: %s}
        spec:
          sources: [{name: numbers, uri: "synthetic:?bytes=2000&rate=%s", node: edge-1}]
          stages: [{id: there, type: identity}, {id: up, type: identity}]
          policy: {name: fixed, params: {route: {there: edge-2, up: cloud-1}}}
        """
            .formatted(name, perSecond));
  }

  private static void awaitTaken(int times) {
    for (var holder : HOLDERS) awaitTaken(holder, times);
  }

  private static void awaitTaken(Holder holder, int times) {
    Cluster.await("that %s has taken new keys %s times".formatted(holder, times))
        .until(() -> cluster.log(holder.node()).split("new key of ", -1).length - 1 >= times);
  }

  private static String certificate(String ofAuthority) throws IOException {
    return Files.readString(directory.resolve(ofAuthority).resolve(NodeKeys.AUTHORITY));
  }

  private static Path keys(Holder holder) throws IOException {
    return swap(holder, authority, trusted);
  }

  /** Puts a new key in place, and whom it trusts, as the kubelet does for a Secret. */
  private static Path swap(Holder holder, Authority by, String trusted) throws IOException {
    var place = Files.createDirectories(directory.resolve("keys").resolve(holder.node()));
    var data = place.resolve("..data");
    var files = place.resolve("..%s".formatted(System.nanoTime()));
    var unused = by.issue(holder, files, DAY);
    Files.writeString(files.resolve(NodeKeys.AUTHORITY), trusted);
    var link = Files.createSymbolicLink(place.resolve("..data_tmp"), files.getFileName());
    Files.move(link, data, StandardCopyOption.ATOMIC_MOVE);
    for (var name : List.of(NodeKeys.KEY, NodeKeys.CERTIFICATE, NodeKeys.AUTHORITY))
      if (!Files.exists(place.resolve(name)))
        Files.createSymbolicLink(place.resolve(name), Path.of("..data", name));
    return place;
  }
}
