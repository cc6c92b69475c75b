package io.dayu.k8s.connect;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ClientsTest {
  @Test
  void anAnswerThatStopsHalfWayFails() throws IOException {
    try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        var client =
            Clients.of(
                new ConfigBuilder(io.fabric8.kubernetes.client.Config.empty())
                    .withMasterUrl("http://127.0.0.1:" + server.getLocalPort() + "/")
                    .withTrustCerts(true)
                    .build(),
                Duration.ofMillis(200))) {
      var halfWay = new Thread(() -> answerHalf(server), "half-way");
      halfWay.setDaemon(true);
      halfWay.start();
      assertThatThrownBy(() -> client.nodes().list())
          .isInstanceOf(KubernetesClientException.class)
          .hasStackTraceContaining("stopped half way");
    }
  }

  /** Every connection is left open, as by a machine that has lost its power. */
  private static void answerHalf(ServerSocket server) {
    var open = new ArrayList<Socket>(); // one that nobody holds is closed when it is collected
    try {
      while (true) {
        var socket = server.accept();
        open.add(socket);
        var request =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
        while (!request.readLine().isEmpty()) {}
        socket
            .getOutputStream()
            .write(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"items\":["
                    .getBytes(StandardCharsets.US_ASCII));
      }
    } catch (IOException e) {
      open.forEach(ClientsTest::close); // the test is over
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
