package io.dayu.read;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** An MQTT broker that keeps sessions on disk, in a process of its own. */
public final class Mosquitto implements AutoCloseable {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String PROGRAM = "/usr/sbin/mosquitto";

  private final Path dir;
  private final int port;
  private Process process;

  private Mosquitto(Path dir, int port) {
    this.dir = dir;
    this.port = port;
  }

  /**
   * @param ahead messages it sends ahead of acknowledgements, where the client does not say
   * @param settings lines of its configuration
   */
  public static Mosquitto start(Path dir, int ahead, String... settings) throws Exception {
    int port = freePort();
    Files.writeString(
        dir.resolve("mosquitto.conf"),
        """
        listener %d 127.0.0.1
        persistence true
        persistence_location %s/
        max_inflight_messages %d
        user root
        log_type all
        %s
        """
            .formatted(
                port,
                dir,
                ahead,
                settings.length == 0 ? "allow_anonymous true" : String.join("\n", settings)));
    var broker = new Mosquitto(dir, port);
    broker.start();
    return broker;
  }

  /** For one more listener among the settings. */
  public static int freePort() throws IOException {
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }

  public void start() throws IOException {
    if (!Files.isExecutable(Path.of(PROGRAM)))
      throw new AssertionError(
          PROGRAM + " is missing; as root: apt-get install --no-install-recommends mosquitto");
    process =
        new ProcessBuilder(PROGRAM, "-c", dir.resolve("mosquitto.conf").toString())
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve("mosquitto.log").toFile())
            .start();
    Awaitility.await().atMost(SOON).until(this::answers);
  }

  /** Ends it; what it knows is on disk. */
  public void stop() throws Exception {
    process.destroy();
    if (!process.waitFor(SOON.toSeconds(), TimeUnit.SECONDS))
      throw new AssertionError("the broker does not end");
  }

  public void publish(String topic, String... payloads) {
    publish(MqttQos.AT_LEAST_ONCE, false, topic, payloads);
  }

  public void publish(MqttQos qos, boolean retain, String topic, String... payloads) {
    var client = client();
    client.connect();
    for (var payload : payloads)
      client
          .publishWith()
          .topic(topic)
          .qos(qos)
          .retain(retain)
          .payload(payload.getBytes(StandardCharsets.UTF_8))
          .send();
    client.disconnect();
  }

  public String uri(String path) {
    return "mqtt://127.0.0.1:%d/%s".formatted(port, path);
  }

  @Override
  public void close() {
    // Until it is gone it writes to the directory, which whoever closes it may want to remove.
    process.destroyForcibly().onExit().join();
  }

  private Mqtt5BlockingClient client() {
    return Mqtt5Client.builder().serverHost("127.0.0.1").serverPort(port).buildBlocking();
  }

  private boolean answers() {
    try (var socket = new Socket("127.0.0.1", port)) {
      return socket.isConnected();
    } catch (IOException e) {
      if (!process.isAlive()) throw new AssertionError("the broker has ended; see its log", e);
      return false;
    }
  }
}
