package io.dayu.sim;

import com.sun.net.httpserver.HttpExchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/**
 * Serves cameras: a stream of pictures, one picture, and the ground truth. One thread per request.
 */
final class CameraPages {
  private static final String BOUNDARY = "dayu-frame";

  /**
   * How long a connection to a camera that has fallen silent stays open: nobody can tell when its
   * client leaves.
   */
  private static final Duration SILENCE = Duration.ofMinutes(2);

  private static final int TRUTH_DEFAULT = 20;
  private static final int TRUTH_MOST = 600;

  private final Viewers viewers;

  CameraPages(Viewers viewers) {
    this.viewers = viewers;
  }

  /**
   * Sends the newest picture at every tick until the client leaves; a client that reads slowly
   * misses pictures, the camera waits for nobody.
   */
  void stream(HttpExchange exchange, Camera camera) throws IOException, InterruptedException {
    try (var viewer = viewers.enter()) {
      camera.counts().viewers().incrementAndGet();
      // Refused here, before the status of the answer is sent.
      var unused = picture(camera, camera.pace().newest());
      exchange
          .getResponseHeaders()
          .set("Content-Type", "multipart/x-mixed-replace; boundary=" + BOUNDARY);
      Http.noCache(exchange);
      exchange.sendResponseHeaders(200, 0);
      var out = exchange.getResponseBody();
      var faults = camera.faults();
      long opened = System.nanoTime();
      long last = camera.pace().newest() - 1;
      while (!viewers.closing()) {
        long n = camera.pace().awaitNewerThan(last);
        var age = Duration.ofNanos(System.nanoTime() - opened);
        if (faults.disconnectEvery().filter(d -> age.compareTo(d) >= 0).isPresent()) {
          // An exception, not an end of the body: the server then cuts the connection as a dying
          // camera does.
          throw new IOException("disconnected as asked for");
        }
        if (faults.silentAfter().filter(d -> age.compareTo(d) >= 0).isPresent()) {
          viewer.pause(SILENCE); // or less, when the server closes: the stream ends either way
          throw new IOException("silent as asked for");
        }
        var part = part(camera, n);
        viewer.write(
            () -> {
              out.write(part);
              out.flush();
            });
        camera.counts().sent().increment();
        camera.counts().skipped().add(n - last - 1);
        last = n;
      }
    } finally {
      camera.counts().viewers().decrementAndGet();
    }
  }

  /** The newest picture. */
  void still(HttpExchange exchange, Camera camera) throws IOException {
    long n = camera.pace().newest();
    exchange.getResponseHeaders().set("X-Timestamp", timestamp(camera.pace().at(n)));
    exchange.getResponseHeaders().set("X-Frame", Long.toString(n));
    Http.noCache(exchange);
    Http.send(exchange, 200, "image/jpeg", camera.faults().applyTo(n, picture(camera, n)));
  }

  private static byte[] picture(Camera camera, long n) {
    try {
      return camera.footage().jpeg(n);
    } catch (IOException e) {
      throw new Http.Refusal(500, camera.name() + " has no picture: " + e.getMessage());
    }
  }

  /** One line for each of the {@code last} frames, oldest first. */
  void recentTruth(HttpExchange exchange, Camera camera) throws IOException {
    long count = Http.number(exchange, "last", 1, TRUTH_MOST).orElse(TRUTH_DEFAULT);
    long newest = camera.pace().newest();
    var lines = new StringBuilder();
    for (long n = Math.max(0, newest - count + 1); n <= newest; n++) {
      lines.append(truth(camera, n)).append('\n');
    }
    Http.send(exchange, 200, "application/x-ndjson", lines.toString());
  }

  /** The frame asked for, or the newest. */
  void truth(HttpExchange exchange, Camera camera) throws IOException {
    long newest = camera.pace().newest();
    long n = Http.number(exchange, "frame", 0, newest).orElse(newest);
    Http.send(exchange, 200, "application/json", truth(camera, n) + "\n");
  }

  private static String truth(Camera camera, long n) {
    var boxes =
        camera
            .footage()
            .truth(n)
            .orElseThrow(
                () ->
                    new Http.Refusal(
                        404,
                        camera.name()
                            + " replays a film: there is no ground truth; generated cameras (--video auto) have it"));
    var json = new StringBuilder();
    json.append(
        String.format(
            Locale.ROOT,
            "{\"camera\":\"%s\",\"frame\":%d,\"at\":\"%s\",\"boxes\":[",
            camera.name(),
            n,
            camera.pace().at(n)));
    for (int i = 0; i < boxes.size(); i++) {
      var box = boxes.get(i);
      json.append(i == 0 ? "" : ",")
          .append(
              String.format(
                  Locale.ROOT,
                  "{\"label\":\"%s\",\"track\":%d,\"x\":%.6f,\"y\":%.6f,\"width\":%.6f,\"height\":%.6f,\"visible\":%.3f}",
                  box.label(),
                  box.track(),
                  box.x(),
                  box.y(),
                  box.width(),
                  box.height(),
                  box.visible()));
    }
    return json.append("]}").toString();
  }

  /** One array per part, so that the server sends it with few system calls. */
  private static byte[] part(Camera camera, long n) throws IOException {
    var jpeg = camera.faults().applyTo(n, camera.footage().jpeg(n));
    var head =
        "--"
            + BOUNDARY
            + "\r\nContent-Type: image/jpeg\r\nContent-Length: "
            + jpeg.length
            + "\r\nX-Timestamp: "
            + timestamp(camera.pace().at(n))
            + "\r\nX-Frame: "
            + n
            + "\r\n\r\n";
    var part = new ByteArrayOutputStream(head.length() + jpeg.length + 2);
    part.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
    part.writeBytes(jpeg);
    part.write('\r');
    part.write('\n');
    return part.toByteArray();
  }

  /** Seconds since the epoch with milliseconds, as other MJPEG servers write it. */
  private static String timestamp(Instant at) {
    return String.format(Locale.ROOT, "%d.%03d", at.getEpochSecond(), at.getNano() / 1_000_000);
  }
}
