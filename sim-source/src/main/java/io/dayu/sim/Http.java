package io.dayu.sim;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

/** What the pages share: short answers, parameters, refusals. */
final class Http {
  private Http() {}

  /** An answer other than 200, with what is wrong and what to do. */
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int status;

    Refusal(int status, String message) {
      super(message);
      this.status = status;
    }

    int status() {
      return status;
    }
  }

  static void send(HttpExchange exchange, int status, String type, String text) throws IOException {
    send(exchange, status, type + "; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
  }

  static void send(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    try (var out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  static void noCache(HttpExchange exchange) {
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
  }

  /**
   * The query parameter {@code name}, empty when it is not given.
   *
   * @throws Refusal when it is not a whole number from {@code least} to {@code most}
   */
  static OptionalLong number(HttpExchange exchange, String name, long least, long most) {
    var query = exchange.getRequestURI().getRawQuery();
    if (query == null) {
      return OptionalLong.empty();
    }
    for (var pair : query.split("&")) {
      if (pair.startsWith(name + "=")) {
        var value = pair.substring(name.length() + 1);
        if (!value.matches("\\d{1,15}")
            || Long.parseLong(value) < least
            || Long.parseLong(value) > most) {
          throw new Refusal(
              400,
              name
                  + " must be a whole number from "
                  + least
                  + " to "
                  + most
                  + ", not \""
                  + value
                  + "\"");
        }
        return OptionalLong.of(Long.parseLong(value));
      }
    }
    return OptionalLong.empty();
  }
}
