package io.dayu.local;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.CountDownLatch;
import javax.imageio.ImageIO;

/**
 * Plays a node's process: gets ready, or behaves as {@code fake.mode} says. One with a port for
 * HTTP plays the API of a cluster in which a stage moves away when pipeline {@code load} comes, and
 * back when it goes. Started with {@code --port-file} it plays a camera.
 */
public final class FakeNode {
  private static final String RESULT =
      """
      {"stream": "demo/street", "seq": %d, "status": "delivered", "createdAt": "2026-01-01T12:00:00Z",
       "latencyMs": %d, "attempt": 1, "outputs": {"track": {"type": "boxes", "boxes": [
       {"x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5, "label": "car", "score": 0.9, "frame": 0}]}}
       %s}
      """;

  private final long startedAt = System.nanoTime();
  private final byte[] picture = picture();
  private final ArrayNode decisions = JsonNodeFactory.instance.arrayNode();

  private FakeNode() {}

  /** Plays any role, and a camera. */
  public static Home.Program program() {
    return new Home.Program(System.getProperty("java.class.path"), FakeNode.class.getName());
  }

  /** Runs until it is ended from outside. */
  public static void main(String[] args) throws Exception {
    System.out.println("seeds=" + System.getProperty("dayu.cluster.seeds"));
    System.out.println("heap=" + Runtime.getRuntime().maxMemory());
    for (int i = 0; i < args.length; i++)
      if (args[i].equals("--port-file")) Files.writeString(Path.of(args[i + 1]), "4711\n");
    if (args.length == 0) new FakeNode().play();
    new CountDownLatch(1).await();
  }

  private void play() throws IOException {
    var mode = System.getProperty("fake.mode", "ready");
    if (mode.equals("dies")) {
      System.err.println("dayu.nonsense is not a key");
      System.exit(78);
    }
    if (mode.equals("stubborn"))
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    while (true) java.util.concurrent.locks.LockSupport.park();
                  }));
    if (mode.equals("late")) return;
    var lines = new java.util.ArrayList<String>();
    lines.add("name=" + System.getProperty("dayu.node.name"));
    lines.add("cluster=127.0.0.1:" + free(System.getProperty("dayu.cluster.port")));
    lines.add("data=127.0.0.1:" + free(System.getProperty("dayu.node.data-port")));
    if (System.getProperty("dayu.http.port") != null) {
      lines.add("http=127.0.0.1:" + serve(Integer.getInteger("dayu.http.port")));
      lines.add("management=127.0.0.1:" + free(System.getProperty("dayu.management.port")));
    }
    lines.add("pid=" + ProcessHandle.current().pid());
    lines.add("readySeconds=0.2");
    var data = Path.of(System.getProperty("dayu.node.data-dir"));
    Files.createDirectories(data);
    var fresh = Files.write(data.resolve("endpoints.new"), lines);
    Files.move(fresh, data.resolve(Endpoints.FILE), StandardCopyOption.ATOMIC_MOVE);
  }

  /** Nothing listens there: these ports are only passed on. */
  private static int free(String wanted) {
    return wanted.equals("0")
        ? 10_000 + (int) (ProcessHandle.current().pid() % 50_000)
        : Integer.parseInt(wanted);
  }

  private int serve(int port) throws IOException {
    decide("edge-1", "first placement");
    var server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext("/api/v1/", this::answer);
    server.start();
    return server.getAddress().getPort();
  }

  private synchronized void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      var path = exchange.getRequestURI().getPath().substring("/api/v1/".length());
      var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      if (exchange.getRequestMethod().equals("POST") && body.contains("name: load"))
        decide("edge-2", "edge-1 is busy");
      if (exchange.getRequestMethod().equals("DELETE")) decide("edge-1", "edge-1 is idle again");
      var answer =
          path.endsWith("/frame")
              ? picture()
              : json(path, exchange).getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
    }
  }

  private String json(String path, HttpExchange exchange) {
    long elements = (System.nanoTime() - startedAt) / 20_000_000;
    if (path.equals("nodes"))
      return "{\"items\": [%s]}"
          .formatted("{\"status\": \"up\"},".repeat(2) + "{\"status\": \"up\"}");
    if (path.endsWith("/ledger"))
      return "{\"total\": {\"generated\": %d, \"delivered\": %d, \"failed\": 0, \"shed\": 1, \"inFlight\": 0}}"
          .formatted(elements + Integer.getInteger("fake.lost", 0) + 1, elements);
    if (path.endsWith("/decisions")) return "{\"items\": %s}".formatted(decisions);
    if (path.endsWith("/results")) {
      var query = exchange.getRequestURI().getQuery();
      long after = query.contains("after=") ? Long.parseLong(query.replaceAll(".*after=", "")) : 0;
      long until = Math.min(elements, after + 10);
      var items = new java.util.ArrayList<String>();
      for (long i = after; i < until; i++)
        items.add(
            RESULT.formatted(i, i % 100 + 1, i % 7 == 0 ? ", \"frame\": \"/api/v1/x/frame\"" : ""));
      var next = until < elements ? ", \"next\": \"" + until + "\"" : "";
      return "{\"items\": [%s] %s}".formatted(String.join(",", items), next);
    }
    return "{}";
  }

  private void decide(String node, String reason) {
    ObjectNode decision = decisions.insertObject(0);
    decision
        .put("stream", "demo/street")
        .put("version", decisions.size())
        .put("at", java.time.Instant.now().toString())
        .put("reason", reason);
    var route = decision.putObject("route");
    route.putArray("detect").addObject().put("node", node).put("weight", 1);
    route.putArray("count").addObject().put("node", "cloud-1").put("weight", 1);
  }

  private static byte[] picture() {
    var out = new ByteArrayOutputStream();
    try {
      ImageIO.write(new BufferedImage(64, 48, BufferedImage.TYPE_INT_RGB), "jpg", out);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
