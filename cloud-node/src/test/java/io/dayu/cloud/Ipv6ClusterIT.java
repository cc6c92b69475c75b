package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.local.Endpoints;
import io.dayu.local.NodeOptions;
import org.junit.jupiter.api.Test;

/** Nodes that reach each other over IPv6 only. */
class Ipv6ClusterIT {
  @Test
  void aCloudAndAnEdgeWorkTogetherOverIpv6() {
    try (var cluster = Cluster.start(Ipv6ClusterIT.class, 1, Ipv6ClusterIT::over6)) {
      cluster.submit(
          """
          apiVersion: dayu.io/v1alpha1
          kind: Pipeline
          metadata: {name: six}
          spec:
            sources: [{name: numbers, uri: "synthetic:?bytes=64&rate=50&count=200", node: edge-1}]
            stages: [{id: work, type: identity}]
            policy: {name: fixed, params: {route: {work: cloud-1}}}
          """);
      assertThat(cluster.awaitDelivered("six", 200).failed()).isZero();
      for (var name : new String[] {"cloud-1", "edge-1"}) {
        var at = cluster.nodes().node(name).endpoints();
        assertThat(Endpoints.text(at.cluster())).startsWith("[::1]:");
        assertThat(Endpoints.text(at.data())).startsWith("[::1]:");
      }
      assertThat(cluster.get("nodes").toString()).contains("\"data\":\"[::1]:");
    }
  }

  /** In several spellings, as people write them. */
  private static NodeOptions over6(NodeOptions node) {
    if (node.role() == NodeOptions.Role.EDGE) return node.with("dayu.node.host", "[::1]");
    return node.with("dayu.node.host", "0:0:0:0:0:0:0:1")
        .with("dayu.http.host", "::1")
        .with("dayu.management.host", "::1");
  }
}
