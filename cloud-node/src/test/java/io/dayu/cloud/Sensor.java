package io.dayu.cloud;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A sensor that sends a reading fifty times a second as long as somebody listens. Each reading has
 * a time of its own, by which it is known again; none is ever sent twice.
 */
final class Sensor implements AutoCloseable {
  private static final long FIRST_AT = 1_700_000_000_000L;
  private static final long EVERY_MS = 20;

  private final HttpServer server;
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private HttpExchange listener;
  private volatile long sent;

  Sensor() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", exchange -> clock.execute(() -> listen(exchange)));
    server.start();
    clock.scheduleAtFixedRate(this::send, 0, EVERY_MS, TimeUnit.MILLISECONDS);
  }

  URI uri() {
    return URI.create("http://127.0.0.1:%d/s.ndjson".formatted(server.getAddress().getPort()));
  }

  /** How many readings were sent. */
  long sent() {
    return sent;
  }

  /** Which one it is: 0, 1, 2 … */
  static long number(long atMs) {
    return atMs - FIRST_AT;
  }

  /** The listener hears the end of the readings. */
  void end() {
    clock.execute(
        () -> {
          if (listener != null) listener.close();
          listener = null;
        });
    clock.shutdown(); // ends the periodic task; what was handed over before is still done
  }

  private void listen(HttpExchange exchange) {
    if (listener != null) listener.close();
    listener = exchange;
    try {
      exchange.sendResponseHeaders(200, 0);
    } catch (IOException gone) {
      listener = null;
    }
  }

  private void send() {
    if (listener == null) return;
    var line = "{\"sensor\":\"s\",\"at\":%d,\"value\":1}\n".formatted(FIRST_AT + sent);
    try {
      listener.getResponseBody().write(line.getBytes(StandardCharsets.UTF_8));
      listener.getResponseBody().flush();
      sent++;
    } catch (IOException gone) {
      listener.close();
      listener = null;
    }
  }

  @Override
  public void close() {
    clock.shutdownNow();
    server.stop(0);
  }
}
