package io.dayu.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Answers what a test laid down for a method and path; remembers what it was asked. */
final class FakeApi implements AutoCloseable {
  record Asked(String method, String path, String body, Map<String, List<String>> headers) {}

  private record Answer(int status, String type, String body) {}

  private final HttpServer server;
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final List<Asked> asked = new CopyOnWriteArrayList<>();

  FakeApi() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Lays down an answer; the path is below {@code /api/v1/} and includes the query. */
  FakeApi on(String method, String path, int status, String body) {
    var type =
        body.startsWith("event:") || body.startsWith(":")
            ? "text/event-stream"
            : status / 100 == 2 ? "application/json" : "application/problem+json";
    answers.put(method + " /api/v1/" + path, new Answer(status, type, body));
    return this;
  }

  FakeApi get(String path, String body) {
    return on("GET", path, 200, body);
  }

  List<Asked> asked() {
    return List.copyOf(asked);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      var key = exchange.getRequestMethod() + " " + exchange.getRequestURI();
      asked.add(
          new Asked(
              exchange.getRequestMethod(),
              exchange.getRequestURI().toString(),
              body,
              Map.copyOf(exchange.getRequestHeaders())));
      var answer =
          answers.getOrDefault(
              key,
              new Answer(
                  404,
                  "application/problem+json",
                  "{\"title\":\"Not Found\",\"detail\":\"nothing for %s\",\"remedy\":\"look\"}"
                      .formatted(key)));
      var bytes = answer.body().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", answer.type());
      exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
