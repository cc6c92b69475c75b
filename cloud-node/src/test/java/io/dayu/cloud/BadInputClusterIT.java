package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Message;
import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.link.wire.Bye;
import io.dayu.link.wire.Credit;
import io.dayu.link.wire.Hello;
import io.dayu.local.Home;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What people, cameras, stages and strangers can do wrong: a clear answer, and nothing lost. */
class BadInputClusterIT {
  private static final String HEAD =
      """
      apiVersion: dayu.io/v1alpha1
      kind: Pipeline
      """;
  private static final int HELLO = 1;
  private static final int CREDIT = 2;
  private static final int BYE = 4;
  private static final int DATA = 5;

  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster =
        Cluster.start(
            BadInputClusterIT.class,
            1,
            n ->
                n.classPath(BadStages.classPath())
                    .with("dayu.process.stage-timeout", "500ms")
                    .with("dayu.process.min-backoff", "100ms"));
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  @AfterEach
  void deleteAll() {
    cluster.deleteAll();
  }

  private static String pipeline(String name, String uri, String stage) {
    return HEAD
        + """
        metadata: {name: %s}
        spec:
          sources: [{name: in, uri: "%s", node: edge-1}]
          stages:
            - {id: bad, type: %s}
            - {id: end, type: identity, after: [bad]}
          policy: {name: fixed, params: {route: {bad: edge-1, end: cloud-1}}}
        """
            .formatted(name, uri, stage);
  }

  @Test
  void fiveMistakesAreToldAtOnce() {
    var answer =
        post(
            "application/yaml",
            HEAD
                + """
                metadata: {name: mistaken}
                spec:
                  sources: [{name: in}]
                  stages:
                    - {id: one, type: object-detecton}
                    - {id: two, type: identity, after: [nowhere]}
                    - {id: three, type: identity, after: [four]}
                    - {id: four, type: identity, after: [three]}
                  policy: {name: best}
                """);
    assertThat(answer.status()).isEqualTo(422);
    assertThat(Cluster.items(answer.body().path("problems")))
        .as(answer.text())
        .extracting(p -> p.path("path").asText())
        .containsExactlyInAnyOrder(
            "spec.sources[0].uri",
            "spec.stages[0].type",
            "spec.stages[1].after[0]",
            "spec.stages[2].after[0]",
            "spec.policy.name");
    assertThat(Cluster.items(answer.body().path("problems")))
        .allSatisfy(
            p -> {
              assertThat(p.path("message").asText()).isNotBlank();
              assertThat(p.path("remedy").asText()).isNotBlank();
            });
    assertThat(answer.text()).contains("object-detection");
    assertThat(cluster.get("pipelines").path("items")).isEmpty();
  }

  @Test
  void whatIsNoPipelineIsRefusedWithAReason() {
    for (var body : List.of("[1, 2, 3]", "{\"hello\": 1}", "{\"kind\": ", "null", "7")) {
      var answer = post("application/json", body);
      assertThat(answer.status()).as(body + " -> " + answer.text()).isIn(400, 422);
      assertThat(answer.body().path("detail").asText()).as(body).isNotBlank();
      assertThat(answer.body().path("remedy").asText()).as(body).isNotBlank();
    }
  }

  @Test
  void tenMegabytesAreTooMuch() {
    var answer = post("application/json", "{\"kind\": \"" + "x".repeat(10 << 20) + "\"}");
    assertThat(answer.status()).as(answer.text()).isEqualTo(413);
    assertThat(answer.body().path("remedy").asText()).isNotBlank();
    assertThat(post("application/json", "[".repeat(500_000)).status()).isIn(400, 422);
    assertThat(cluster.get("nodes").path("items")).hasSize(2);
  }

  private static Cluster.Answer post(String type, String body) {
    return cluster.call("POST", "pipelines", type, body);
  }

  @Test
  void elementsAStageThrowsOnAreDeliveredAsFailed() {
    cluster.submit(pipeline("tenth", "synthetic:?bytes=100&count=200", "throws-on-tenth"));
    cluster.awaitLedger("tenth", l -> l.delivered() == 180 && l.failed() == 20);
    var results = cluster.results("tenth");
    assertThat(Cluster.seqs(results)).hasSize(200).doesNotHaveDuplicates();
    assertThat(results)
        .allSatisfy(
            r -> {
              if (r.path("seq").asLong() % 10 == 0) failed(r, "not this one");
              else assertThat(r.path("status").asText()).isEqualTo("delivered");
            });
  }

  private static void failed(JsonNode result, String why) {
    assertThat(result.path("status").asText()).isEqualTo("failed");
    assertThat(result.path("ending").path("stage").asText()).isEqualTo("bad");
    assertThat(result.path("ending").path("reason").asText()).contains(why);
    assertThat(result.path("trace").path(0).path("tries").asInt()).isEqualTo(3);
  }

  @Test
  void elementsThatAreNeverAnsweredAreDeliveredAsFailed() {
    cluster.submit(pipeline("mute", "synthetic:?bytes=100&count=12", "never-answers"));
    cluster.awaitLedger("mute", l -> l.failed() == 12 && l.inFlight() == 0);
    assertThat(cluster.results("mute"))
        .hasSize(12)
        .allSatisfy(r -> failed(r, "no answer within 500 ms"));
  }

  @Test
  void aStageThatCrashesIsStartedAgainAndTheOthersGoThrough() {
    cluster.submit(pipeline("crashing", "synthetic:?bytes=100&count=60", "crashes"));
    cluster.awaitLedger("crashing", l -> l.delivered() == 57 && l.failed() == 3);
    assertThat(cluster.results("crashing"))
        .hasSize(60)
        .filteredOn(r -> r.path("status").asText().equals("failed"))
        .hasSize(3)
        .allSatisfy(r -> failed(r, "broken beyond repair"));
    Cluster.await("the restarts on the status")
        .untilAsserted(
            () -> {
              var status = cluster.status("crashing");
              var stage = status.path("stages").path(0).path("instances").path(0);
              assertThat(stage.path("restarts").asInt()).as(status.toString()).isEqualTo(9);
              assertThat(status.path("problems").toString()).contains("broken beyond repair");
            });
  }

  @Test
  void aFileThatIsNoFilmFailsItsStreamWithAReason() throws IOException {
    var film = cluster.nodes().directory().resolve("street.mp4");
    var noise = new byte[200_000];
    new Random(1).nextBytes(noise);
    Files.write(film, noise);
    cluster.submit(pipeline("film", film.toUri().toString(), "identity"));
    Cluster.await("the failed stream")
        .untilAsserted(
            () -> {
              var status = cluster.status("film");
              assertThat(status.path("state").asText()).isEqualTo("failed");
              assertThat(status.path("problems").toString()).contains("street.mp4");
            });
    assertThat(cluster.ledger("film").balances()).isTrue();
  }

  @Test
  void aCameraThatBreaksOffIsReadAgainAndASilentOneIsShown() throws IOException {
    var port = cluster.nodes().directory().resolve("camera.port");
    cluster
        .nodes()
        .run(
            "camera",
            Home.find().program("sim-source", "io.dayu.sim.SimSource"),
            List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m"),
            List.of(
                "--cameras=2",
                "--height=180",
                "--faults=cam-0:disconnect-every=2s,cam-1:silent-after=1s",
                "--port-file=" + port));
    Cluster.await("the cameras").until(() -> Files.exists(port));
    var cameras = "http://127.0.0.1:" + Files.readString(port).strip();
    cluster.submit(pipeline("flaky", cameras + "/cam-0.mjpeg", "identity"));
    cluster.submit(pipeline("silent", cameras + "/cam-1.mjpeg", "identity"));

    Cluster.await("that silence is a problem")
        .untilAsserted(
            () -> {
              var status = cluster.status("silent");
              assertThat(status.path("streams").path(0).path("state").asText())
                  .isEqualTo("source-down");
              assertThat(status.path("problems").toString()).contains("sent nothing");
            });
    cluster.awaitLedger("silent", l -> l.delivered() > 0 && l.inFlight() == 0);
    // Ten frames a second for two seconds at a time: sixty need several connections.
    cluster.awaitLedger("flaky", l -> l.delivered() >= 60);
    assertThat(cluster.log("edge-1").split("flaky/in is not readable now", -1))
        .hasSizeGreaterThan(2);
    cluster.nodes().stop("camera");
  }

  @Test
  void aNodeOfAnotherProtocolIsToldAndTheLogSaysIt() throws IOException {
    var hello = Hello.newBuilder().setVersion(99).setNode("edge-99").setInstance("@outbox").build();
    try (var socket = dataPort()) {
      var out = new DataOutputStream(socket.getOutputStream());
      out.writeInt(1 + hello.getSerializedSize());
      out.writeByte(HELLO);
      out.writeByte(0);
      hello.writeTo(out);
      out.flush();
      var in = new DataInputStream(socket.getInputStream());
      int length = in.readInt();
      assertThat(in.readByte()).isEqualTo((byte) BYE);
      var bye = bye(in.readNBytes(length));
      assertThat(bye.getReason()).contains("edge-99", "99").contains("same release");
      assertThat(bye.getPermanent()).isTrue();
      assertThat(in.read()).as("the end of the connection").isEqualTo(-1);
    }
    Cluster.await("the warning")
        .until(
            () ->
                cluster
                    .log("edge-1")
                    .lines()
                    .anyMatch(l -> l.contains("WARN") && l.contains("protocol 99")));
  }

  /** A control frame's body begins with a byte that means nothing. */
  private static Bye bye(byte[] body) throws IOException {
    return Bye.parser().parseFrom(body, 1, body.length - 1);
  }

  @Test
  void resultsThatAStrangerSendsAreNotStored() throws IOException {
    cluster.submit(
        HEAD
            + """
            metadata: {name: real}
            spec:
              sources: [{name: in, uri: "synthetic:?bytes=100&count=300&rate=50", node: edge-1}]
              stages: [{id: end, type: identity}]
              policy: {name: fixed, params: {route: {end: edge-1}}}
            """);
    cluster.awaitLedger("real", l -> l.delivered() > 20);
    try (var socket = dataPort("cloud-1")) {
      var out = new DataOutputStream(socket.getOutputStream());
      control(
          out,
          HELLO,
          Hello.newBuilder().setVersion(1).setNode("mallory").setInstance("@distributor").build());
      var in = new DataInputStream(socket.getInputStream());
      assertThat(credit(in)).as("the window").isGreaterThanOrEqualTo(40);
      int taken = 0;
      for (long seq = 280; seq < 300; seq++) forge(out, "real/in", seq);
      for (long seq = 0; seq < 20; seq++) forge(out, "nothing/in", seq);
      while (taken < 40) taken += credit(in);
    }
    var ledger = cluster.awaitDelivered("real", 300);
    assertThat(ledger.failed()).isZero();
    assertThat(cluster.results("real")).noneMatch(r -> r.toString().contains("a stranger"));
    assertThat(cluster.log("cloud-1").lines())
        .filteredOn(l -> l.contains("WARN") && l.contains("refused at the data port"))
        .hasSize(1)
        .allMatch(l -> l.contains("mallory"));
  }

  private static void forge(DataOutputStream out, String stream, long seq) throws IOException {
    var element =
        Element.newBuilder()
            .setStream(stream)
            .setSeq(seq)
            .setAttempt(1)
            .setOrigin("edge-1")
            .setEnding(
                Ending.newBuilder()
                    .setKind(Ending.Kind.FAILED)
                    .setStage("end")
                    .setReason("a stranger says so"))
            .build();
    out.writeInt(12 + element.getSerializedSize());
    out.writeByte(DATA);
    out.write(new byte[12]); // its age and the time on the way
    element.writeTo(out);
    out.flush();
  }

  private static void control(DataOutputStream out, int type, Message message) throws IOException {
    out.writeInt(1 + message.getSerializedSize());
    out.writeByte(type);
    out.writeByte(0);
    message.writeTo(out);
    out.flush();
  }

  /** How many elements the next credit is for. */
  private static int credit(DataInputStream in) throws IOException {
    while (true) {
      var length = in.readInt();
      int type = in.readByte();
      var body = in.readNBytes(length);
      if (type == CREDIT) return Credit.parser().parseFrom(body, 1, length - 1).getElements();
    }
  }

  private static Socket dataPort() throws IOException {
    return dataPort("edge-1");
  }

  private static Socket dataPort(String node) throws IOException {
    var at = cluster.nodes().node(node).endpoints().data();
    var socket = new Socket("127.0.0.1", at.getPort());
    socket.setSoTimeout(30_000);
    return socket;
  }

  @Test
  void strangersOnTheDataPortAreCutAndTheNodeGoesOn() throws IOException {
    var noise = new byte[100_000];
    new Random(2).nextBytes(noise);
    var frame = new ByteArrayOutputStream();
    new DataOutputStream(frame).writeInt(20);
    frame.write(5); // an element before any hello
    frame.write(new byte[20]);
    for (var garbage :
        List.of(
            "GET / HTTP/1.1\r\nHost: dayu\r\n\r\n".getBytes(StandardCharsets.UTF_8),
            noise,
            frame.toByteArray()))
      try (var socket = dataPort()) {
        send(socket, garbage);
        assertThat(ended(socket)).isTrue();
      }
    Cluster.await("a warning for each")
        .until(
            () ->
                cluster
                        .log("edge-1")
                        .lines()
                        .filter(l -> l.contains("WARN") && l.contains("LinkReceiver"))
                        .count()
                    >= 3);

    cluster.submit(pipeline("after", "synthetic:?bytes=100&count=100", "identity"));
    cluster.awaitDelivered("after", 100);
  }

  private static void send(Socket socket, byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
    } catch (IOException cut) {
      // It was refused before it was all sent.
    }
  }

  /** Whether the other side ends the connection; it may say bye before. */
  private static boolean ended(Socket socket) throws IOException {
    try {
      socket.getInputStream().readAllBytes();
      return true;
    } catch (java.net.SocketTimeoutException e) {
      return false;
    } catch (java.net.SocketException reset) {
      return true;
    }
  }
}
