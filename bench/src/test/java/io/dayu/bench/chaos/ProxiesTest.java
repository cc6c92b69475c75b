package io.dayu.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProxiesTest {
  @TempDir private Path directory;

  private Map<String, String> hosts(NodeOptions node) throws IOException {
    var hosts = new HashMap<String, String>();
    for (var line : Files.readAllLines(Path.of(node.properties().get("jdk.net.hosts.file"))))
      hosts.put(line.split(" ")[1], line.split(" ")[0]);
    return hosts;
  }

  @Test
  void everyNodeFindsItselfWhereItListensAndOthersAtProxiesOfItsOwn() throws IOException {
    try (var proxies = Proxies.open(directory)) {
      var cloud = proxies.attach(NodeOptions.cloud("cloud-1"));
      var edge = proxies.attach(NodeOptions.edge("edge-1", "site-1"));
      var other = proxies.attach(NodeOptions.edge("edge-2", "site-2"));
      var here = edge.properties().get("dayu.node.bind-host");
      assertThat(hosts(edge)).containsEntry("edge-1", here).containsKeys("cloud-1", "localhost");
      assertThat(hosts(cloud).get("edge-1"))
          .isNotIn(here, hosts(other).get("edge-1"))
          .startsWith("127.");
      assertThat(edge.host()).isEqualTo("edge-1");
      assertThat(edge.properties()).containsEntry("dayu.cluster.seed-management", "cloud-1:7626");
    }
  }

  @Test
  void twoRunsDoNotMeet() {
    try (var one = Proxies.open(directory);
        var other = Proxies.open(directory)) {
      var edge = NodeOptions.edge("edge-1", "site-1");
      assertThat(one.attach(edge).properties().get("dayu.node.bind-host"))
          .isNotEqualTo(other.attach(edge).properties().get("dayu.node.bind-host"));
    }
  }
}
