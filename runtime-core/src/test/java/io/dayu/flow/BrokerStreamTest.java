package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.View;
import io.dayu.link.FlowKit;
import io.dayu.pipeline.RunState;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plans;
import io.dayu.read.Mosquitto;
import io.dayu.read.MqttReadings;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A broker that cannot be trusted or that refuses: people are told why and what to do, it is tried
 * again, and nothing is lost.
 */
final class BrokerStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final StreamName STREAM = StreamName.parse("one/in");
  private static final String PASSWORD = "changeit";
  private static final List<String> TRUST =
      List.of("javax.net.ssl.trustStore", "javax.net.ssl.trustStorePassword");

  @TempDir static Path keys;
  @TempDir Path dir;
  private ActorTestKit kit;
  private TestNode node;
  private Mosquitto broker;

  @BeforeAll
  static void certify() throws Exception {
    certificate("broker", "ip:127.0.0.1");
    certificate("elsewhere", "dns:broker.elsewhere.example");
  }

  @BeforeEach
  void start() {
    kit = FlowKit.start();
  }

  @AfterEach
  void stop() {
    if (node != null) node.close();
    kit.shutdownTestKit();
    if (broker != null) broker.close();
    TRUST.forEach(System::clearProperty);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aBrokerIsReadOverTlsAsSoonAsItsCertificateIsTrusted(int version) throws Exception {
    trust("elsewhere");
    run(tls("broker") + "?version=" + version);
    awaitProblem(
        "mqtts://127.0.0.1:",
        "no connection: the broker's certificate is refused",
        "unable to find valid certification path",
        "javax.net.ssl.trustStore");

    trust("broker");
    await().atMost(SOON).until(() -> log().contains("Sending SUBACK to dayu-one-in"));
    broker.publish("plant/meter", numbers(0, 100));
    awaitAll(100);
    assertThat(report().problem()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void whatIsPublishedWhileAPipelineIsPausedIsReadOnceWhenItGoesOn(int version) throws Exception {
    broker = Mosquitto.start(directory("broker"), 1_000);
    var uri = broker.uri("plant/meter?version=" + version);
    run(uri);
    await().atMost(SOON).until(() -> log().contains("Sending SUBACK to dayu-one-in"));
    broker.publish("plant/meter", numbers(0, 50));
    awaitAll(50);

    turn(uri, 2, RunState.PAUSED);
    await().atMost(SOON).until(() -> report().state() == StreamState.PAUSED);
    broker.publish("plant/meter", numbers(50, 150));
    await().atMost(SOON).until(() -> log().split("Received PUBLISH from", -1).length > 150);
    assertThat(report().ledger()).isEqualTo(new Ledger(50, 50, 0, 0, 0));

    turn(uri, 3, RunState.RUNNING);
    awaitAll(150);
  }

  private void turn(String uri, long version, RunState state) {
    var view = TestNode.view(node, node.pipeline("one", uri, "reader"));
    var pipelines = new TreeMap<>(view.pipelines());
    pipelines.replaceAll(
        (name, p) -> new DesiredPipeline(version, 1, p.spec(), p.declaredOnly(), state));
    node.controller.tell(
        new Controller.Viewed(new View(view.nodes(), view.decisions(), pipelines)));
  }

  @Test
  void aTrustStoreThatIsNotThereIsAskedFor() throws Exception {
    TRUST.forEach(name -> System.setProperty(name, "nothing"));
    run(tls("broker"));
    awaitProblem("the broker's certificate is refused", "javax.net.ssl.trustStore");
  }

  @Test
  void aCertificateOfAnotherHostIsToldByTheName() throws Exception {
    trust("elsewhere");
    run(tls("elsewhere"));
    awaitProblem("No subject alternative names matching", "name 127.0.0.1");
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aRefusedSubscriptionIsToldAndTriedAgainAndNothingIsLost(int version) throws Exception {
    subscriptions(true);
    broker =
        Mosquitto.start(
            directory("broker"),
            1_000,
            "allow_anonymous true",
            "plugin " + accessRules(),
            "plugin_opt_config_file " + dir.resolve("rules.json"));
    run(broker.uri("plant/meter?version=" + version));
    await().atMost(SOON).until(() -> log().contains("Sending SUBACK to dayu-one-in"));
    broker.publish("plant/meter", numbers(0, 50));
    await().atMost(SOON).until(() -> log().contains("(Mid: 50,"));

    broker.stop();
    subscriptions(false);
    broker.start();
    awaitProblem(
        "mqtt://127.0.0.1:",
        "the broker refuses the subscription to 'plant/meter'",
        version == 5 ? "NOT_AUTHORIZED" : "FAILURE",
        "correct the topic or the broker's access rules");
    // The broker has kept the session, so these are for it.
    broker.publish("plant/meter", numbers(50, 100));
    int before = refusals();
    await().atMost(SOON).until(() -> refusals() > before + 1);
    await().atMost(SOON).untilAsserted(() -> assertThat(node.numbersStored(STREAM)).hasSize(50));

    broker.stop();
    subscriptions(true);
    broker.start();
    awaitAll(100);
    assertThat(report().problem()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aBrokerThatIsBackAndSilentIsNoProblem(int version) throws Exception {
    broker = Mosquitto.start(directory("broker"), 1_000);
    run(broker.uri("plant/meter?version=" + version));
    awaitRunning();

    broker.stop();
    awaitProblem("mqtt://127.0.0.1:", "no connection");
    broker.start();
    awaitRunning();
  }

  private void awaitRunning() {
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(node.stream(STREAM)).isPresent();
              assertThat(report().state()).isEqualTo(StreamState.RUNNING);
              assertThat(report().problem()).isEmpty();
            });
  }

  private void run(String uri) throws Exception {
    node =
        new TestNode(
            kit,
            "edge-1",
            Role.CLOUD,
            directory("node"),
            List.of(new MqttReadings()),
            List.of(Plans.READER),
            memory -> memory);
    node.controller.tell(
        new Controller.Viewed(TestNode.view(node, node.pipeline("one", uri, "reader"))));
  }

  private StreamReport report() {
    return node.stream(STREAM).orElseThrow();
  }

  private void awaitProblem(String... parts) {
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(node.stream(STREAM)).isPresent();
              assertThat(report().problem().orElse("none")).contains(parts);
              assertThat(report().state()).isEqualTo(StreamState.SOURCE_DOWN);
            });
  }

  /** All were delivered, each of them once. */
  private void awaitAll(int count) {
    var all = new Ledger(count, count, 0, 0, 0);
    await().atMost(SOON).untilAsserted(() -> assertThat(report().ledger()).isEqualTo(all));
    assertThat(node.numbersStored(STREAM))
        .isEqualTo(
            LongStream.range(0, count).boxed().collect(Collectors.toCollection(TreeSet::new)));
    assertThat(node.stored.get(STREAM)).hasSize(count);
  }

  /** Starts a broker that can be read over TLS alone; this is where. */
  private String tls(String certificate) throws Exception {
    int port = Mosquitto.freePort();
    broker =
        Mosquitto.start(
            directory("broker"),
            1_000,
            "allow_anonymous true",
            "listener %d 127.0.0.1".formatted(port),
            "certfile " + keys.resolve(certificate + ".crt"),
            "keyfile " + keys.resolve(certificate + ".key"));
    return "mqtts://127.0.0.1:%d/plant/meter".formatted(port);
  }

  /** As the README says; the node that runs takes it up. */
  private void trust(String certificate) throws Exception {
    var store = dir.resolve("trust.p12").toString();
    keytool(
        "-importcert",
        "-noprompt",
        "-alias",
        certificate,
        "-file",
        keys.resolve(certificate + ".crt").toString(),
        "-keystore",
        store,
        "-storepass",
        PASSWORD);
    System.setProperty(TRUST.get(0), store);
    System.setProperty(TRUST.get(1), PASSWORD);
  }

  /** A key and a certificate that it has signed itself, for this name, as a broker wants them. */
  private static void certificate(String name, String subject) throws Exception {
    var store = keys.resolve(name + ".p12");
    keytool(
        "-genkeypair",
        "-alias",
        name,
        "-keyalg",
        "EC",
        "-dname",
        "CN=" + name,
        "-ext",
        "san=" + subject,
        "-keystore",
        store.toString(),
        "-storepass",
        PASSWORD);
    var pair = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
    write(name + ".crt", "CERTIFICATE", pair.getCertificate(name).getEncoded());
    write(name + ".key", "PRIVATE KEY", pair.getKey(name, PASSWORD.toCharArray()).getEncoded());
  }

  private static void write(String file, String what, byte[] der) throws Exception {
    var lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    Files.writeString(
        keys.resolve(file),
        "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n".formatted(what, lines));
  }

  private static void keytool(String... arguments) throws Exception {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    var output = File.createTempFile("keytool", ".log", keys.toFile());
    var process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output).start();
    assertThat(process.waitFor()).as(Files.readString(output.toPath())).isZero();
  }

  /** The plugin that Mosquitto brings for access rules: its access files know none for these. */
  private static Path accessRules() throws Exception {
    try (var libraries = Files.newDirectoryStream(Path.of("/usr/lib"), "*-linux-gnu*")) {
      for (var library : libraries) {
        var plugin = library.resolve("mosquitto_dynamic_security.so");
        if (Files.exists(plugin)) return plugin;
      }
    }
    throw new AssertionError(
        "mosquitto_dynamic_security.so of Mosquitto is missing below /usr/lib");
  }

  /** Whether the broker lets anybody subscribe, from its next start on. */
  private void subscriptions(boolean allowed) throws Exception {
    Files.writeString(
        dir.resolve("rules.json"),
        """
        {"defaultACLAccess": {"publishClientSend": true, "publishClientReceive": true,
        "subscribe": %s, "unsubscribe": true}, "clients": [], "groups": [], "roles": []}
        """
            .formatted(allowed));
  }

  private int refusals() throws Exception {
    return log().split("Sending SUBACK to dayu-one-in", -1).length - 1;
  }

  private Path directory(String name) throws Exception {
    return Files.createDirectories(dir.resolve(name));
  }

  private String log() throws Exception {
    return Files.readString(dir.resolve("broker").resolve("mosquitto.log"));
  }

  private static String[] numbers(int from, int to) {
    return IntStream.range(from, to).mapToObj(String::valueOf).toArray(String[]::new);
  }
}
