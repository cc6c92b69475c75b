package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.http.TestServer.Answer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class HttpServerTest {
  private static final String READ = "read-token";
  private static final String WRITE = "write-token";

  private static String tokens() {
    return "dayu.http.tokens = [\"read:%s\", \"write:%s\"]"
        .formatted(Tokens.sha256(READ), Tokens.sha256(WRITE));
  }

  private static void start(String... overrides) {
    var config = TestServer.config(overrides);
    var system = TestServer.system(config);
    try {
      HttpServer.start(system, HttpSettings.from(config), new FakeControlPlane())
          .toCompletableFuture()
          .join();
    } finally {
      system.terminate();
      system.getWhenTerminated().toCompletableFuture().join();
    }
  }

  @Test
  void aPortInUseIsNamedTogetherWithItsKey() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> start("dayu.http.port = " + taken.getLocalPort()))
          .hasCauseInstanceOf(HttpServer.CannotStart.class)
          .hasMessageContaining(
              "port " + taken.getLocalPort() + " on 127.0.0.1 is in use", "dayu.http.port");
    }
  }

  @Test
  void anOpenBindToOtherMachinesIsRefused() {
    for (var host : new String[] {"0.0.0.0", "\"::\"", "192.0.2.1"})
      assertThatThrownBy(() -> start("dayu.http.host = " + host))
          .hasCauseInstanceOf(HttpServer.CannotStart.class)
          .hasMessageContaining("dayu.http.tokens");
  }

  @Test
  void aBindToOtherMachinesWithTokensStarts() {
    try (var server = new TestServer("dayu.http.host = 0.0.0.0", tokens())) {
      assertThat(server.get("/api/v1/nodes").status()).isEqualTo(401);
      assertThat(get(server, READ).status()).isEqualTo(200);
    }
  }

  @Test
  void withTokensOnlyThoseKnownComeInAndReadersChangeNothing() {
    try (var server = new TestServer(tokens())) {
      var nobody = server.get("/api/v1/nodes");
      assertThat(nobody.status()).isEqualTo(401);
      assertThat(nobody.header("WWW-Authenticate")).startsWith("Bearer");
      assertThat(get(server, "guess").status()).isEqualTo(401);
      assertThat(get(server, READ).status()).isEqualTo(200);
      assertThat(get(server, WRITE).status()).isEqualTo(200);
      assertThat(post(server, READ).status()).isEqualTo(403);
      assertThat(post(server, WRITE).status()).isEqualTo(201);
      assertThat(server.get("/metrics").status()).isEqualTo(401);
      assertThat(server.get("/").status()).isEqualTo(200);
    }
  }

  @Test
  void anOpenServerDoesNotAnswerToPagesOfOthers() throws Exception {
    try (var server = new TestServer()) {
      assertThat(raw(server, "Host: evil.example")).startsWith("HTTP/1.1 421");
      assertThat(raw(server, "Host: localhost\r\nOrigin: http://evil.example"))
          .startsWith("HTTP/1.1 403");
      assertThat(raw(server, "Host: localhost:9\r\nOrigin: http://localhost:9"))
          .startsWith("HTTP/1.1 200");
      assertThat(raw(server, "Host: [::1]:9")).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void whoGuessesTokensIsToldToWaitAndARightOneFromTheSameAddressIsLetIn() {
    try (var server = new TestServer(tokens())) {
      for (int i = 0; i < 10; i++) assertThat(get(server, "guess" + i).status()).isEqualTo(401);
      var late = get(server, "guess");
      assertThat(late.status()).isEqualTo(429);
      assertThat(Integer.parseInt(late.header("Retry-After"))).isBetween(1, 60);
      assertThat(get(server, READ).status()).isEqualTo(200);
      assertThat(server.get("/api/v1/nodes").status()).as("no token is no guess").isEqualTo(401);
    }
  }

  @Test
  void whatIsNoCleanHttpIsRefusedWithItsReasonAndTheHeadersOfEveryAnswer() throws Exception {
    try (var server = new TestServer()) {
      for (var headers :
          new String[] {
            "Host: localhost\nX: 1",
            "Host: localhost\r\nX: 1\r\n 2",
            "Host: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
            "Host: localhost\r\nX\u0001: 1",
            "Host: local host"
          }) {
        assertThat(raw(server, headers))
            .startsWith("HTTP/1.1 400")
            .contains("X-Content-Type-Options: nosniff", "Content-Security-Policy", "no-store")
            .contains("application/problem+json", "\"remedy\"");
      }
      assertThat(raw(server, "Host: localhost\nX: 1")).contains("ends in LF alone");
    }
  }

  private static String raw(TestServer server, String headers) throws Exception {
    var port = Integer.parseInt(server.base.replaceAll(".*:", ""));
    try (var socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              ("GET /api/v1/nodes HTTP/1.1\r\n" + headers + "\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static Answer get(TestServer server, String token) {
    return server.send(server.request("/api/v1/nodes").header("Authorization", "Bearer " + token));
  }

  private static Answer post(TestServer server, String token) {
    return server.send(
        server
            .request("/api/v1/pipelines")
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/yaml")
            .POST(BodyPublishers.ofString(Street.YAML)));
  }
}
