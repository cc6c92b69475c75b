package io.dayu.bench.abuse;

import io.dayu.bench.run.Waiting;
import io.dayu.bench.truth.Load;
import io.dayu.bench.truth.NodeClasses;
import io.dayu.bench.truth.StoredResult;
import io.dayu.bench.truth.Verdict;
import io.dayu.client.ApiClient;
import io.dayu.client.ApiException;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.Endpoints;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * The nodes that are attacked, with two honest pipelines that must not notice: one cloud node and
 * two edges, as small as {@code dayu up} starts them.
 */
final class Victims implements AutoCloseable {
  static final String CLOUD = "cloud-1";
  static final String FILE_EDGE = "edge-1";
  static final String LIVE_EDGE = "edge-2";

  /** How names of pipelines begin that an attack submits. */
  static final String HOSTILE = "hostile-";

  private static final Duration READY = Duration.ofSeconds(90);
  private static final Duration FLOWING = Duration.ofSeconds(60);
  private static final int FILE_RATE = 40;
  private static final int LIVE_RATE = 10;

  private final Path directory;
  private final Secrets secrets;
  private final Keys keys;
  private final LocalCluster cluster;
  private final Waiting waiting;
  private final List<Load> loads;

  /**
   * @param duration for which the honest pipelines have something to read, at least
   */
  private Victims(Home home, Path directory, Duration duration, Random random, Progress progress) {
    this.directory = directory;
    this.secrets =
        new Secrets(random, List.of("the token", "the password", "a file that is not declared"));
    this.keys = new Keys(directory.resolve("keys"));
    this.cluster =
        LocalCluster.open(
            new LocalCluster.Settings(role -> role.program(home), directory, true, READY),
            progress);
    this.waiting = new Waiting(cluster, progress);
    int seconds = (int) duration.toSeconds();
    var names = List.of(CLOUD, FILE_EDGE, LIVE_EDGE);
    this.loads =
        List.of(
            Load.file(
                "files",
                FILE_EDGE,
                Load.fixed(names, names, names, names),
                FILE_RATE,
                seconds,
                readable()),
            Load.live(
                "live",
                LIVE_EDGE,
                Map.of("name", "round-robin"),
                LIVE_RATE,
                Instant.now().plusSeconds(seconds),
                readable()));
  }

  /**
   * Nodes that are ready and honest pipelines that flow.
   *
   * @param duration for which these have something to read
   */
  static Victims start(Home home, Duration duration, Random random, Progress progress) {
    try {
      var directory = Files.createTempDirectory("dayu-abuse-");
      var victims = new Victims(home, directory, duration, random, progress);
      try {
        victims.start();
        return victims;
      } catch (RuntimeException | IOException e) {
        victims.keep();
        victims.close();
        progress.line("Logs and data are kept in " + directory);
        throw e;
      }
    } catch (IOException e) {
      throw new UserException("cannot prepare the nodes: " + e.getMessage(), e);
    }
  }

  private void start() throws IOException {
    Files.createDirectories(readable());
    Files.writeString(
        directory.resolve("private.ndjson"), secrets.of("a file that is not declared") + "\n");
    var stages = NodeClasses.copy(directory.resolve("stages"));
    cluster.start(
        known(NodeOptions.cloud(CLOUD), stages)
            .with("dayu.http.tokens", "write:" + sha256(secrets.of("the token"))));
    cluster.start(
        known(NodeOptions.edge(FILE_EDGE, "site-1"), stages),
        known(NodeOptions.edge(LIVE_EDGE, "site-2"), stages));
    waiting.until(
        "waiting until the cloud knows the nodes", READY, () -> silent().isEmpty() && nodes() == 3);
    for (var load : loads) waiting.until("submitting " + load.name(), READY, () -> submitted(load));
    waiting.until(
        "waiting for the first results",
        FLOWING,
        () -> loads.stream().allMatch(load -> load.ledger(api()).delivered() > 0));
  }

  private boolean submitted(Load load) {
    try {
      load.submit(api());
    } catch (ApiException e) {
      if (e.status() != 409) throw e; // an earlier try was accepted, and its answer was late
    }
    return true;
  }

  private NodeOptions known(NodeOptions options, Path stages) {
    return keys.give(options)
        .with("dayu.monitor.cpu", "process")
        .with("dayu.read.files", readable().toString())
        .with("dayu.read.hosts", "127.0.0.1")
        .classPath(stages)
        .through(
            "env",
            "DAYU_CREDENTIALS_PLANT=meter:" + secrets.of("the password"),
            "DAYU_CREDENTIALS_PLANT_HOSTS=broker.example");
  }

  private static String sha256(String text) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Where pipelines may read files. */
  Path readable() {
    return directory.resolve("readable");
  }

  /** Below which the nodes' data and logs lie. */
  Path directory() {
    return directory;
  }

  Secrets secrets() {
    return secrets;
  }

  Keys keys() {
    return keys;
  }

  Waiting waiting() {
    return waiting;
  }

  List<Load> loads() {
    return loads;
  }

  /** As an operator who may submit. */
  ApiClient api() {
    return new ApiClient(cluster.api(), Optional.of(secrets.of("the token")));
  }

  InetSocketAddress http() {
    return endpoints(CLOUD).http().orElseThrow();
  }

  InetSocketAddress management() {
    return endpoints(CLOUD).management().orElseThrow();
  }

  /** Where it takes elements. */
  InetSocketAddress data(String node) {
    return endpoints(node).data();
  }

  /** Where it is a member. */
  InetSocketAddress member(String node) {
    return endpoints(node).cluster();
  }

  List<String> names() {
    return List.of(CLOUD, FILE_EDGE, LIVE_EDGE);
  }

  private Endpoints endpoints(String node) {
    return cluster.node(node).endpoints();
  }

  private int nodes() {
    return api().get("nodes").path("items").size();
  }

  /** Nodes that the cloud does not call up; all if it does not answer. */
  List<String> silent() {
    var up =
        api().get("nodes").path("items").findParents("name").stream()
            .filter(n -> n.path("status").asText().equals("up"))
            .map(n -> n.path("name").asText())
            .toList();
    return names().stream().filter(n -> !up.contains(n)).toList();
  }

  /** A node that has ended although nobody ended it, with the end of its log. */
  Optional<UserException> dead() {
    return cluster.dead().map(process -> process.died());
  }

  /** Results of the honest pipelines so far. */
  long delivered() {
    return loads.stream().mapToLong(load -> load.ledger(api()).delivered()).sum();
  }

  /** Whether all that the honest pipelines have read is settled, and nothing is left to read. */
  boolean settled() {
    return loads.stream().allMatch(load -> load.settled(api()));
  }

  /** Compares the store with what the honest pipelines read. */
  Verdict verdict() {
    var verdict = Verdict.NONE;
    for (var load : loads)
      verdict = verdict.plus(load.verdict(api(), StoredResult.all(api(), load.name()), List.of()));
    return verdict;
  }

  /** Results in the store of honest pipelines that no stage has made. */
  long forged() {
    return loads.stream()
        .flatMap(load -> StoredResult.all(api(), load.name()).stream())
        .filter(row -> row.reason().filter(LinkAttacks.FORGED::equals).isPresent())
        .count();
  }

  /** Removes what attacks have submitted; returns how many there were. */
  int clear() {
    int cleared = 0;
    for (var item : api().get("pipelines").path("items")) {
      var name = item.path("metadata").path("name").asText(item.path("name").asText());
      if (loads.stream().anyMatch(load -> load.name().equals(name))) continue;
      api().delete("pipelines/" + ApiClient.path(name));
      cleared++;
    }
    return cleared;
  }

  /** Lets logs and data stay. */
  void keep() {
    cluster.keepDirectory();
  }

  @Override
  public void close() {
    cluster.close();
  }
}
