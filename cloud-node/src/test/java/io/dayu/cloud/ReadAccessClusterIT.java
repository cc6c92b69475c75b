package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.cloud.Cluster.Answer;
import io.dayu.local.NodeOptions;
import io.dayu.local.NodeOptions.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** With tokens, whoever has one can submit pipelines: they read what their nodes declare. */
class ReadAccessClusterIT {
  private static final String READINGS = "sensor,at,value\ncellar,2024-05-01T12:00:00Z,7.5\n";

  private static Path home;
  private static Cluster cluster;

  @BeforeAll
  static void start() throws IOException {
    var directory = Cluster.empty("ReadAccessClusterIT");
    var open = Files.createDirectories(directory.resolve("open"));
    home = Files.createDirectories(directory.resolve("home"));
    Files.writeString(open.resolve("weather.csv"), READINGS);
    Files.writeString(home.resolve("weather.csv"), READINGS);
    Files.createSymbolicLink(open.resolve("link.csv"), home.resolve("weather.csv"));
    cluster = Cluster.start(directory, 2, node -> declaring(node, open));
  }

  private static NodeOptions declaring(NodeOptions node, Path open) {
    var hosts = node.with("dayu.read.hosts", "plant.example,10.0.0.0/8:80");
    if (node.role() == Role.CLOUD) return hosts.with("dayu.http.tokens", Cluster.TOKENS);
    return node.name().equals("edge-1") ? hosts.with("dayu.read.files", open.toString()) : hosts;
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  @AfterEach
  void deleteAll() {
    cluster.deleteAll();
  }

  private static Answer submit(String uri, String node) {
    var document =
        """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: weather}
        spec:
          sources: [{name: in, uri: "%s", node: %s}]
          stages: [{id: copy, type: identity}]
        """
            .formatted(uri, node);
    return cluster.call("POST", "pipelines", "application/yaml", document);
  }

  @Test
  void whatTheNodeDeclaresIsRead() {
    assertThat(submit("file:" + home.resolveSibling("open/weather.csv"), "edge-1").status())
        .isEqualTo(201);
    cluster.awaitDelivered("weather", 1);
  }

  @Test
  void aLinkToWhatItDoesNotDeclareEndsTheStreamAndDeliversNothing() {
    assertThat(submit("file:" + home.resolveSibling("open/link.csv"), "edge-1").status())
        .isEqualTo(201);
    Cluster.await("the refusal")
        .untilAsserted(
            () -> {
              var stream = cluster.status("weather").path("streams").get(0);
              assertThat(stream.path("state").asText()).isEqualTo("failed");
              assertThat(stream.path("problem").asText())
                  .contains("edge-1", "dayu.read.files", "link.csv")
                  .doesNotContain(home.toString());
            });
    assertThat(cluster.ledger("weather").generated()).isZero();
  }

  @Test
  void whatIsKnownToBeRefusedIsRefusedAtSubmissionWithTheKeyToSet() {
    assertRefused(submit("file:" + home.resolve("weather.csv"), "edge-2"), "dayu.read.files");
    assertRefused(submit("http://127.0.0.1:8080/a.ndjson", "edge-1"), "dayu.read.hosts");
    assertRefused(submit("http://10.0.0.1:8080/cam.mjpeg", "edge-1"), "dayu.read.hosts");
    assertRefused(submit("mqtt://[::1]/plant/meter", "edge-1"), "dayu.read.hosts");
  }

  private static void assertRefused(Answer answer, String key) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(422);
    var problem = answer.body().path("problems").get(0);
    assertThat(problem.path("path").asText()).isEqualTo("spec.sources[0].uri");
    assertThat(problem.path("remedy").asText()).contains(key);
    assertThat(cluster.get("pipelines").path("items")).isEmpty();
  }
}
