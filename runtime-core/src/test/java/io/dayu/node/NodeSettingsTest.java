package io.dayu.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeServiceName;
import io.dayu.keys.Holder;
import io.dayu.keys.TestKeys;
import io.dayu.settings.ConfigurationException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NodeSettingsTest {
  @Test
  void aCloudNodeNeedsNothingButAName() {
    var settings = NodeSettings.from(Role.CLOUD, config("dayu.node.name = cloud-1"));
    assertThat(settings.self().name()).isEqualTo("cloud-1");
    assertThat(settings.self().bindHost()).isEqualTo(settings.self().host());
    assertThat(settings.cluster().dataCenter()).isEqualTo("cloud");
    assertThat(settings.cluster().seeds()).isEmpty();
    assertThat(settings.self().dataDir()).isEqualTo(Path.of(".dayu/node"));
  }

  /** The operator makes the Service of this name. */
  @Test
  void onKubernetesNameAndHostFollowFromTheKubernetesNode() {
    var there =
        "dayu.keys.required = false, dayu.node.kubernetes-node = edge-3.site-b,"
            + " dayu.node.namespace = plant\n";
    var self = NodeSettings.from(Role.CLOUD, config(there)).self();
    assertThat(self.name()).isEqualTo(NodeServiceName.member("edge-3.site-b"));
    assertThat(self.host())
        .isEqualTo(NodeServiceName.service("edge-3.site-b") + ".plant.svc.cluster.local");
    assertThat(NodeSettings.from(Role.CLOUD, config(there + "dayu.node.name = b3")).self().name())
        .isEqualTo("b3");
  }

  @Test
  void theSiteOfAnEdgeIsItsDataCenter() {
    var edge = "dayu.node.name = edge-1, dayu.cluster.seeds = \"a:1, b:2\"";
    assertThat(NodeSettings.from(Role.EDGE, config(edge)).cluster().dataCenter())
        .isEqualTo("edge-edge-1");
    var settings = NodeSettings.from(Role.EDGE, config(edge + ", dayu.node.site = north"));
    assertThat(settings.cluster().dataCenter()).isEqualTo("edge-north");
    assertThat(settings.cluster().seeds()).containsExactly("a:1", "b:2");
  }

  @Test
  void theSeedsManagementIsWhereTheSeedsAreUnlessSaidOtherwise() {
    var edge = "dayu.node.name = edge-1, dayu.cluster.seeds = \"a:1, b:2\"";
    assertThat(NodeSettings.from(Role.EDGE, config(edge)).cluster().seedManagement())
        .containsExactly("a:7626", "b:7626");
    var said = edge + ", dayu.cluster.seed-management = \"c:3\"";
    assertThat(NodeSettings.from(Role.EDGE, config(said)).cluster().seedManagement())
        .containsExactly("c:3");
    var wrong = edge + ", dayu.cluster.seed-management = c, dayu.cluster.forget-after = 5s";
    assertThatThrownBy(() -> NodeSettings.from(Role.EDGE, config(wrong)))
        .hasMessageContaining("dayu.cluster.seed-management has \"c\"")
        .hasMessageContaining("dayu.cluster.forget-after is 5 s");
  }

  @Test
  void hostsAreComparedWithoutTheirSpelling() {
    var settings =
        NodeSettings.from(
            Role.EDGE,
            config(
                """
                dayu.node { name = edge-1, host = "[FD00::0:2]", bind-host = "::" }
                dayu.keys.required = false
                dayu.cluster.seeds = "Cloud-1.Example:25520, [FD00:0::1]:25520"
                """));
    assertThat(settings.self().host()).isEqualTo("fd00::2");
    assertThat(settings.self().bindHost()).isEqualTo("::");
    assertThat(settings.cluster().seeds())
        .containsExactly("cloud-1.example:25520", "[fd00::1]:25520");
    assertThat(settings.cluster().seedManagement())
        .containsExactly("cloud-1.example:7626", "[fd00::1]:7626");
    assertThatThrownBy(
            () ->
                NodeSettings.from(
                    Role.EDGE,
                    config(
                        """
                        dayu.node { name = edge-1, host = "edge.example:25520" }
                        dayu.cluster.seeds = "fd00::1:25520, cloud-1:99999"
                        """)))
        .hasMessageContaining("dayu.node.host has \"edge.example:25520\"")
        .hasMessageContaining("dayu.cluster.seeds has \"fd00::1:25520\"")
        .hasMessageContaining("in brackets")
        .hasMessageContaining("dayu.cluster.seeds has \"cloud-1:99999\": the port 99999");
  }

  @Test
  void aPortThatOthersReachNeedsKeysUnlessSaidOtherwise() {
    var open = "dayu.node { name = cloud-1, bind-host = 0.0.0.0 }\n";
    assertThatThrownBy(() -> NodeSettings.from(Role.CLOUD, config(open)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("dayu.node.bind-host is 0.0.0.0")
        .hasMessageContaining("dayu keys");
    var said = NodeSettings.from(Role.CLOUD, config(open + "dayu.keys.required = false"));
    assertThat(said.keys().keys()).isEmpty();
  }

  @Test
  void keysMustBeThoseOfTheNode(@TempDir Path directory) {
    var place =
        new TestKeys(directory)
            .issue(new Holder("cloud-1", Role.CLOUD), "cloud-1", Duration.ofDays(1));
    var keys = "dayu.keys.directory = \"%s\"%ndayu.node.bind-host = 0.0.0.0%n".formatted(place);
    var settings = NodeSettings.from(Role.CLOUD, config(keys + "dayu.node.name = cloud-1"));
    assertThat(settings.keys().keys()).isPresent();
    assertThatThrownBy(
            () -> NodeSettings.from(Role.CLOUD, config(keys + "dayu.node.name = cloud-2")))
        .hasMessageContaining("the key of cloud-1 (cloud)")
        .hasMessageContaining("this node is cloud-2 (cloud)");
    var edge = keys + "dayu.node.name = cloud-1, dayu.cluster.seeds = \"a:1\"";
    assertThatThrownBy(() -> NodeSettings.from(Role.EDGE, config(edge)))
        .hasMessageContaining("this node is cloud-1 (edge)");
  }

  @Test
  void keysThatAreMissingAreAProblemOfTheConfiguration(@TempDir Path empty) {
    var config = config("dayu.node.name = cloud-1, dayu.keys.directory = \"%s\"".formatted(empty));
    assertThatThrownBy(() -> NodeSettings.from(Role.CLOUD, config))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("dayu.keys.directory: ")
        .hasMessageContaining("must hold tls.key, tls.crt and ca.crt");
  }

  @Test
  void allProblemsAreToldAtOnce() {
    assertThatThrownBy(
            () ->
                NodeSettings.from(
                    Role.EDGE,
                    config(
                        """
                        dayu.node.name = "no good"
                        dayu.node.data-port = 70000
                        dayu.cluster.port = many
                        dayu.cluster.seeds = "cloud-1"
                        dayu.link.ping-interval = soon
                        dayu.generate.max-window = 1.5e12
                        dayu.monitor.cpu = gpu
                        dayu.link.elment-window = 5
                        """)))
        .isInstanceOf(ConfigurationException.class)
        .satisfies(
            e ->
                assertThat(e.getMessage().lines())
                    .hasSize(8)
                    .anyMatch(l -> l.startsWith("dayu.node.name is \"no good\""))
                    .anyMatch(l -> l.startsWith("dayu.node.data-port is 70000"))
                    .anyMatch(l -> l.startsWith("dayu.cluster.port: "))
                    .anyMatch(l -> l.startsWith("dayu.cluster.seeds has \"cloud-1\""))
                    .anyMatch(l -> l.startsWith("dayu.link.ping-interval: "))
                    .anyMatch(l -> l.startsWith("dayu.generate.max-window: "))
                    .anyMatch(l -> l.startsWith("dayu.monitor.cpu: "))
                    .anyMatch(
                        l ->
                            l.startsWith("dayu.link.elment-window is no")
                                && l.endsWith("did you mean dayu.link.element-window?")));
  }

  @Test
  void anEdgeWithoutSeedsIsTold() {
    assertThatThrownBy(() -> NodeSettings.from(Role.EDGE, config("dayu.node.name = edge-1")))
        .hasMessageContaining("dayu.cluster.seeds is empty")
        .hasMessageContaining("DAYU_SEEDS");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dayu.link.element-window = 0",
        "dayu.link.byte-window = 0",
        "dayu.link.ping-interval = 0s",
        "dayu.link.max-element = 0",
        "dayu.process.max-tries = 0",
        "dayu.process.max-waiting = 0",
        "dayu.process.stage-timeout = 0s",
        "dayu.generate.min-window = 0",
        "dayu.generate.max-window = 0",
        "dayu.generate.live-buffer = -1",
        "dayu.generate.min-resend = 0s",
        "dayu.monitor.interval = 0s"
      })
  void aValueThatWouldStopTheFlowIsAProblem(String line) {
    var section = line.split("\\.")[1];
    assertThatThrownBy(
            () -> NodeSettings.from(Role.CLOUD, config("dayu.node.name = cloud-1\n" + line)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("dayu." + section)
        .hasMessageContaining(line.split("\\.|=")[2].trim());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dayu.link.ping-interval = 3s",
        "dayu.link.min-backoff = 1m",
        "dayu.process.min-backoff = 1m",
        "dayu.generate.min-window = 5000",
        "dayu.generate.min-resend = 1m",
        "dayu.generate.source-min-backoff = 1m"
      })
  void twoValuesThatDoNotGoTogetherAreOneProblem(String line) {
    var key = line.split(" =")[0];
    assertThatThrownBy(
            () -> NodeSettings.from(Role.CLOUD, config("dayu.node.name = cloud-1\n" + line)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(key + " is ")
        .hasMessageContaining(", above dayu.")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  @Test
  void ofAValueThatCannotBeReadNothingElseIsTold() {
    assertThatThrownBy(
            () ->
                NodeSettings.from(
                    Role.EDGE,
                    config(
                        """
                        dayu.node.name = edge-1
                        dayu.cluster.seeds = []
                        dayu.link { ping-interval = soon, max-backoff = later, byte-window = 0 }
                        dayu.process = 5
                        """)))
        .satisfies(
            e ->
                assertThat(e.getMessage().lines())
                    .hasSize(6)
                    .anyMatch(l -> l.startsWith("dayu.cluster.seeds: "))
                    .anyMatch(l -> l.startsWith("dayu.link.ping-interval: "))
                    .anyMatch(l -> l.startsWith("dayu.link.max-backoff: "))
                    .contains("dayu.link.byte-window is 0; it must be positive")
                    .anyMatch(l -> l.startsWith("dayu.process is no configuration key"))
                    .anyMatch(l -> l.startsWith("dayu.process: ")));
  }

  private static Config config(String text) {
    return ConfigFactory.parseString(text).withFallback(ConfigFactory.load()).resolve();
  }
}
