package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.local.ChildProcess;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Nodes that cannot start say why, name the key to change, and end with an exit code. */
class StartClusterIT {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** Processes start side by side: most of their time is the start of a JVM. */
  @Test
  void whatKeepsANodeFromStartingIsSaidWithItsKey() throws IOException, SQLException {
    try (var cluster = Cluster.open(Cluster.empty(StartClusterIT.class.getSimpleName()));
        var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      var port = Integer.toString(taken.getLocalPort());
      var processes = new LinkedHashMap<String, ChildProcess>();
      for (var key :
          List.of(
              "dayu.node.data-port", "dayu.cluster.port", "dayu.http.port", "dayu.management.port"))
        processes.put(key, cloud(cluster, key, Map.of(key, port)));
      var wrong =
          cloud(
              cluster,
              "wrong",
              Map.of(
                  "dayu.node.data-prt", "1",
                  "dayu.http.max-body", "a lot",
                  "dayu.monitor.cpu", "none"));
      var split = cloud(cluster, "split", Map.of("dayu.cluster.seeds", "127.0.0.1:25520"));
      // Nothing listens at port 1.
      var away = "jdbc:postgresql://127.0.0.1:1/dayu";
      var storeless =
          cloud(
              cluster,
              "storeless",
              Map.of("dayu.store.url", away + "?password=secret", "dayu.store.user", "someone"));
      storeOfANewerRelease(cluster.directory().resolve("newer/data"));
      var newer = cloud(cluster, "newer", Map.of());

      processes.forEach(
          (key, process) -> {
            assertThat(process.await(PATIENCE)).as("%s: it has ended", key).isTrue();
            assertThat(process.died()).as(key).hasMessageContaining("exit code 1;");
            // Pekko may write of the same failure behind it.
            assertThat(process.tail(100))
                .as(key)
                .anySatisfy(line -> assertThat(line).contains("The node cannot start", key, port));
          });
      assertThat(wrong.await(PATIENCE)).isTrue();
      assertThat(wrong.died()).hasMessageContaining("exit code 78;");
      assertThat(String.join("\n", wrong.tail(20)))
          .contains("dayu.node.data-prt", "did you mean dayu.node.data-port")
          .contains("dayu.http.max-body")
          .contains("dayu.monitor.cpu")
          .doesNotContain("\tat ", "reference.conf");

      assertThat(split.await(PATIENCE)).isTrue();
      assertThat(split.died()).hasMessageContaining("exit code 78;");
      assertThat(String.join("\n", split.tail(20)))
          .contains("dayu.store.url", "127.0.0.1:25520", "would not see what this node stores")
          .doesNotContain("\tat ");

      assertThat(storeless.await(PATIENCE)).isTrue();
      assertThat(storeless.died()).hasMessageContaining("exit code 1;");
      assertThat(storeless.tail(3))
          .anySatisfy(
              line ->
                  assertThat(line)
                      .contains(
                          "The node cannot start", away, "refused", "someone", "DAYU_STORE_URL")
                      .doesNotContain("secret"));

      assertThat(newer.await(PATIENCE)).isTrue();
      assertThat(newer.died()).hasMessageContaining("exit code 1;");
      assertThat(newer.tail(3))
          .anySatisfy(
              line ->
                  assertThat(line)
                      .contains(
                          "The node cannot start",
                          "the tables of the decisions are at version 7 (release 9.9)",
                          "nothing was changed",
                          "Start the release that made them or a newer one",
                          "newer/data"));
    }
  }

  private static void storeOfANewerRelease(Path directory) throws SQLException {
    try (var databases = Databases.open(StoreSettings.embedded(directory, 10));
        var connection = databases.control().getConnection();
        var statement = connection.createStatement()) {
      statement.execute(
          """
          INSERT INTO "dayu_decisions_history" ("installed_rank", "version", "description", "type",
            "script", "checksum", "installed_by", "execution_time", "success")
          VALUES (7, '7', 'release 9.9', 'SQL', 'V7__release_9.9.sql', 7, 'SA', 1, TRUE)
          """);
      connection.commit();
    }
  }

  @Test
  void aCloudNodeThatIsRemovedEndsSoThatItIsStartedAgain() {
    try (var cluster =
        Cluster.open(Cluster.empty(StartClusterIT.class.getSimpleName() + "-removed"))) {
      var removed = cluster.start(NodeOptions.cloud("cloud-1")).get(0).process();
      var client = cluster.client();
      // Its own answer may get lost in its end.
      CompletableFuture.runAsync(() -> client.delete("nodes/cloud-1?force=true"));
      assertThat(removed.await(PATIENCE)).as("it has ended").isTrue();
      assertThat(removed.died()).hasMessageContaining("exit code 75;");
      assertThat(String.join("\n", removed.tail(30)))
          .contains("the cluster has removed this cloud node");
    }
  }

  private static ChildProcess cloud(
      LocalCluster cluster, String name, Map<String, String> properties) {
    var configuration = new LinkedHashMap<String, String>();
    configuration.put("dayu.node.name", "cloud-1");
    configuration.put("dayu.node.data-dir", cluster.directory().resolve(name + "/data").toString());
    for (var key :
        List.of(
            "dayu.node.data-port", "dayu.cluster.port", "dayu.http.port", "dayu.management.port"))
      configuration.put(key, "0");
    configuration.putAll(properties);
    var jvm = new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m"));
    configuration.forEach((key, value) -> jvm.add("-D" + key + "=" + value));
    return cluster.run(name, NodeOptions.Role.CLOUD.program(Home.find()), jvm, List.of());
  }
}
