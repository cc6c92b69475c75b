package io.dayu.service;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/** A service as somebody might write it; what it answers the test says. */
final class TestService implements AutoCloseable {
  interface Work {
    void answer(HttpExchange exchange) throws IOException;
  }

  /** A request to do work. */
  record Got(String path, Map<String, List<String>> headers, byte[] body) {
    String header(String name) {
      return headers.entrySet().stream()
          .filter(h -> h.getKey().equalsIgnoreCase(name))
          .map(h -> h.getValue().get(0))
          .findFirst()
          .orElse("");
    }

    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  static final String TEXT_TO_LABELS =
      """
      {"apiVersion": "dayu.io/v1alpha1", "payload": ["text"], "output": "labels"}
      """;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  final List<Got> got = new CopyOnWriteArrayList<>();
  volatile Work work = exchange -> json(exchange, 200, "{}");
  volatile String description = TEXT_TO_LABELS;
  volatile int health = 200;

  /** Until this is counted down nothing is answered, as by a process that is stopped. */
  volatile CountDownLatch frozen = new CountDownLatch(0);

  private TestService(HttpServer server, Consumer<TestService> first) {
    this.server = server;
    first.accept(this);
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  static TestService start() {
    return start(0);
  }

  static TestService start(int port) {
    return start(port, service -> {});
  }

  /**
   * @param first what is set before anybody is answered
   */
  static TestService start(int port, Consumer<TestService> first) {
    try {
      return new TestService(HttpServer.create(address(port), 0), first);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One over TLS. */
  static TestService start(TestAuthority.Identity identity) throws Exception {
    return start(0, identity);
  }

  static TestService start(int port, TestAuthority.Identity identity) throws Exception {
    var server = HttpsServer.create(address(port), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(identity.context()));
    return new TestService(server, service -> {});
  }

  private static InetSocketAddress address(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  int port() {
    return server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    var path = exchange.getRequestURI().getPath();
    try {
      frozen.await();
    } catch (InterruptedException e) {
      return; // the test is over
    }
    if (path.equals("/health")) answer(exchange, health, "text/plain", "");
    else if (path.equals("/.well-known/dayu-stage"))
      json(exchange, description.isEmpty() ? 404 : 200, description);
    else {
      got.add(
          new Got(
              path,
              Map.copyOf(exchange.getRequestHeaders()),
              exchange.getRequestBody().readAllBytes()));
      work.answer(exchange);
    }
  }

  static void json(HttpExchange exchange, int status, String body) throws IOException {
    answer(exchange, status, "application/json", body);
  }

  static void answer(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    answer(exchange, status, type, body.getBytes(StandardCharsets.UTF_8));
  }

  static void answer(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("content-type", type);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    if (body.length > 0) exchange.getResponseBody().write(body);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
