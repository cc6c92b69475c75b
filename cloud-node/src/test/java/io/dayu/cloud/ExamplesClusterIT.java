package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.hivemq.client.mqtt.MqttClient;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import io.dayu.local.ChildProcess;
import io.dayu.local.Home;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The pipelines of {@code examples} with the files that stand there, on a cloud and an edge. */
class ExamplesClusterIT {
  private static final Path HOME = Home.find().root();
  private static final Path EXAMPLES = HOME.resolve("examples");

  private static Cluster cluster;
  private static String camera;

  @BeforeAll
  static void start() throws IOException {
    var directory = Cluster.empty(ExamplesClusterIT.class.getSimpleName());
    var services = services(directory);
    var stages = javaStage(directory.resolve("stages"));
    cluster =
        Cluster.start(
            directory,
            1,
            node -> {
              var with = node.classPath(stages);
              // One set of these processes will do.
              return node.name().equals("edge-1")
                  ? with.with("config.file", services.toString())
                  : with;
            });
    var port = directory.resolve("camera.port");
    cluster
        .nodes()
        .run(
            "camera",
            Home.find().program("sim-source", "io.dayu.sim.SimSource"),
            List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m"),
            List.of("--fps=2", "--height=360", "--port-file=" + port));
    Cluster.await("the camera").until(() -> Files.exists(port));
    camera = "127.0.0.1:" + Files.readString(port).strip();
  }

  /** All declarations of services in one file, as {@code dayu up --service} makes it. */
  private static Path services(Path directory) throws IOException {
    var lines = new StringBuilder("DAYU_HOME = \"%s\"\n".formatted(HOME));
    for (var file :
        List.of(
            "driving/services.conf", "python-service/service.conf", "node-service/service.conf"))
      lines.append("include required(file(\"%s\"))\n".formatted(EXAMPLES.resolve(file)));
    return Files.writeString(directory.resolve("services.conf"), lines);
  }

  /** What Maven makes of the project in {@code java-stage}. */
  private static Path javaStage(Path directory) throws IOException {
    var main = EXAMPLES.resolve("java-stage/src/main");
    Files.createDirectories(directory.resolve("META-INF/services"));
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                directory.toString(),
                main.resolve("java/com/example/Crossover.java").toString());
    assertThat(code).isZero();
    var provider = "META-INF/services/io.dayu.stage.StageProvider";
    Files.copy(main.resolve("resources").resolve(provider), directory.resolve(provider));
    return directory;
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  @AfterEach
  void deleteAll() {
    cluster.deleteAll();
  }

  private static void awaitType(String type) {
    Cluster.await("stages of type " + type)
        .until(
            () ->
                Cluster.items(cluster.get("stages")).stream()
                    .anyMatch(s -> s.path("type").asText().equals(type)));
  }

  /** Submits the pipeline of an example, with an address of this run for the one that it names. */
  private static void submit(String example, String address, String here) throws IOException {
    var yaml = Files.readString(EXAMPLES.resolve(example).resolve("pipeline.yaml"));
    assertThat(yaml).contains(address);
    cluster.submit(yaml.replace(address, here));
  }

  /** Some results; all of the pipeline have been delivered until then. */
  private static List<JsonNode> awaitResults(String pipeline, int count) {
    cluster.awaitLedger(pipeline, l -> l.delivered() >= count);
    var results = cluster.results(pipeline);
    assertThat(results)
        .allSatisfy(
            r -> assertThat(r.path("status").asText()).as(r.toString()).isEqualTo("delivered"));
    return results;
  }

  @Test
  void trafficIsCounted() throws IOException {
    submit("traffic", "127.0.0.1:8090", camera);
    assertThat(awaitResults("traffic", 5))
        .allSatisfy(
            r -> {
              assertThat(r.path("trace")).hasSize(5);
              assertThat(Cluster.items(r.at("/outputs/count/labels")))
                  .extracting(label -> label.path("name").asText())
                  .contains("brightness");
            });
  }

  @Test
  void nineStagesAssessTheRiskOfDriving() throws IOException {
    for (var name :
        List.of("road", "signals", "attributes", "trajectories", "poses", "intents", "risk"))
      awaitType("stand-in-" + name);
    var risk =
        Cluster.items(cluster.get("stages")).stream()
            .filter(s -> s.path("type").asText().equals("stand-in-risk"))
            .findFirst()
            .orElseThrow();
    assertThat(Cluster.items(risk.path("namedInputs")))
        .extracting(input -> input.path("name").asText())
        .containsExactly("trajectories", "attributes", "intents", "signals");
    submit("driving", "127.0.0.1:8090", camera);
    assertThat(awaitResults("driving", 5))
        .allSatisfy(
            r -> {
              assertThat(r.path("trace")).hasSize(9);
              assertThat(Cluster.items(r.at("/outputs/risk/labels")))
                  .extracting(label -> label.path("name").asText())
                  .containsExactly("risk", "vehicles", "crossing");
            });
    var document = cluster.get("pipelines/driving").path("document").path("spec").path("stages");
    assertThat(document.get(5).path("inputs").path("vehicles").asText()).isEqualTo("track");
  }

  @Test
  void inputsThatAreWiredWronglyAreRefused() throws IOException {
    awaitType("stand-in-risk");
    awaitType("stand-in-intents");
    var yaml =
        Files.readString(EXAMPLES.resolve("driving/pipeline.yaml"))
            .replace("attributes: attributes", "atributes: attributes")
            .replace("inputs: {poses: poses", "inputs: {poses: signals");
    var answer = cluster.call("POST", "pipelines", "application/yaml", yaml);
    assertThat(answer.status()).as(answer.text()).isEqualTo(422);
    assertThat(answer.text())
        .contains("stand-in-risk has no input", "did you mean \\\"attributes\\\"?")
        .contains("spec.stages[8].inputs.attributes")
        .contains("stand-in-intents reads boxes here but stand-in-signals gives labels");
  }

  @Test
  void whatRisesIsToldByTheStageInJava() throws IOException {
    submit("java-stage", "/DAYU", HOME.toString());
    cluster.awaitLedger("rising", l -> l.generated() >= 20 && l.inFlight() == 0);
    var results = cluster.results("rising");
    assertThat(Cluster.seqs(results))
        .containsExactlyInAnyOrderElementsOf(LongStream.range(0, 20).boxed().toList());
    var rising = results.stream().filter(r -> r.at("/outputs/rising").isObject()).toList();
    assertThat(Cluster.seqs(rising)).containsExactlyInAnyOrder(5L, 6L, 7L, 8L, 9L, 10L, 11L);
    assertThat(rising)
        .allSatisfy(
            r -> assertThat(r.at("/outputs/rising/labels/0/name").asText()).isEqualTo("oven"));
  }

  @Test
  void alarmsOfAFactoryAreReported() throws Exception {
    awaitType("alarm");
    awaitType("report");
    int port = freePort();
    var broker = broker(port);
    var client =
        MqttClient.builder()
            .useMqttVersion5()
            .serverHost("127.0.0.1")
            .serverPort(port)
            .buildBlocking();
    try {
      Cluster.await("the broker").until(() -> listens(port));
      client.connect();
      submit("factory", "127.0.0.1:1883", "127.0.0.1:" + port);
      // Until it has subscribed the broker keeps nothing for it.
      Cluster.await("the first reading")
          .until(
              () -> {
                publish(client, 20);
                return cluster.ledger("factory").generated() > 0;
              });
      var values = new ArrayList<Integer>();
      for (int i = 0; i < 15; i++) values.add(20 + i % 2);
      values.addAll(List.of(250, 251, 252));
      for (int value : values) publish(client, value);
      Cluster.await("the report of an alarm")
          .until(
              () ->
                  cluster.results("factory").stream()
                      .map(r -> r.at("/outputs/report/text/0").asText())
                      .anyMatch(line -> line.endsWith("plant/press/temperature: 251.0")));
      assertThat(cluster.awaitLedger("factory", l -> l.inFlight() == 0).failed()).isZero();
    } finally {
      client.disconnect();
      broker.terminate();
      assertThat(broker.await(Duration.ofSeconds(30))).isTrue();
    }
  }

  private static void publish(Mqtt5BlockingClient client, int value) {
    client
        .publishWith()
        .topic("plant/press/temperature")
        .qos(MqttQos.AT_LEAST_ONCE)
        .payload(Integer.toString(value).getBytes(StandardCharsets.UTF_8))
        .send();
  }

  private static ChildProcess broker(int port) throws IOException {
    var directory = Files.createDirectories(cluster.nodes().directory().resolve("broker"));
    var settings =
        Files.writeString(
            directory.resolve("mosquitto.conf"),
            "listener %s 127.0.0.1\nallow_anonymous true\nuser root\n".formatted(port));
    return ChildProcess.start(
        "the broker",
        List.of("/usr/sbin/mosquitto", "-c", settings.toString()),
        Map.of(),
        directory,
        directory.resolve("broker.log"));
  }

  private static int freePort() throws IOException {
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }

  private static boolean listens(int port) {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }
}
