package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What callers do that are slow, silent or many; over real sockets. */
@Timeout(120)
class SlowCallersTest {
  private static final String BEGUN = "GET /api/v1/nodes HTTP/1.1\r\nHost: local";
  private static final String GET = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";

  private final List<Socket> sockets = new ArrayList<>();

  @AfterEach
  void close() throws IOException {
    for (var socket : sockets) socket.close();
  }

  private Socket open(TestServer server, String text) throws IOException {
    var socket = new Socket("127.0.0.1", Integer.parseInt(server.base.replaceAll(".*:", "")));
    sockets.add(socket);
    socket.setSoTimeout(60_000);
    send(socket, text);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String rest(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** The first bytes of an answer. */
  private static String begin(Socket socket) throws IOException {
    return new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
  }

  @Test
  void unfinishedHeadsOfOneAddressLeaveRoomForARequestFromTheSame() throws IOException {
    try (var server = new TestServer("dayu.http.connections-per-address = 32")) {
      for (int i = 0; i < 200; i++) open(server, BEGUN);
      assertThat(server.get("/api/v1/nodes").status()).isEqualTo(200);
    }
  }

  @Test
  void unfinishedHeadsBeyondAllConnectionsLeaveRoomForARequest() throws IOException {
    try (var server =
        new TestServer("dayu.http { max-connections = 40, connections-per-address = 1000 }")) {
      for (int i = 0; i < 200; i++) open(server, BEGUN);
      assertThat(server.get("/api/v1/nodes").status()).isEqualTo(200);
    }
  }

  @Test
  void aHeadThatDripsIsEndedInTime() throws IOException {
    try (var server = new TestServer("dayu.http.head-timeout = 300ms")) {
      var socket = open(server, "GET / HTTP/1.1\r\nX: ");
      socket.setSoTimeout(20);
      assertThatThrownBy(
              () -> {
                while (true) {
                  send(socket, "x");
                  try {
                    if (socket.getInputStream().read() < 0) throw new IOException("the end");
                  } catch (SocketTimeoutException e) {
                    // not yet
                  }
                }
              })
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void aHeadThatDoesNotComeIsAnsweredAndTheConnectionClosed() throws IOException {
    try (var server = new TestServer("dayu.http.head-timeout = 300ms")) {
      assertThat(rest(open(server, BEGUN)))
          .startsWith("HTTP/1.1 408")
          .contains("dayu.http.head-timeout", "nosniff");
    }
  }

  @Test
  void aConnectionWithoutARequestIsClosed() throws IOException {
    try (var server = new TestServer("dayu.http.head-timeout = 300ms")) {
      assertThat(rest(open(server, ""))).isEmpty();
    }
  }

  @Test
  void aConnectionThatWaitsBetweenRequestsIsClosed() throws IOException {
    try (var server = new TestServer("dayu.http.idle-timeout = 300ms")) {
      assertThat(rest(open(server, GET))).startsWith("HTTP/1.1 200").doesNotContain("HTTP/1.1 408");
    }
  }

  @Test
  void aBodyThatDoesNotComeIsAnsweredAndTheConnectionClosed() throws IOException {
    try (var server = new TestServer("dayu.http.request-timeout = 300ms")) {
      var socket =
          open(
              server,
              "POST /api/v1/pipelines HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/yaml\r\n"
                  + "Content-Length: 10\r\n\r\nx");
      assertThat(rest(socket)).startsWith("HTTP/1.1 408").contains("dayu.http.request-timeout");
    }
  }

  @Test
  void aRefusedRequestWhoseBodyDoesNotComeDoesNotKeepItsConnection() throws IOException {
    try (var server =
        new TestServer(
            "dayu.http { request-timeout = 300ms, tokens = [\"read:%s\"] }"
                .formatted(Tokens.sha256("right")))) {
      var socket =
          open(
              server,
              "POST /api/v1/pipelines HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx");
      assertThat(rest(socket)).startsWith("HTTP/1.1 401");
    }
  }

  @Test
  void aCallerWhoReadsNothingIsCutOff() {
    try (var server = new TestServer("dayu.http.idle-timeout = 500ms")) {
      assertThatThrownBy(
              () -> {
                var socket = open(server, GET);
                while (true) send(socket, GET.repeat(100));
              })
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void aPacketFullOfRequestsIsAnswered() throws IOException {
    try (var server = new TestServer()) {
      var get = "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
      var socket =
          open(
              server, get.repeat(2_000) + get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
      assertThat(rest(socket).split("HTTP/1.1 404", -1)).hasSize(2_002);
    }
  }

  @Test
  void anAddressHasHalfOfItsConnectionsForEventStreams() throws IOException {
    try (var server =
        new TestServer("dayu.http.connections-per-address = 8", "dayu.http.heartbeat = 100ms")) {
      Street.fill(server.control, Instant.now());
      var events = "GET /api/v1/pipelines/crossing/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
      var first = open(server, events);
      assertThat(begin(first)).isEqualTo("HTTP/1.1 200");
      for (int i = 1; i < 4; i++) assertThat(begin(open(server, events))).isEqualTo("HTTP/1.1 200");
      var refused = open(server, events.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
      assertThat(rest(refused))
          .startsWith("HTTP/1.1 429")
          .contains("Retry-After: 10", "dayu.http.connections-per-address");
      assertThat(server.get("/api/v1/nodes").status()).isEqualTo(200);
      first.close();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> begin(open(server, events)).equals("HTTP/1.1 200"));
    }
  }

  @Test
  void theServerStopsWhileCallersAreSlow() throws IOException {
    var server = new TestServer();
    open(server, BEGUN);
    var idle = open(server, GET);
    assertThat(begin(idle)).isEqualTo("HTTP/1.1 200");
    server.close();
    assertThat(rest(idle)).doesNotContain("HTTP/1.1 ");
  }
}
