package io.dayu.bench.abuse;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.dayu.console.UserException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import javax.imageio.ImageIO;

/** Pipelines that are valid and read what harms: too much, too large, broken, or not theirs. */
final class SourceAttacks {
  private static final List<Integer> MEGABYTES = List.of(60, 20, 6, 3, 3);
  private static final int LONG_TEXT = 400_000;
  private static final int PICTURES = 40;
  private static final int SCANS = 1_000;

  private SourceAttacks() {}

  static List<Attack> all() {
    return List.of(
        new Attack("hungry-sources", "elements as large as the node", SourceAttacks::hungry),
        new Attack("bad-records", "readings that are none, and long", SourceAttacks::records),
        new Attack("broken-pictures", "mutated pictures and bombs", SourceAttacks::pictures),
        new Attack(
            "stolen-credentials", "a broker that wants a password", SourceAttacks::credentials),
        new Attack("undeclared-files", "files that nodes do not declare", SourceAttacks::files));
  }

  private static void hungry(Attempt attempt) throws InterruptedException {
    for (int i = 0; i < MEGABYTES.size(); i++)
      DocumentAttacks.submit(
          attempt,
          DocumentAttacks.pipeline(
                  "hungry-" + i, "synthetic:?bytes=%s&rate=0".formatted(MEGABYTES.get(i) << 20))
              .toString());
    attempt.hold();
  }

  private static void records(Attempt attempt) throws IOException, InterruptedException {
    var random = attempt.random();
    var file = attempt.victims().readable().resolve("bad-" + random.nextInt(1 << 30) + ".ndjson");
    try (var out = Files.newBufferedWriter(file)) {
      out.write("{\"at\":1,\"value\":\"%s\"}\n".formatted("x".repeat(LONG_TEXT)));
      out.write("{\"at\":1,\"value\":1e999}\n");
      out.write("\u001b[31m12:00:00.000 ERROR forged\r\n");
      out.write("{\"at\":1,\"sensor\":\"%s\",\"value\":1}\n".formatted("y".repeat(LONG_TEXT)));
      for (int i = 0; i < 200; i++)
        out.write(new String(attempt.bytes(200), StandardCharsets.ISO_8859_1) + "\n");
    }
    for (var onBad : List.of("fail", "skip", "stop"))
      DocumentAttacks.submit(
          attempt,
          DocumentAttacks.pipeline("records-" + onBad, file.toUri() + "?onBad=" + onBad)
              .toString());
    attempt.hold();
  }

  private static void pictures(Attempt attempt) throws IOException, InterruptedException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
    var threads = Executors.newCachedThreadPool();
    try {
      server.setExecutor(threads);
      long seed = attempt.random().nextLong();
      server.createContext("/broken.mjpeg", exchange -> show(exchange, new Random(seed)));
      server.start();
      var uri = "http://127.0.0.1:%s/broken.mjpeg".formatted(server.getAddress().getPort());
      var pipeline = DocumentAttacks.pipeline("pictures", uri);
      pipeline
          .withObject("/spec")
          .withArray("stages")
          .addObject()
          .put("id", "b")
          .put("type", "motion-detection");
      for (int i = 0; i < PICTURES; i++) attempt.sent();
      DocumentAttacks.submit(attempt, pipeline.toString());
      attempt.hold();
    } finally {
      server.stop(0);
      threads.shutdownNow();
    }
  }

  private static void show(HttpExchange exchange, Random random) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "multipart/x-mixed-replace; boundary=b");
    exchange.sendResponseHeaders(200, 0);
    try (var out = exchange.getResponseBody()) {
      for (int i = 0; i < PICTURES; i++) {
        var picture = picture(random, i);
        out.write(
            "--b\r\nContent-Type: image/jpeg\r\nContent-Length: %s\r\n\r\n"
                .formatted(picture.length)
                .getBytes(StandardCharsets.US_ASCII));
        out.write(picture);
        out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
      }
    }
  }

  private static byte[] picture(Random random, int number) throws IOException {
    var image = new BufferedImage(320, 240, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 2_000; i++)
      image.setRGB(random.nextInt(320), random.nextInt(240), random.nextInt());
    var out = new ByteArrayOutputStream();
    ImageIO.write(image, "jpg", out);
    var bytes = out.toByteArray();
    switch (number % 4) {
      // It says that it is as large as a JPEG can be.
      case 0 -> Arrays.fill(bytes, size(bytes), size(bytes) + 4, (byte) 0xff);
      case 1 -> bytes = scans(bytes);
      default -> {
        for (int i = 0; i <= random.nextInt(20); i++)
          bytes[2 + random.nextInt(bytes.length - 4)] = (byte) random.nextInt();
      }
    }
    return bytes;
  }

  /** The same scan a thousand times, each of which a decoder works through. */
  private static byte[] scans(byte[] jpeg) {
    int scan = find(jpeg, 0xda);
    var out = new ByteArrayOutputStream();
    out.write(jpeg, 0, scan);
    for (int i = 0; i < SCANS; i++) out.write(jpeg, scan, jpeg.length - 2 - scan);
    out.write(jpeg, jpeg.length - 2, 2);
    return out.toByteArray();
  }

  /** Where height and width stand. */
  private static int size(byte[] jpeg) {
    return find(jpeg, 0xc0) + 5;
  }

  private static int find(byte[] jpeg, int marker) {
    for (int i = 0; i < jpeg.length - 1; i++)
      if (jpeg[i] == (byte) 0xff && jpeg[i + 1] == (byte) marker) return i;
    throw new IllegalStateException("no baseline JPEG");
  }

  /** Listens as a broker would and is told no password. */
  private static void credentials(Attempt attempt) throws IOException, InterruptedException {
    try (var broker = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      broker.setSoTimeout(500);
      for (var scheme : List.of("mqtt", "http"))
        DocumentAttacks.submit(
            attempt,
            DocumentAttacks.pipeline(
                    "thief-" + scheme,
                    "%s://127.0.0.1:%s/x?credentials=plant%s"
                        .formatted(
                            scheme,
                            broker.getLocalPort(),
                            scheme.equals("http") ? "&format=csv" : ""))
                .toString());
      while (attempt.goesOn()) {
        try (var client = broker.accept()) {
          client.setSoTimeout(500);
          hear(attempt, client.getInputStream());
        } catch (SocketTimeoutException nobody) {
          // Which is what is wanted.
        }
      }
    }
  }

  private static void hear(Attempt attempt, InputStream in) throws IOException {
    var heard = attempt.heard(in);
    // A user and password in Base64 is as good as told.
    for (var word : new String(heard, StandardCharsets.ISO_8859_1).split("\\s+"))
      try {
        attempt.heard(Base64.getDecoder().decode(word));
      } catch (IllegalArgumentException otherWord) {
        // Nothing is hidden in it.
      }
  }

  private static void files(Attempt attempt) throws IOException, InterruptedException {
    var hidden = attempt.victims().directory().resolve("private.ndjson");
    var link = attempt.victims().readable().resolve("link.ndjson");
    if (!Files.exists(link)) Files.createSymbolicLink(link, hidden);
    int i = 0;
    for (var uri :
        List.of(
            hidden.toUri().toString(),
            link.toUri().toString(),
            attempt.victims().readable().toUri() + "../private.ndjson",
            attempt.victims().readable().toUri() + "%2e%2e/private.ndjson",
            "file:/proc/self/environ?format=csv",
            "file:///etc/passwd?format=csv"))
      DocumentAttacks.submit(attempt, DocumentAttacks.pipeline("files-" + i++, uri).toString());
    attempt.hold();
    for (int j = 0; j < i; j++) status(attempt, Victims.HOSTILE + "files-" + j);
  }

  private static void status(Attempt attempt, String name) {
    try {
      for (var path : List.of("pipelines/" + name, "pipelines/" + name + "/results"))
        attempt.heard(
            attempt.victims().api().get(path).toString().getBytes(StandardCharsets.UTF_8));
    } catch (UserException refused) {
      // It was not accepted.
    }
  }
}
