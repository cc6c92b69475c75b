package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An edge with fewer threads for its sources than sources, each of which holds one for ever. */
class BusySourcesClusterIT {
  private static final int THREADS = 2;
  private static final String SIZE =
      "dayu.dispatchers.sources.thread-pool-executor.fixed-pool-size";

  private final CountDownLatch testIsOver = new CountDownLatch(1);
  private HttpServer server;
  private ExecutorService threads;

  /** It sends one reading and then nothing more. */
  @BeforeEach
  void startServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    threads = Executors.newCachedThreadPool();
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange
              .getResponseBody()
              .write("{\"at\":\"2024-05-01\",\"value\":1}\n".getBytes(StandardCharsets.UTF_8));
          exchange.getResponseBody().flush();
          try {
            testIsOver.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          exchange.getResponseBody().close();
        });
    server.start();
  }

  @AfterEach
  void stopServer() {
    testIsOver.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  @Test
  void whoGetsNoThreadSaysSoUntilThereIsOne() {
    try (var cluster =
        Cluster.start(
            Cluster.empty(getClass().getSimpleName()),
            1,
            node -> node.with(SIZE, Integer.toString(THREADS)))) {
      var sources = new StringBuilder();
      for (int i = 0; i <= THREADS; i++)
        sources.append(
            "    - {name: s%d, uri: \"http://127.0.0.1:%d/s%d.ndjson\", node: edge-1}\n"
                .formatted(i, server.getAddress().getPort(), i));
      cluster.submit(
          """
          apiVersion: dayu.io/v1alpha1
          kind: Pipeline
          metadata: {name: busy}
          spec:
            sources:
          %s  stages: [{id: copy, type: identity}]
            policy: {name: fixed, params: {route: {copy: edge-1}}}
          """
              .formatted(sources.toString()));
      // A node whose own work waited for a thread of its sources would tell nothing.
      Cluster.await("the problem of the source that gets no thread")
          .until(() -> problems(cluster).stream().anyMatch(problem -> problem.contains(SIZE)));
      assertThat(problems(cluster)).hasSize(1);
      cluster.awaitDelivered("busy", THREADS);

      testIsOver.countDown();
      cluster.awaitDelivered("busy", THREADS + 1);
      Cluster.await("the end of the problem").until(() -> problems(cluster).isEmpty());
    }
  }

  private static List<String> problems(Cluster cluster) {
    var problems = new ArrayList<String>();
    for (var stream : cluster.status("busy").path("streams"))
      if (!stream.path("problem").asText("").isEmpty())
        problems.add(stream.path("problem").asText());
    return problems;
  }
}
