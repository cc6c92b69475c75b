package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ManagementServerTest {
  private final ActorSystem<Void> system =
      TestServer.system(TestServer.config("dayu.http.connections-per-address = 16"));
  private final int port =
      ManagementServer.start(
              system,
              "127.0.0.1",
              0,
              Optional.empty(),
              Set.of("node-a.site"),
              HttpSettings.from(system.settings().config()),
              request ->
                  CompletableFuture.completedFuture(HttpResponse.create().withEntity("members")))
          .toCompletableFuture()
          .join()
          .getPort();

  @AfterEach
  void stop() {
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().join();
  }

  private Socket open(String text) throws IOException {
    var socket = new Socket("127.0.0.1", port);
    socket.setSoTimeout(60_000);
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private String ask(String headers) throws IOException {
    try (var socket =
        open("GET /cluster/members HTTP/1.1\r\n" + headers + "\r\nConnection: close\r\n\r\n")) {
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void itAnswersToAddressesAndItsOwnNamesOnly() throws IOException {
    for (var own :
        new String[] {"127.0.0.1:1", "[::1]", "10.1.2.3", "localhost", "Node-A.site:7626"})
      assertThat(ask("Host: " + own)).as(own).startsWith("HTTP/1.1 200").contains("nosniff");
    assertThat(ask("Host: evil.example"))
        .startsWith("HTTP/1.1 421")
        .contains("dayu.management.names")
        .doesNotContain("members\"");
    assertThat(ask("Host: 127.0.0.1\r\nOrigin: http://evil.example")).startsWith("HTTP/1.1 403");
  }

  @Test
  void unfinishedHeadsLeaveRoomForAProbe() throws IOException {
    var sockets = new ArrayList<Socket>();
    for (int i = 0; i < 100; i++) sockets.add(open("GET /ready HT"));
    assertThat(ask("Host: 127.0.0.1")).startsWith("HTTP/1.1 200");
    for (var socket : sockets) socket.close();
  }
}
