package io.dayu.read;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A server of readings, a new one for each test; answers that wait are ended with it. */
final class HttpOrigin implements BeforeEachCallback, AfterEachCallback {
  interface Handler {
    void answer(HttpExchange exchange) throws Exception;
  }

  final List<HttpExchange> asked = new CopyOnWriteArrayList<>();
  private final CountDownLatch testIsOver = new CountDownLatch(1);
  private HttpServer server;
  private ExecutorService threads;

  @Override
  public void beforeEach(ExtensionContext context) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    threads = Executors.newCachedThreadPool();
    server.setExecutor(threads);
    server.start();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    testIsOver.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  int port() {
    return server.getAddress().getPort();
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port() + path);
  }

  /** Answers at a path; the connection is closed behind it, complete or not. */
  void at(String path, Handler handler) {
    server.createContext(
        path,
        exchange -> {
          asked.add(exchange);
          try {
            handler.answer(exchange);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } catch (IOException e) {
            throw e;
          } catch (Exception e) {
            throw new IllegalStateException(e);
          } finally {
            exchange.close();
          }
        });
  }

  void stayUntilTheTestIsOver() throws InterruptedException {
    testIsOver.await();
  }

  /**
   * @param length 0 for an answer that does not say its length
   */
  static void send(HttpExchange exchange, long length, String text) throws IOException {
    send(exchange, length, text.getBytes(StandardCharsets.UTF_8));
  }

  static void send(HttpExchange exchange, long length, byte[] bytes) throws IOException {
    exchange.sendResponseHeaders(200, length);
    exchange.getResponseBody().write(bytes);
    exchange.getResponseBody().flush();
    if (length == 0) exchange.getResponseBody().close();
  }
}
