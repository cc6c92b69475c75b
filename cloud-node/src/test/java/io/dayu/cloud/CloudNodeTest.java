package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.dayu.settings.ConfigurationException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CloudNodeTest {
  @Test
  void whatIsWrongInAnySectionIsToldAtOnce() {
    var config =
        ConfigFactory.parseString(
                """
                dayu.node.name = ""
                dayu.link.max-element = 5g
                dayu.http { port = 70000, hearbeat = 1s }
                dayu.management.port = -1
                dayu.scheduler { decisions-kept = 0, dwell = 3s }
                dayu.store { url = "jdbc:mysql://db/dayu", frames-per-stream = 0 }
                """)
            .withFallback(ConfigFactory.load())
            .resolve();
    assertThatThrownBy(() -> CloudNode.settings(config))
        .isInstanceOf(ConfigurationException.class)
        .satisfies(
            e ->
                assertThat(e.getMessage().lines())
                    .hasSize(9)
                    .contains(
                        "dayu.http.hearbeat is no configuration key; did you mean dayu.http.heartbeat?",
                        "dayu.link.max-element: too large",
                        "dayu.http.port is 70000; a port must be 0 to 65535",
                        "dayu.management.port is -1; a port must be 0 to 65535",
                        "dayu.scheduler.decisions-kept is 0; it must be positive",
                        "dayu.store.frames-per-stream is 0; it must be positive")
                    .anyMatch(l -> l.startsWith("dayu.node.name is \"\"; set it"))
                    .anyMatch(l -> l.startsWith("dayu.scheduler.dwell is no configuration key"))
                    .anyMatch(l -> l.startsWith("dayu.store.url: \"jdbc:mysql://db/dayu\"")));
  }

  @Test
  void theAddressOfAStoreIsNeverShownWithAPassword() {
    for (var url : List.of("postgres://dayu:hush@db/x", "jdbc:postgresql://dayu:hush@db/x"))
      assertThatThrownBy(() -> CloudNode.settings(store(url)))
          .hasMessageContainingAll("dayu.store.url", "***@db/x", "DAYU_STORE_PASSWORD")
          .hasMessageNotContaining("hush");
    var settings =
        StoreSettings.from(
            store("jdbc:postgresql://db/x?password=hush")
                .withValue("dayu.store.password", ConfigValueFactory.fromAnyRef("hush")));
    assertThat(settings.place() + settings).doesNotContain("hush");
  }

  @Test
  void theManagementEndpointKnowsTheNamesByWhichNodesAskIt() {
    var config =
        ConfigFactory.parseString(
                """
                dayu.node { name = cloud-1, host = node-cloud-1.site }
                dayu.cluster { seeds = "seed-1.site:25520", seed-management = "cloud.example:7626" }
                dayu.management.names = "Ops.example, ops"
                dayu.keys.required = false
                dayu.store.url = "jdbc:postgresql://db/dayu"
                """)
            .withFallback(ConfigFactory.load())
            .resolve();
    assertThat(CloudNode.managementNames(CloudNode.settings(config)))
        .containsExactlyInAnyOrder(
            "node-cloud-1.site", "seed-1.site", "cloud.example", "ops.example", "ops", "127.0.0.1");
  }

  private static Config store(String url) {
    return ConfigFactory.parseString("dayu.node.name = cloud-1")
        .withValue("dayu.store.url", ConfigValueFactory.fromAnyRef(url))
        .withFallback(ConfigFactory.load())
        .resolve();
  }

  @Test
  void anEmbeddedStoreWithOtherCloudNodesIsAProblem() {
    var config =
        ConfigFactory.parseString("dayu.node.name = cloud-1, dayu.cluster.seeds = \"other:1\"")
            .withFallback(ConfigFactory.load())
            .resolve();
    assertThatThrownBy(() -> CloudNode.settings(config))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("dayu.store.url is empty, but dayu.cluster.seeds names");
  }

  @Test
  void aManagementPortThatOthersReachNeedsKeysUnlessSaidOtherwise() {
    var open = "dayu { node.name = cloud-1, management.host = 0.0.0.0 }\n";
    assertThatThrownBy(() -> CloudNode.settings(config(open)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("dayu.management.host is 0.0.0.0")
        .hasMessageContaining("dayu.keys.required = false");
    var settings = CloudNode.settings(config(open + "dayu.keys.required = false"));
    assertThat(settings.management().host()).isEqualTo("0.0.0.0");
  }

  private static Config config(String text) {
    return ConfigFactory.parseString(text).withFallback(ConfigFactory.load()).resolve();
  }
}
