package io.dayu.sim;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/**
 * Serves sensors as CSV or as one JSON object per line: live without end, or a part of the past.
 * One thread per request.
 */
final class SensorPages {
  private static final int MOST = 100_000;

  private final Viewers viewers;

  SensorPages(Viewers viewers) {
    this.viewers = viewers;
  }

  void csv(HttpExchange exchange, Sensor sensor) throws IOException, InterruptedException {
    serve(exchange, sensor, "text/csv", Sensor.Reading.CSV_HEADER, Sensor.Reading::csv);
  }

  void ndjson(HttpExchange exchange, Sensor sensor) throws IOException, InterruptedException {
    serve(exchange, sensor, "application/x-ndjson", "", Sensor.Reading::json);
  }

  private void serve(
      HttpExchange exchange,
      Sensor sensor,
      String type,
      String header,
      Function<Sensor.Reading, String> line)
      throws IOException, InterruptedException {
    var count = Http.number(exchange, "count", 1, MOST);
    Http.noCache(exchange);
    if (count.isPresent()) {
      history(exchange, sensor, type, header, line, count.getAsLong());
    } else {
      live(exchange, sensor, type, header, line);
    }
  }

  /**
   * {@code count} readings from number {@code from} on, without waiting; readings of the future are
   * as good as those of the past.
   */
  private static void history(
      HttpExchange exchange,
      Sensor sensor,
      String type,
      String header,
      Function<Sensor.Reading, String> line,
      long count)
      throws IOException {
    long from = Http.number(exchange, "from", 0, Integer.MAX_VALUE).orElse(0);
    exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
    exchange.sendResponseHeaders(200, 0);
    try (var out = exchange.getResponseBody()) {
      out.write(header.getBytes(StandardCharsets.UTF_8));
      for (long n = from; n < from + count; n++) {
        out.write(line.apply(sensor.reading(n)).getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  /** Every reading from now on, when it is due; a slow client gets all of them, late. */
  private void live(
      HttpExchange exchange,
      Sensor sensor,
      String type,
      String header,
      Function<Sensor.Reading, String> line)
      throws IOException, InterruptedException {
    try (var viewer = viewers.enter()) {
      exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
      exchange.sendResponseHeaders(200, 0);
      var out = exchange.getResponseBody();
      viewer.write(() -> out.write(header.getBytes(StandardCharsets.UTF_8)));
      long last = sensor.pace().newest() - 1;
      while (!viewers.closing()) {
        long newest = sensor.pace().awaitNewerThan(last);
        var due = new StringBuilder();
        for (long n = last + 1; n <= Math.min(newest, last + MOST); n++) {
          due.append(line.apply(sensor.reading(n)));
        }
        viewer.write(
            () -> {
              out.write(due.toString().getBytes(StandardCharsets.UTF_8));
              out.flush();
            });
        last = Math.min(newest, last + MOST);
      }
    }
  }
}
