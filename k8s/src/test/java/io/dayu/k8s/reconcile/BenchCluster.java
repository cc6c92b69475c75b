package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.sun.net.httpserver.HttpServer;
import io.dayu.k8s.crd.PipelineResource;
import io.dayu.k8s.desired.Nodes;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;

/**
 * A Kubernetes cluster and a cluster of Dayu in one process, for {@code ./dayu bench operator}: the
 * mock of the client library, with as many objects as it is told, a stand-in for kubelets that
 * makes Deployments ready, and the fakes of tests behind the paths of the API that the operator
 * asks.
 */
public final class BenchCluster {
  static final String NAMESPACE = "dayu-system";

  /** By this name the operator calls the API server, and nobody else does. */
  private static final String OPERATORS = "127.0.0.1";

  private BenchCluster() {}

  /**
   * Arguments: numbers of nodes, pipelines and services, and a file that is written when all of
   * them are there, with the ports of the API server and of Dayu's API.
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    Logger.getLogger("io.fabric8").setLevel(Level.WARNING); // it tells each request
    var requests = new Counted();
    var server =
        new KubernetesMockServer(
            new Context(), new MockWebServer(), new HashMap<>(), requests, false);
    server.init();
    var client = server.createClient();
    fill(client, number(args[0]), number(args[1]), number(args[2]));
    var kubelets = new BenchKubelets(client, NAMESPACE);
    var runtime = new FakeRuntime();
    var declarations = new FakeDeclarations();
    var http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.setExecutor(Executors.newFixedThreadPool(8));
    http.createContext("/api/v1/", new FakeApi(runtime, declarations));
    http.createContext(
        "/bench",
        exchange -> {
          var body =
              JsonNodeFactory.instance
                  .objectNode()
                  .put("writes", requests.writes.get())
                  .put("reads", requests.reads.get())
                  .put("ready", kubelets.ready())
                  .put("pipelines", runtime.pipelines().size())
                  .put("declared", declarations.declared().size())
                  .put("changes", runtime.changes() + declarations.changes())
                  .put(
                      "endpoints",
                      client.endpoints().inNamespace(NAMESPACE).list().getItems().size())
                  .toString()
                  .getBytes(StandardCharsets.UTF_8);
          try (exchange) {
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
          }
        });
    http.start();
    var ports = Path.of(args[3]);
    var made = ports.resolveSibling(ports.getFileName() + ".new");
    Files.writeString(made, server.getPort() + " " + http.getAddress().getPort());
    Files.move(made, ports, StandardCopyOption.ATOMIC_MOVE);
    new CountDownLatch(1).await(); // until it is ended
  }

  private static void fill(KubernetesClient client, int nodes, int pipelines, int services) {
    client.resource(Nodes.clouds(NAMESPACE)).create();
    client.resource(Nodes.edges(NAMESPACE)).create();
    for (int i = 0; i < nodes; i++) client.resource(BenchObjects.node(i)).create();
    for (int i = 0; i < pipelines; i++) {
      var pipeline = new PipelineResource();
      pipeline.setMetadata(BenchObjects.named("p-" + i, NAMESPACE));
      pipeline.setSpec(BenchObjects.pipeline());
      client.resource(pipeline).create();
    }
    for (int i = 0; i < services; i++)
      client.resource(BenchObjects.service(i, nodes, NAMESPACE)).create();
  }

  private static int number(String text) {
    return Integer.parseInt(text);
  }

  /** Counts what the operator asks, but for its lease, and gives lists in parts. */
  private static final class Counted extends KubernetesCrudDispatcher {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern LIMIT = Pattern.compile("[?&]limit=([0-9]+)");
    private static final Pattern CONTINUE = Pattern.compile("[?&]continue=([0-9]+)-([0-9]+)");

    private final AtomicLong writes = new AtomicLong();
    private final AtomicLong reads = new AtomicLong();
    private final Map<Integer, JsonNode> lists = new ConcurrentHashMap<>();
    private final AtomicInteger number = new AtomicInteger();

    @Override
    public MockResponse dispatch(RecordedRequest request) {
      var path = request.getPath();
      if (request.getHeader("Host").startsWith(OPERATORS) && !path.contains("/leases"))
        (request.getMethod().equals("GET") ? reads : writes).incrementAndGet();
      var limit = LIMIT.matcher(path);
      if (!request.getMethod().equals("GET") || !limit.find()) return super.dispatch(request);
      var next = CONTINUE.matcher(path);
      try {
        boolean begun = next.find();
        int list = begun ? number(next.group(1)) : number.incrementAndGet();
        if (!begun) lists.put(list, JSON.readTree(super.dispatch(request).getBody().readUtf8()));
        return page(list, begun ? number(next.group(2)) : 0, number(limit.group(1)));
      } catch (JsonProcessingException e) {
        throw new IllegalStateException(e);
      }
    }

    /** A list is as it was when its first part was asked for, as a real one is. */
    private MockResponse page(int list, int from, int limit) {
      var whole = lists.get(list);
      var items = whole.path("items");
      var page = JSON.createObjectNode();
      whole.properties().stream()
          .filter(e -> !e.getKey().equals("items"))
          .forEach(e -> page.set(e.getKey(), e.getValue().deepCopy()));
      var part = page.putArray("items");
      for (int i = from; i < Math.min(from + limit, items.size()); i++) part.add(items.get(i));
      if (from + limit < items.size())
        page.withObject("/metadata").put("continue", list + "-" + (from + limit));
      else lists.remove(list);
      return new MockResponse().setResponseCode(200).setBody(page.toString());
    }
  }
}
