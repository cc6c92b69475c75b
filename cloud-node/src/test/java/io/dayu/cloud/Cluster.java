package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.dayu.client.LedgerCounts;
import io.dayu.console.Progress;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/**
 * Real nodes on this machine for the tests of one class, with their HTTP interface as a client sees
 * it. Logs and data stay below {@code target/clusters} until the next run.
 */
final class Cluster implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** Sent with every request; nodes without {@link #TOKENS} need none. */
  private static final String TOKEN = "for tests";

  /** A value of {@code dayu.http.tokens} that lets the tests in. */
  static final String TOKENS = "write:" + sha256(TOKEN);

  /** An answer of the HTTP interface; {@code body} is missing where it is not JSON. */
  record Answer(int status, JsonNode body, String text) {}

  private final LocalCluster nodes;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  private Cluster(LocalCluster nodes) {
    this.nodes = nodes;
  }

  /** One cloud node and {@code edges} edges that all know each other, changed by {@code each}. */
  static Cluster start(Class<?> test, int edges, UnaryOperator<NodeOptions> each) {
    return start(empty(test.getSimpleName()), edges, each);
  }

  /** The same in a directory that was prepared. */
  static Cluster start(Path directory, int edges, UnaryOperator<NodeOptions> each) {
    return start(directory, 1, edges, each);
  }

  /** Several cloud nodes, which need {@code dayu.store.url}. */
  static Cluster start(Path directory, int clouds, int edges, UnaryOperator<NodeOptions> each) {
    var nodes = open(directory);
    try {
      nodes.start(
          IntStream.rangeClosed(1, clouds)
              .mapToObj(i -> NodeOptions.cloud("cloud-" + i).with("dayu.monitor.cpu", "process"))
              .map(each)
              .toArray(NodeOptions[]::new));
      var options = new ArrayList<NodeOptions>();
      for (int i = 1; i <= edges; i++)
        options.add(
            each.apply(
                NodeOptions.edge("edge-" + i, "site-" + i).with("dayu.monitor.cpu", "process")));
      nodes.start(options.toArray(NodeOptions[]::new));
      var cluster = new Cluster(nodes);
      cluster.awaitNodes(edges + clouds);
      return cluster;
    } catch (RuntimeException | Error e) {
      nodes.close();
      throw e;
    }
  }

  /** A cluster without nodes. */
  static LocalCluster open(Path directory) {
    var home = Home.find();
    return LocalCluster.open(
        new LocalCluster.Settings(
            role -> role.program(home), directory, false, Duration.ofSeconds(90)),
        Progress.silent());
  }

  /** An empty directory of this name. */
  static Path empty(String name) {
    var directory = Path.of("target", "clusters", name).toAbsolutePath();
    try {
      if (Files.exists(directory))
        try (var files = Files.walk(directory)) {
          for (var file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        }
      return Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  LocalCluster nodes() {
    return nodes;
  }

  /** Waits at most a minute and a half, for the machine may be busy. */
  static ConditionFactory await(String what) {
    return Awaitility.await(what).atMost(PATIENCE).pollInterval(Duration.ofMillis(200));
  }

  void awaitNodes(int count) {
    await(count + " nodes that report")
        .ignoreExceptions()
        .until(
            () ->
                items(get("nodes")).stream()
                        .filter(n -> n.path("status").asText().equals("up"))
                        .count()
                    == count);
  }

  Answer call(String method, String path, String type, String body) {
    return call(
        HttpRequest.newBuilder(nodes.api().resolve("/api/v1/").resolve(path))
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", type)
            .header("Authorization", "Bearer " + TOKEN)
            .method(method, BodyPublishers.ofString(body))
            .build());
  }

  /** Any address of a cloud node. */
  Answer fetch(URI uri) {
    return call(HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30)).build());
  }

  private Answer call(HttpRequest request) {
    try {
      var answer = http.send(request, BodyHandlers.ofByteArray());
      return answer(answer);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static String sha256(String text) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Answer answer(HttpResponse<byte[]> answer) throws IOException {
    var text = new String(answer.body(), StandardCharsets.UTF_8);
    boolean json =
        answer.headers().firstValue("Content-Type").filter(t -> t.contains("json")).isPresent();
    return new Answer(
        answer.statusCode(), json ? JSON.readTree(text) : MissingNode.getInstance(), text);
  }

  /** A document below {@code /api/v1/}; fails if there is none. */
  JsonNode get(String path) {
    var answer = call("GET", path, "application/json", "");
    assertThat(answer.status()).as("%s: %s", path, answer.text()).isEqualTo(200);
    return answer.body();
  }

  void submit(String yaml) {
    var answer = call("POST", "pipelines", "application/yaml", yaml);
    assertThat(answer.status()).as(answer.text()).isEqualTo(201);
  }

  void replace(String name, String yaml) {
    var answer = call("PUT", "pipelines/" + name, "application/yaml", yaml);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
  }

  void delete(String name) {
    var answer = call("DELETE", "pipelines/" + name, "application/json", "");
    assertThat(answer.status()).as(answer.text()).isEqualTo(204);
    await("that " + name + " is gone")
        .until(() -> call("GET", "pipelines/" + name, "application/json", "").status() == 404);
  }

  /** Ends what a test left running, so that the next one has the nodes for itself. */
  void deleteAll() {
    for (var pipeline : items(get("pipelines"))) delete(pipeline.path("name").asText());
  }

  JsonNode status(String pipeline) {
    return get("pipelines/" + pipeline).path("status");
  }

  LedgerCounts ledger(String pipeline) {
    return LedgerCounts.of(get("pipelines/" + pipeline + "/ledger").path("total"));
  }

  /** Waits for a ledger, which has to balance at every look until then. */
  LedgerCounts awaitLedger(String pipeline, Predicate<LedgerCounts> wanted) {
    var last = new LedgerCounts[1];
    await("the ledger of " + pipeline)
        .conditionEvaluationListener(
            condition -> {
              if (condition.getRemainingTimeInMS() <= 200 && !condition.isSatisfied())
                System.err.println("last ledger of " + pipeline + ": " + last[0]);
            })
        .until(
            () -> {
              last[0] = ledger(pipeline);
              assertThat(last[0].balances()).as("%s: %s", pipeline, last[0]).isTrue();
              return wanted.test(last[0]);
            });
    return last[0];
  }

  /** Waits until so many were delivered and nothing is under way. */
  LedgerCounts awaitDelivered(String pipeline, long count) {
    return awaitLedger(pipeline, l -> l.delivered() == count && l.inFlight() == 0);
  }

  /** All results in the store, page by page. */
  List<JsonNode> results(String pipeline) {
    return watch(pipeline).poll();
  }

  Watch watch(String pipeline) {
    return new Watch(pipeline);
  }

  /** Reads what came to the store since it looked last. */
  final class Watch {
    private final String pipeline;
    private final List<JsonNode> settled = new ArrayList<>();
    private String after = "";

    private Watch(String pipeline) {
      this.pipeline = pipeline;
    }

    /** All results so far, in the order of the store. */
    List<JsonNode> poll() {
      while (true) {
        var page = get("pipelines/" + pipeline + "/results?limit=1000" + after);
        if (!page.hasNonNull("next")) {
          // The last page may grow, so it is read again the next time.
          var all = new ArrayList<>(settled);
          all.addAll(items(page));
          return all;
        }
        settled.addAll(items(page));
        after = "&after=" + page.path("next").asText();
      }
    }
  }

  static List<Long> seqs(List<JsonNode> results) {
    return results.stream().map(r -> r.path("seq").asLong()).toList();
  }

  /** Stages and the nodes they ran on, such as {@code a@edge-1}. */
  static Set<String> trace(JsonNode result) {
    return items(result.path("trace")).stream()
        .map(hop -> hop.path("stage").asText() + "@" + hop.path("node").asText())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  static List<JsonNode> items(JsonNode list) {
    var items = list.isArray() ? list : list.path("items");
    return StreamSupport.stream(items.spliterator(), false).toList();
  }

  /** Hears server-sent events on a thread of its own until the stream ends. */
  CompletableFuture<Void> listen(String path, Consumer<JsonNode> each) {
    return CompletableFuture.runAsync(() -> nodes.client().events(path, each), this::thread);
  }

  private void thread(Runnable task) {
    var thread = new Thread(task, "events");
    thread.setDaemon(true);
    thread.start();
  }

  String log(String node) {
    try {
      return Files.readString(nodes.directory().resolve(node).resolve(node + ".log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    nodes.close();
  }
}
