package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.http.TestServer.Answer;
import io.dayu.store.StoreException;
import java.io.BufferedOutputStream;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProblemsTest {
  private TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  /** A server that waits for nobody for long; other tests need one that is not held to that. */
  private void loseSomePatience() {
    server.close();
    server = new TestServer("dayu.http.request-timeout = 300ms");
  }

  private static void isProblem(Answer answer, int status) {
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    var problem = answer.json();
    assertThat(problem.get("type").asText()).isEqualTo("about:blank");
    assertThat(problem.get("status").asInt()).isEqualTo(status);
    assertThat(problem.get("title").asText()).isNotBlank();
    assertThat(problem.get("detail").asText()).isNotBlank();
    assertThat(problem.get("remedy").asText()).isNotBlank();
  }

  @Test
  void anUnknownPathIsNotFound() {
    isProblem(server.get("/api/v1/nowhere"), 404);
    isProblem(server.get("/api/v1/pipelines/"), 404);
  }

  @Test
  void anotherMethodIsNotAllowedAndTheRightOnesAreNamed() {
    var answer =
        server.send(
            server.request("/api/v1/pipelines").method("PATCH", BodyPublishers.ofString("{}")));
    isProblem(answer, 405);
    assertThat(answer.header("Allow")).isEqualTo("GET, POST");
  }

  @Test
  void aMediaTypeThatIsNotServedIsNotAcceptable() {
    isProblem(server.send(server.request("/api/v1/nodes").header("Accept", "text/html")), 406);
    assertThat(
            server
                .send(server.request("/api/v1/nodes").header("Accept", "text/html, */*;q=0.1"))
                .status())
        .isEqualTo(200);
  }

  @Test
  void anUnknownContentTypeIsNotSupported() {
    var answer = server.post("application/xml", "<pipeline/>");
    isProblem(answer, 415);
    assertThat(answer.json().get("remedy").asText()).contains("application/yaml");
  }

  @Test
  void malformedJsonIsToldWithLineAndColumn() {
    var answer = server.post("application/json", "{\"a\": 1,\n  \"b\": oops}");
    isProblem(answer, 400);
    assertThat(answer.json().get("detail").asText()).contains("line 2, column");
  }

  @Test
  void malformedYamlIsToldWithLineAndColumn() {
    var answer = server.post("application/yaml", "a: 1\nb: [1, 2\nc: 3\n");
    isProblem(answer, 400);
    assertThat(answer.json().get("detail").asText()).contains("YAML at line 3, column");
  }

  @Test
  void oddDocumentsAreTheCallersErrorNeverTheServers() {
    for (var document :
        List.of(
            "null",
            "true",
            "\"text\"",
            "{}",
            "{\"spec\": null, \"metadata\": null}",
            "{\"metadata\": {\"name\": 5}, \"spec\": {\"sources\": {}, \"stages\": \"x\"}}",
            "{\"metadata\": {\"name\": \"../x\"}, \"spec\": {\"sources\": [null, 1, [[]]]}}",
            Street.JSON.replace("\"cam:street\"", "\"%%%\""),
            Street.JSON.replace("\"cam:street\"", "1e999"),
            Street.JSON.replace("\"crossing\"", "\"\\u0000\""),
            Street.JSON.replace("\"detect\"", "\"detect\", \"params\": {\"threshold\": null}"),
            Street.JSON.replace("\"detect\"", "\"detect\", \"params\": {\"labels\": [null]}"),
            Street.JSON.replace("\"cloud-only\"", "\"fixed\", \"params\": {\"route\": [1]}")))
      assertThat(server.post("application/json", document).status())
          .as(document)
          .isIn(201, 400, 409, 422);
  }

  @Test
  void anEmptyBodyIsABadRequest() {
    isProblem(server.post("application/json", ""), 400);
  }

  @Test
  void tenMegabytesAreTooLargeAndTheClientReadsTheAnswer() {
    var body = "{\"a\": \"" + "x".repeat(10 << 20) + "\"}";
    var answer = server.post("application/json", body);
    isProblem(answer, 413);
    assertThat(answer.json().get("remedy").asText()).contains("dayu.http.max-body");
    assertThat(server.get("/api/v1/nodes").status()).isEqualTo(200);
  }

  @Test
  void aBodyOfUnknownLengthIsLimitedToo() {
    var bytes = "x".repeat(3 << 20).getBytes(StandardCharsets.UTF_8);
    var answer =
        server.send(
            server
                .request("/api/v1/pipelines")
                .POST(
                    BodyPublishers.fromPublisher(
                        BodyPublishers.ofInputStream(
                            () -> new java.io.ByteArrayInputStream(bytes)))));
    isProblem(answer, 413);
  }

  @Test
  void whoAsksBeforeSendingTooMuchIsToldBeforeSending() throws Exception {
    try (var socket = connect()) {
      send(
          socket,
          "POST /api/v1/pipelines HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10485760\r\n"
              + "Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n");
      assertThat(statusLine(socket)).startsWith("HTTP/1.1 413");
    }
  }

  @Test
  void aBodyThatDoesNotComeTimesOut() throws Exception {
    loseSomePatience();
    try (var socket = connect()) {
      send(
          socket,
          "POST /api/v1/pipelines HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
              + "Content-Type: application/json\r\n\r\n{\"a\":");
      assertThat(statusLine(socket)).startsWith("HTTP/1.1 408");
    }
  }

  @Test
  void whatIsNotHttpIsAnsweredWithAProblem() throws Exception {
    try (var socket = connect()) {
      send(socket, "GET /\u0001 HTTP/1.1\r\nHost: localhost\r\n\r\n");
      var answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).startsWith("HTTP/1.1 400").contains("application/problem+json", "remedy");
    }
  }

  @Test
  void aClusterThatDoesNotAnswerIsUnavailable() {
    loseSomePatience();
    server.control.fallSilent();
    var answer = server.get("/api/v1/pipelines/crossing");
    isProblem(answer, 503);
    assertThat(answer.header("Retry-After")).isNotBlank();
  }

  @Test
  void aTimeoutOfTheClusterIsUnavailable() {
    server.control.fail(
        () -> new java.util.concurrent.CompletionException(new TimeoutException("ask timed out")));
    isProblem(server.get("/api/v1/pipelines/crossing"), 503);
  }

  @Test
  void aStoreThatIsAwayIsUnavailable() {
    server.control.fail(
        () -> new StoreException("read: connection to db:5432 refused", true, null));
    var answer = server.get("/api/v1/pipelines/crossing");
    isProblem(answer, 503);
    assertThat(answer.header("Retry-After")).isNotBlank();
    assertThat(answer.text()).contains("store").doesNotContain("5432");
  }

  @Test
  void aBugIsToldWithoutInternals() {
    server.control.fail(() -> new IllegalStateException("secret table T_17 is missing"));
    var answer = server.get("/api/v1/pipelines/crossing");
    isProblem(answer, 500);
    assertThat(answer.text()).doesNotContain("T_17", "IllegalState", "io.dayu");
  }

  @Test
  void everyAnswerForbidsForeignScripts() {
    Street.fill(server.control, Instant.now());
    for (var path : new String[] {"/", "/api/v1/nodes", "/nowhere"}) {
      var answer = server.get(path);
      assertThat(answer.header("Content-Security-Policy")).contains("default-src 'self'");
      assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
      assertThat(answer.header("Server")).isEmpty();
    }
  }

  private Socket connect() throws Exception {
    var socket = new Socket("127.0.0.1", Integer.parseInt(server.base.replaceAll(".*:", "")));
    socket.setSoTimeout(60_000);
    return socket;
  }

  private static void send(Socket socket, String text) throws Exception {
    var out = new BufferedOutputStream(socket.getOutputStream());
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  private static String statusLine(Socket socket) throws Exception {
    return new java.io.BufferedReader(
            new java.io.InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
        .readLine();
  }
}
