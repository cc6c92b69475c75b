package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Nodes whose streams have ended by an error do not stay as processes that do nothing. */
class FatalErrorClusterIT {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(FatalErrorClusterIT.class, 1, n -> n.classPath(BadStages.classPath()));
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  /** The edge first: without the cloud node nothing can be submitted. */
  @Test
  void aNodeWhoseStreamsEndByAFatalErrorEndsSoThatItIsStartedAgain() {
    for (var name : List.of("edge-1", "cloud-1")) {
      var node = cluster.nodes().node(name).process();
      cluster.submit(
          """
          apiVersion: dayu.io/v1alpha1
          kind: Pipeline
          metadata: {name: fatal-%1$s}
          spec:
            sources: [{name: in, uri: "synthetic:?bytes=100&count=1", node: %1$s}]
            stages: [{id: bad, type: meets-a-fatal-error}]
            policy: {name: fixed, params: {route: {bad: %1$s}}}
          """
              .formatted(name));
      assertThat(node.await(PATIENCE)).as("%s: it has ended", name).isTrue();
      assertThat(node.died()).as(name).hasMessageContaining("exit code 75;");
      assertThat(String.join("\n", node.tail(30)))
          .as(name)
          .contains("Java heap space", "The node ends: its streams have ended by a fatal error");
    }
  }
}
