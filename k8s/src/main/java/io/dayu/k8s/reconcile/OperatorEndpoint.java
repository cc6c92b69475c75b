package io.dayu.k8s.reconcile;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.dayu.settings.HostPort;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an operator that runs by itself tells of itself: {@code /alive} while the process answers,
 * {@code /ready} while it stands for election or leads, {@code /metrics}. None of them asks the API
 * server or the cluster of Dayu: an operator that waits for them is healthy.
 */
final class OperatorEndpoint implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OperatorEndpoint.class);
  private static final int THREADS = 2;
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String FIGURES = "text/plain; version=0.0.4; charset=utf-8";

  static {
    // Of the JDK's server, read once when it is loaded: no client that never ends its request.
    if (System.getProperty("sun.net.httpserver.maxReqTime") == null)
      System.setProperty("sun.net.httpserver.maxReqTime", "15");
  }

  private final HttpServer server;
  private final ExecutorService threads;
  private final PrometheusMeterRegistry metrics =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private volatile boolean ready;

  private OperatorEndpoint(HttpServer server, ExecutorService threads, MultiCollector figures) {
    this.server = server;
    this.threads = threads;
    metrics.getPrometheusRegistry().register(figures);
  }

  /**
   * Serves when it returns; not ready until it is told so.
   *
   * @throws IOException if the address cannot be bound
   */
  static OperatorEndpoint start(HostPort at, MultiCollector figures) throws IOException {
    var server = HttpServer.create(new InetSocketAddress(at.host(), at.port()), 0);
    var threads =
        Executors.newFixedThreadPool(
            THREADS,
            task -> {
              var thread = new Thread(task, "operator-endpoint");
              thread.setDaemon(true);
              return thread;
            });
    var endpoint = new OperatorEndpoint(server, threads, figures);
    server.setExecutor(threads);
    server.createContext("/", endpoint::answer);
    server.start();
    LOG.info(
        "/alive, /ready and /metrics at http://{}",
        HostPort.text(at.host(), server.getAddress().getPort()));
    return endpoint;
  }

  InetSocketAddress address() {
    return server.getAddress();
  }

  void ready(boolean is) {
    ready = is;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    metrics.close();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      var method = exchange.getRequestMethod();
      if (!method.equals("GET") && !method.equals("HEAD")) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        send(exchange, 405, TEXT, "GET only\n".getBytes(StandardCharsets.UTF_8));
        return;
      }
      switch (exchange.getRequestURI().getPath()) {
        case "/alive" -> say(exchange, 200, "alive");
        case "/ready" -> say(exchange, ready ? 200 : 503, ready ? "ready" : "not ready");
        case "/metrics" ->
            send(exchange, 200, FIGURES, metrics.scrape(FIGURES).getBytes(StandardCharsets.UTF_8));
        default -> say(exchange, 404, "/alive, /ready and /metrics are here");
      }
    }
  }

  private static void say(HttpExchange exchange, int code, String words) throws IOException {
    send(exchange, code, TEXT, (words + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, int code, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(code, head ? -1 : body.length);
    if (!head) exchange.getResponseBody().write(body);
  }
}
