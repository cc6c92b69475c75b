package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Cameras with habits of their own, from their socket to the store. */
class CameraClusterIT {
  private static final String PASSWORD = "hunter2";
  private static Cluster cluster;
  private static ServerSocket cameras;
  private static final CountDownLatch SILENT_IS_LEFT = new CountDownLatch(1);

  @BeforeAll
  static void start() throws IOException {
    cameras = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    thread(
        () -> {
          while (true) {
            var socket = cameras.accept();
            thread(() -> answer(socket));
          }
        });
    cluster = Cluster.start(CameraClusterIT.class, 1, n -> n);
  }

  @AfterAll
  static void stop() throws IOException {
    if (cluster != null) cluster.close();
    cameras.close();
  }

  @Test
  void camerasOfEveryHabitAreReadAndWhatIsNoneIsNamed() throws Exception {
    var sources =
        """
        - {name: odd, uri: "http://%1$s/stream?format=mjpeg", node: edge-1}
        - {name: single, uri: "http://admin:hunter2@%1$s/snap.jpg?every=200ms", node: edge-1}
        - {name: page, uri: "http://%1$s/page.mjpeg", node: edge-1}
        - {name: silent, uri: "http://%1$s/silent.mjpeg?timeout=1h", node: edge-1}
        """;
    cluster.submit(pipeline("yard", sources));
    Cluster.await("pictures of two cameras, and the problem of a third")
        .until(
            () ->
                delivered("odd") > 20
                    && delivered("single") > 5
                    && problem("page").contains("text/html"));
    assertThat(cluster.ledger("yard").failed()).isZero();
    assertThat(problem("page"))
        .contains("/page.mjpeg", "23 bytes in which there is no JPEG image")
        .doesNotContain("inside");
    assertThat(cluster.get("pipelines/yard").path("status").toString()).doesNotContain(PASSWORD);
    assertThat(cluster.log("edge-1")).doesNotContain(PASSWORD);

    cluster.delete("yard");
    assertThat(SILENT_IS_LEFT.await(30, TimeUnit.SECONDS))
        .as("a reader that waits ends with its pipeline")
        .isTrue();
  }

  @Test
  void anAddressThatDoesNotTellItsKindIsRefusedWithWhatToWrite() {
    var answer =
        cluster.call(
            "POST",
            "pipelines",
            "application/yaml",
            pipeline("wrong", "- {name: a, uri: \"http://%1$s/stream\", node: edge-1}\n"));
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.text()).contains("format=mjpeg", "format=csv").doesNotContain("mqtt://");
  }

  private static String pipeline(String name, String sources) {
    return """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: %s}
        spec:
          sources:
        %s
          stages: [{id: end, type: identity}]
          policy: {name: fixed, params: {route: {end: cloud-1}}}
        """
        .formatted(
            name,
            sources.formatted("127.0.0.1:" + cameras.getLocalPort()).indent(4).stripTrailing());
  }

  private static JsonNode stream(String name) {
    return Cluster.items(cluster.status("yard").path("streams")).stream()
        .filter(s -> s.path("source").asText().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static long delivered(String name) {
    return stream(name).path("ledger").path("delivered").asLong();
  }

  private static String problem(String name) {
    return stream(name).path("problem").asText();
  }

  private static void answer(Socket socket) throws Exception {
    try (socket) {
      var request = request(socket);
      var out = socket.getOutputStream();
      if (request.startsWith("GET /stream")) odd(out);
      else if (request.startsWith("GET /snap")) single(request, out);
      else if (request.startsWith("GET /page")) {
        text(out, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>the inside</html>");
      } else {
        text(out, "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=b\r\n\r\n");
        int next = socket.getInputStream().read();
        if (next < 0) SILENT_IS_LEFT.countDown();
      }
    }
  }

  /** Another boundary than it declares, no lengths and half of the line ends, as fast as it can. */
  private static void odd(OutputStream out) throws IOException {
    text(out, "HTTP/1.0 200 OK\nContent-type: multipart/x-mixed-replace;boundary =--my\n\n");
    for (int i = 0; ; i++) {
      text(out, "--other\nContent-Type: image/jpeg\n\n");
      out.write(jpeg(i));
    }
  }

  private static void single(String request, OutputStream out) throws IOException {
    if (!request.contains("Authorization: Digest username=\"admin\"")) {
      text(out, "HTTP/1.1 401 Unauthorized\r\n");
      text(out, "WWW-Authenticate: Digest realm=\"cam\", nonce=\"n\", qop=\"auth\"\r\n\r\n");
      return;
    }
    text(out, "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n");
    out.write(jpeg((int) System.nanoTime()));
  }

  private static byte[] jpeg(int seed) throws IOException {
    var image = new BufferedImage(64, 48, BufferedImage.TYPE_INT_RGB);
    for (int x = 0; x < 64; x++) image.setRGB(x, x * 7 % 48, seed * 31 + x);
    var out = new ByteArrayOutputStream();
    ImageIO.write(image, "jpg", out);
    return out.toByteArray();
  }

  private static String request(Socket socket) throws IOException {
    var request = new StringBuilder();
    while (request.indexOf("\r\n\r\n") < 0) {
      int next = socket.getInputStream().read();
      if (next < 0) throw new IOException("no whole request");
      request.append((char) next);
    }
    return request.toString();
  }

  private static void text(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private interface Work {
    void run() throws Exception;
  }

  /** It ends with the sockets. */
  private static void thread(Work work) {
    var thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (Exception e) {
                // The reader hung up, or the test is over.
                return;
              }
            },
            "camera");
    thread.setDaemon(true);
    thread.start();
  }
}
