package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.Retain;
import io.dayu.settings.ConfigurationException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
                        "dayu.http.hearbeat is no configuration key; did you mean"
                            + " dayu.http.heartbeat?",
                        "dayu.link.max-element: too large",
                        "dayu.http.port is 70000; a port must be 0 to 65535",
                        "dayu.management.port is -1; a port must be 0 to 65535",
                        "dayu.scheduler.decisions-kept is 0; it must be positive",
                        "dayu.store.frames-per-stream is 0; it must be positive")
                    .anyMatch(l -> l.startsWith("dayu.node.name is \"\"; set it"))
                    .anyMatch(l -> l.startsWith("dayu.scheduler.dwell is no configuration key"))
                    .anyMatch(l -> l.startsWith("dayu.store.url: \"jdbc:mysql://db/dayu\"")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          retain.for = 0s           | dayu.store.retain.for is 0 s; it must be at least 1 s
          retain.for = -7d          | dayu.store.retain.for is -604800 s; it must be at least 1 s
          retain.for = 40000d       | dayu.store.retain.for is 40000 days; it must be at most 36500d
          retain.for = 7 weeks      | dayu.store.retain.for
          retain.at-most = 0        | dayu.store.retain.at-most is 0; it must be positive
          retain.at-most = -5       | dayu.store.retain.at-most is -5; it must be positive
          retain.at-most = all      | dayu.store.retain.at-most
          retain.at-mots = 5        | dayu.store.retain.at-mots is no configuration key
          quota = 0                 | dayu.store.quota is 0 bytes; it must be at least 64MiB
          quota = 10k               | dayu.store.quota is 10240 bytes; it must be at least 64MiB
          quota = -5g               | dayu.store.quota: "-5g" is no size; write one such as 20GiB, or auto
          quota = lots              | dayu.store.quota: "lots" is no size; write one such as 20GiB, or auto
          quota = 5 parsecs         | dayu.store.quota: "5 parsecs" is no size; write one such as 20GiB, or auto
          quota = 99999999999g      | dayu.store.quota: "99999999999g" is no size
          quota = {}                | dayu.store.quota
          """)
  void whatIsWrongWithWhatIsKeptIsToldAtTheStart(String setting, String message) {
    assertThatThrownBy(() -> CloudNode.settings(retain(setting)))
        .isInstanceOf(ConfigurationException.class)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .hasMessageStartingWith(message);
  }

  @Test
  void moreResultsThanTheQuotaHasRoomForAreRefused() {
    assertThatThrownBy(() -> CloudNode.settings(retain("quota = 64MiB, retain.at-most = 1048577")))
        .hasMessageContainingAll(
            "dayu.store.retain.at-most is 1048577", "dayu.store.quota (67108864 bytes)", "1048576");
    var settings = CloudNode.settings(retain("quota = 64MiB, retain.at-most = 1048576")).retain();

    assertThat(settings.problem(pipeline(1_048_576))).isEmpty();
    assertThat(settings.problem(pipeline(1_048_577)))
        .hasValueSatisfying(
            problem -> {
              assertThat(problem.path()).isEqualTo("spec.delivery.retain.atMost");
              assertThat(problem.message()).contains("1048577", "more than 1048576 results");
              assertThat(problem.remedy()).contains("dayu.store.quota");
            });
  }

  @Test
  void byDefaultResultsAreKeptForAMonthWithinTheQuota() {
    var settings = CloudNode.settings(retain("url = \"jdbc:postgresql://db/dayu\"")).retain();
    assertThat(settings)
        .isEqualTo(new RetainSettings(Duration.ofDays(30), Long.MAX_VALUE, Quota.shared()));
    assertThat(settings.limits().quota()).isEqualTo(20L << 30);
  }

  @Test
  void whatTheDiskHasForResultsDoesNotKeepANodeFromStarting() {
    var settings = CloudNode.settings(retain("retain.at-most = 9000000000000000000")).retain();
    assertThat(settings.quota().configured()).isFalse();
    assertThat(settings.limits().atMost()).isEqualTo(9_000_000_000_000_000_000L);
    assertThat(settings.problem(pipeline(9_000_000_000_000_000_000L))).isPresent();
  }

  @Test
  void theQuotaThatIsWrittenHoldsWhateverTheDiskHas() {
    assertThat(CloudNode.settings(retain("quota = 4000GiB")).retain().limits().quota())
        .isEqualTo(4_000L << 30);
  }

  private static Config retain(String setting) {
    return ConfigFactory.parseString("dayu.node.name = cloud-1\ndayu.store { " + setting + " }")
        .withFallback(ConfigFactory.load())
        .resolve();
  }

  private static PipelineSpec pipeline(long atMost) {
    return new PipelineSpec(
        "crossing",
        List.of(),
        List.of(),
        new PolicySpec(PolicySpec.DEFAULT_NAME, Map.of()),
        Objective.DEFAULT,
        new Delivery(Offline.LOCAL, 0, new Retain(Optional.empty(), Optional.of(atMost))));
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
