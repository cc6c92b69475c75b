package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import io.dayu.link.FlowKit;
import io.dayu.link.Logs;
import io.dayu.source.Knobs;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A broker that says no: it answers each packet of the client with the next of its answers. */
class MqttRefusalStreamTest {
  private static final ActorTestKit KIT = FlowKit.start();
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int CONNACK = 0x20;
  private static final int SUBACK = 0x90;
  private static final int DISCONNECT = 0xe0;
  private static final int REASON_STRING = 0x1f;
  private static final int SERVER_REFERENCE = 0x1c;

  private final Queue<byte[]> answers = new ArrayDeque<>(); // those to one packet are one
  private ServerSocket server;

  @BeforeEach
  void start() throws IOException {
    server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    var broker = new Thread(this::serve, "refusing-broker");
    broker.setDaemon(true);
    broker.start();
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  @AfterAll
  static void shutDown() {
    KIT.shutdownTestKit();
  }

  private void serve() {
    while (!server.isClosed())
      try (var client = server.accept()) {
        talk(client);
      } catch (IOException e) {
        // The test is over, or the client has heard enough.
      }
  }

  private void talk(Socket client) throws IOException {
    var in = new DataInputStream(client.getInputStream());
    while (true) {
      in.readByte();
      var body = new byte[length(in)];
      in.readFully(body);
      byte[] answer;
      synchronized (answers) {
        answer = answers.poll();
      }
      if (answer == null) continue;
      if ((answer[0] & 0xff) == SUBACK) System.arraycopy(body, 0, answer, 2, 2); // its identifier
      client.getOutputStream().write(answer);
      client.getOutputStream().flush();
    }
  }

  private static int length(DataInputStream in) throws IOException {
    int length = 0;
    for (int shift = 0; ; shift += 7) {
      int part = in.readUnsignedByte();
      length |= (part & 0x7f) << shift;
      if (part < 0x80) return length;
    }
  }

  private void answer(byte[]... packets) {
    var all = new ByteArrayOutputStream();
    for (var packet : packets) all.writeBytes(packet);
    synchronized (answers) {
      answers.add(all.toByteArray());
    }
  }

  private static byte[] packet(int type, int... body) {
    var packet = new byte[body.length + 2];
    packet[0] = (byte) type;
    packet[1] = (byte) body.length;
    for (int i = 0; i < body.length; i++) packet[i + 2] = (byte) body[i];
    return packet;
  }

  private static byte[] connAck(int version, int code) {
    return version == 3 ? packet(CONNACK, 0, code) : packet(CONNACK, 0, code, 0);
  }

  /** With a code and a text, as version 5 may have it. */
  private static byte[] told(int type, int code, int property, String text) {
    var words = text.getBytes(StandardCharsets.UTF_8);
    var body = new ByteArrayOutputStream();
    body.write(type);
    int head = type == CONNACK ? 2 : 1;
    body.write(head + 4 + words.length);
    if (type == CONNACK) body.write(0);
    body.write(code);
    body.write(3 + words.length);
    body.write(property);
    body.write(0);
    body.write(words.length);
    body.writeBytes(words);
    return body.toByteArray();
  }

  private String uri(int version) {
    return "mqtt://127.0.0.1:%s/plant/meter?version=%s".formatted(server.getLocalPort(), version);
  }

  private SourceException failure(int version) {
    var failure = new AtomicReference<SourceException>();
    assertThatThrownBy(
            () ->
                new MqttReadings(name -> null, Clock.systemUTC())
                    .open(new SourceContext(URI.create(uri(version)), 0, () -> Knobs.NONE))
                    .runWith(Sink.ignore(), KIT.system())
                    .toCompletableFuture()
                    .get(SOON.toSeconds(), TimeUnit.SECONDS))
        .cause()
        .isInstanceOfSatisfying(SourceException.class, failure::set);
    return failure.get();
  }

  @ParameterizedTest
  @CsvSource({
    "3, 1, UNSUPPORTED_PROTOCOL_VERSION, correct the client or version",
    "3, 2, IDENTIFIER_REJECTED, correct the client or version",
    "3, 3, SERVER_UNAVAILABLE, ''",
    "3, 4, BAD_USER_NAME_OR_PASSWORD, correct the credentials",
    "3, 5, NOT_AUTHORIZED, correct the credentials",
    "5, 0x80, UNSPECIFIED_ERROR, ''",
    "5, 0x84, UNSUPPORTED_PROTOCOL_VERSION, correct the client or version",
    "5, 0x85, CLIENT_IDENTIFIER_NOT_VALID, correct the client or version",
    "5, 0x86, BAD_USER_NAME_OR_PASSWORD, correct the credentials",
    "5, 0x87, NOT_AUTHORIZED, correct the credentials",
    "5, 0x88, SERVER_UNAVAILABLE, ''",
    "5, 0x89, SERVER_BUSY, ''",
    "5, 0x8a, BANNED, correct the credentials",
    "5, 0x97, QUOTA_EXCEEDED, ''",
    "5, 0x9c, USE_ANOTHER_SERVER, name the server that is meant",
    "5, 0x9f, CONNECTION_RATE_EXCEEDED, ''",
  })
  void noRefusalIsForGood(int version, String code, String name, String remedy) {
    answer(connAck(version, Integer.decode(code)));
    var failure = failure(version);
    assertThat(failure.permanent()).isFalse();
    assertThat(failure).hasMessageContaining("refuses the connection (" + name + ")");
    assertThat(failure).hasMessageContaining(remedy);
  }

  @Test
  void theBrokersOwnWordsAreTold() {
    answer(told(CONNACK, 0x97, REASON_STRING, "ten clients are enough"));
    assertThat(failure(5)).hasMessageContaining("(QUOTA_EXCEEDED, 'ten clients are enough')");
    answer(told(CONNACK, 0x9d, SERVER_REFERENCE, "b.plant:1883"));
    assertThat(failure(5)).hasMessageContaining("(SERVER_MOVED, its name is 'b.plant:1883')");
  }

  @ParameterizedTest
  @CsvSource({
    "0x87, 'ends the connection (NOT_AUTHORIZED, ''enough''); correct the credentials'",
    "0x89, 'ends the connection (SERVER_BUSY, ''enough'')'",
    "0x8b, 'ends the connection (SERVER_SHUTTING_DOWN, ''enough'')'",
    "0x8e, 'somebody else connected as dayu-'",
    "0x98, 'ends the connection (ADMINISTRATIVE_ACTION, ''enough'')'",
  })
  void whyABrokerEndsAConnectionIsTold(String code, String message) {
    answer(connAck(5, 0), told(DISCONNECT, Integer.decode(code), REASON_STRING, "enough"));
    var failure = failure(5);
    assertThat(failure.permanent()).isFalse();
    assertThat(failure).hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({"3, 0x80", "5, 0x87"})
  void aRefusedSubscriptionIsTriedAgain(int version, String code) {
    answer(connAck(version, 0));
    answer(subAck(version, Integer.decode(code)));
    var failure = failure(version);
    assertThat(failure.permanent()).isFalse();
    assertThat(failure).hasMessageContaining("refuses the subscription to 'plant/meter'");
  }

  private static byte[] subAck(int version, int code) {
    return version == 3 ? packet(SUBACK, 0, 0, code) : packet(SUBACK, 0, 0, 0, code);
  }

  @ParameterizedTest
  @CsvSource({"3", "5"})
  void aBrokerThatKeepsNoMessagesIsTold(int version) {
    answer(connAck(version, 0));
    answer(subAck(version, 0));
    try (var logs = Logs.of(MqttSession.class)) {
      var reading =
          new MqttReadings(name -> null, Clock.systemUTC())
              .open(new SourceContext(URI.create(uri(version)), 0, () -> Knobs.NONE))
              .viaMat(KillSwitches.single(), Keep.right())
              .to(Sink.ignore())
              .run(KIT.system());
      Awaitility.await()
          .atMost(SOON)
          .until(() -> logs.has(Level.WARN, "plant/meter with QoS 0 only", "grant QoS 1"));
      reading.shutdown();
    }
    assertThat(List.copyOf(answers)).isEmpty();
  }
}
