package io.dayu.conformance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A service that keeps the contract, but for what a test has it do otherwise. */
final class FakeService implements AutoCloseable {
  static final String DESCRIPTION =
      """
      {"apiVersion": "dayu.io/v1alpha1", "version": "1", "description": "Counts", "payload": ["readings"],
       "inputs": [], "output": "labels", "accepts": ["application/json"], "parallelism": 4, "batch": 4,
       "parameters": {"type": "object", "properties": {"limit": {"type": "number"}}, "required": ["limit"]}}
      """;

  static final String LABELS =
      "{\"type\": \"labels\", \"labels\": [{\"name\": \"n\", \"value\": 1}]}";

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** A request that was read. */
  record Asked(String method, String path, Map<String, String> headers, byte[] body) {}

  record Reply(int status, String type, String body, Map<String, String> headers) {
    static Reply json(String body) {
      return new Reply(200, "application/json", body, Map.of());
    }

    static Reply text(int status, String body) {
      return new Reply(status, "text/plain", body, Map.of());
    }
  }

  @FunctionalInterface
  interface Behaviour {
    Reply answer(Asked asked) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Behaviour behaviour;

  FakeService(Behaviour behaviour) throws IOException {
    this.behaviour = behaviour;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
  }

  static Reply good(Asked asked) {
    return switch (asked.path()) {
      case "/.well-known/dayu-stage" -> Reply.json(DESCRIPTION);
      case "/health" -> Reply.text(200, "ok");
      default -> asked.method().equals("POST") ? work(asked) : Reply.text(405, "post");
    };
  }

  private static Reply work(Asked asked) {
    try {
      var body = MAPPER.readTree(asked.body());
      return switch (asked.headers().getOrDefault("content-type", "")) {
        case "application/json" ->
            one(body, asked.headers().getOrDefault("ce-dayuparams", "{}"))
                ? Reply.json(LABELS)
                : Reply.text(400, "something is missing");
        case "application/cloudevents-batch+json" -> {
          var results = MAPPER.createArrayNode();
          for (var event : body) {
            var result = results.addObject().put("id", event.path("id").asText());
            if (one(event.path("data"), event.path("dayuparams").asText("{}")))
              result.set("output", MAPPER.readTree(LABELS));
            else result.put("failed", "something is missing").put("retryable", false);
          }
          yield Reply.json(results.toString());
        }
        default -> Reply.text(415, "JSON is read");
      };
    } catch (IOException e) {
      return Reply.text(400, "no JSON");
    }
  }

  private static boolean one(JsonNode body, String params) throws JsonProcessingException {
    return MAPPER.readTree(params).path("limit").isNumber()
        && body.path("payload").path("type").asText().equals("readings");
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      var headers = new java.util.TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
      exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.get(0)));
      var reply =
          behaviour.answer(
              new Asked(
                  exchange.getRequestMethod(),
                  exchange.getRequestURI().getPath(),
                  headers,
                  exchange.getRequestBody().readAllBytes()));
      var bytes = reply.body().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", reply.type());
      reply.headers().forEach(exchange.getResponseHeaders()::set);
      exchange.sendResponseHeaders(reply.status(), bytes.length == 0 ? -1 : bytes.length);
      if (bytes.length > 0) exchange.getResponseBody().write(bytes);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
