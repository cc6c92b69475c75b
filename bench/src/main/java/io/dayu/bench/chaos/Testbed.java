package io.dayu.bench.chaos;

import io.dayu.bench.run.Waiting;
import io.dayu.bench.truth.Load;
import io.dayu.bench.truth.NodeClasses;
import io.dayu.client.ApiClient;
import io.dayu.client.ApiException;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.Endpoints;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import io.dayu.local.NodeOptions;
import io.dayu.local.NodeOptions.Role;
import io.dayu.testkit.LocalPostgres;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Nodes as processes, with the network, the disks and the database under them that faults need.
 * Safe for several threads, which may fault different nodes at the same time.
 */
public final class Testbed implements AutoCloseable {
  private static final Duration READY = Duration.ofSeconds(90);
  private static final int CONFLICT = 409;
  private static final int KBIT = 1_000;
  private static final double LOSS = 0.05;

  /**
   * @param clouds several of them share a PostgreSQL, one has an embedded store
   * @param service whether nodes have {@link NodeClasses#service}
   * @param diskMb size of a cloud node's disk; empty for the machine's
   * @param tcpRetries of the nodes' networks; empty for the system's
   */
  public record Settings(
      Home home,
      int clouds,
      int edges,
      NetworkKind network,
      boolean service,
      OptionalInt diskMb,
      OptionalInt tcpRetries) {}

  private final Settings settings;
  private final Path directory;
  private final Path stages;
  private final Optional<Network> network;
  private final Optional<Disks> disks;
  private final Optional<LocalPostgres> postgres;
  private final String store;
  private final LocalCluster cluster;
  private final Waiting waiting;
  private final Programs programs = new Programs();
  private final String token = "chaos-" + ProcessHandle.current().pid();
  private final Map<String, LocalCluster.Node> nodes = new ConcurrentHashMap<>();
  private final Map<String, List<Instant>> kills = new ConcurrentHashMap<>();
  private final Thread hook = new Thread(this::end, "end-testbed");
  private boolean ended;
  private volatile boolean keep;

  private Testbed(Settings settings, Path directory, Progress progress) {
    this.settings = settings;
    this.directory = directory;
    this.stages = NodeClasses.copy(directory.resolve("stages"));
    this.disks = settings.diskMb().isPresent() ? Optional.of(Disks.open()) : Optional.empty();
    this.network = settings.network().open(directory, settings.tcpRetries());
    this.postgres = settings.clouds() > 1 ? Optional.of(postgres()) : Optional.empty();
    this.store = postgres.map(p -> p.create("dayu")).orElse("");
    this.cluster =
        LocalCluster.open(
            new LocalCluster.Settings(
                role -> role.program(settings.home()), directory, false, READY),
            progress);
    this.waiting = new Waiting(cluster, progress);
  }

  private LocalPostgres postgres() {
    try {
      return network
          .map(net -> LocalPostgres.start(net.hostAddress()))
          .orElseGet(LocalPostgres::start);
    } catch (IllegalStateException e) {
      network.ifPresent(Network::close);
      throw new UserException("several cloud nodes share a database: " + e.getMessage(), e);
    }
  }

  /**
   * Nothing runs yet, but a database. Its directory is removed at the end, unless it is {@link
   * #keep kept}.
   */
  public static Testbed open(Settings settings, Progress progress) {
    try {
      var testbed = new Testbed(settings, Files.createTempDirectory("dayu-chaos-"), progress);
      Runtime.getRuntime().addShutdownHook(testbed.hook);
      return testbed;
    } catch (IOException e) {
      throw new UserException("cannot make a temporary directory: " + e.getMessage(), e);
    }
  }

  /** Starts the nodes, clouds first; returns when the cloud knows all. */
  public void start() {
    var clouds = new ArrayList<NodeOptions>();
    for (int i = 0; i < settings.clouds(); i++) clouds.add(cloud(name(Role.CLOUD, i)));
    started(cluster.start(clouds.toArray(NodeOptions[]::new)));
    var edges = new ArrayList<NodeOptions>();
    for (int i = 0; i < settings.edges(); i++) edges.add(edge(name(Role.EDGE, i)));
    started(cluster.start(edges.toArray(NodeOptions[]::new)));
    waiting.until(
        "waiting until the cloud knows the nodes",
        READY,
        () -> names().stream().allMatch(this::isUp));
  }

  /** Lets time pass while no node dies that nobody killed. */
  public Waiting waiting() {
    return waiting;
  }

  /**
   * Submits a pipeline. Cloud nodes that have just started may not answer in time and may still
   * accept it.
   */
  public void submit(Load load) {
    waiting.until(
        "submitting " + load.name(),
        READY,
        () -> {
          try {
            load.submit(api());
          } catch (ApiException e) {
            if (e.status() != CONFLICT) throw e;
          }
          return true;
        });
  }

  /** Starts one more edge. */
  public void startEdge(String name) {
    started(cluster.start(edge(name)));
  }

  private void started(List<LocalCluster.Node> more) {
    for (var node : more) nodes.put(node.options().name(), node);
  }

  /** Such as {@code edge-1} for rank 0. */
  public static String name(Role role, int rank) {
    return role.word() + "-" + (rank + 1);
  }

  private NodeOptions cloud(String name) {
    var options =
        placed(NodeOptions.cloud(name), settings.diskMb().orElse(0))
            .with("dayu.http.tokens", "write:" + sha256(token));
    if (postgres.isEmpty()) return options;
    return options.with("dayu.store.url", store).with("dayu.store.user", postgres.get().user());
  }

  private NodeOptions edge(String name) {
    return placed(NodeOptions.edge(name, "site-" + name), settings.diskMb().orElse(0) / 4);
  }

  private NodeOptions placed(NodeOptions options, int diskMb) {
    var name = options.name();
    disks.ifPresent(d -> d.mount(disk(name), diskMb));
    // With the tokens above nodes read only what they declare.
    var known =
        options
            .with("dayu.monitor.cpu", "process")
            .with("dayu.read.files", directory.toString())
            .classPath(stages);
    var able = settings.service() ? withService(known) : known;
    return network.map(net -> net.attach(able)).orElse(able);
  }

  private NodeOptions withService(NodeOptions options) {
    var command = "dayu.services." + NodeClasses.SERVICE + ".command.";
    return options
        .with(command + "0", "python3")
        .with(command + "1", NodeClasses.service(stages).toString());
  }

  private Path disk(String node) {
    return directory.resolve(node).resolve("data");
  }

  private static String sha256(String text) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * The interface of the last cloud node, whether it lives or not. The first one begins the
   * cluster, so with several this is not the one that decides.
   */
  public ApiClient api() {
    return apis().get(settings.clouds() - 1);
  }

  /** The interfaces of all cloud nodes, in their order. */
  public List<ApiClient> apis() {
    var apis = new ArrayList<ApiClient>();
    for (int i = 0; i < settings.clouds(); i++)
      apis.add(
          new ApiClient(
              node(name(Role.CLOUD, i)).endpoints().api().orElseThrow(), Optional.of(token)));
    return apis;
  }

  /** Whether the cloud knows this node as one that reports. */
  public boolean isUp(String name) {
    for (var node : api().get("nodes").path("items"))
      if (node.path("name").asText().equals(name)) return node.path("status").asText().equals("up");
    return false;
  }

  /** Names of those that were started. */
  public List<String> names() {
    return nodes.keySet().stream().sorted().toList();
  }

  private LocalCluster.Node node(String name) {
    return Objects.requireNonNull(nodes.get(name), name);
  }

  public long pid(String name) {
    return node(name).process().pid();
  }

  public Path directory() {
    return directory;
  }

  public void kill(String name) {
    // The time is taken after the kill: what the node did until then must count as before it.
    cluster.kill(name);
    kills.computeIfAbsent(name, n -> new CopyOnWriteArrayList<>()).add(Instant.now());
  }

  /** When a node was killed. */
  public List<Instant> kills(String name) {
    return List.copyOf(kills.getOrDefault(name, List.of()));
  }

  /** Starts a node that was killed, at its address and with its data. */
  public void restart(String name) {
    started(List.of(cluster.restart(name)));
  }

  public void freeze(String name) {
    node(name).process().freeze();
  }

  public void thaw(String name) {
    node(name).process().thaw();
  }

  /** Lets every node write what its threads do into its log. */
  void dumpThreads() {
    for (var node : nodes.values())
      Shell.succeeds("kill", "-QUIT", Long.toString(node.process().pid()));
  }

  /** Pulls a node's cable. */
  public void cut(String name) {
    net().cut(name);
  }

  /** Mends what was done to a node's links. */
  public void heal(String name) {
    net().heal(name);
  }

  /** Stops the database that the cloud nodes share. */
  public void storeDown() {
    store().down();
  }

  /** Starts it again; returns when it accepts connections. */
  public void storeUp() {
    store().up();
  }

  /** Where a cloud node tells of the cluster. */
  public ApiClient management(String cloud) {
    var at = node(cloud).endpoints().management().orElseThrow();
    return new ApiClient(URI.create("http://" + Endpoints.text(at)), Optional.empty());
  }

  /** Does something to a node. */
  void begin(Fault fault, String node) {
    switch (fault) {
      case KILL_EDGE, KILL_CLOUD -> kill(node);
      case FREEZE_EDGE, FREEZE_CLOUD -> freeze(node);
      case CUT_EDGE -> cut(node);
      case CUT_FROM_CLOUD -> {
        for (int i = 0; i < settings.clouds(); i++) net().cut(node, name(Role.CLOUD, i));
      }
      case SLOW_LINK -> net().slow(node, KBIT);
      case LOSSY_LINK -> net().lossy(node, LOSS);
      case FULL_DISK_EDGE, FULL_DISK_CLOUD -> Disks.fill(disk(node));
      case STORE_OUTAGE -> storeDown();
      case KILL_SERVICE -> programs.kill(node, pid(node));
      case FREEZE_SERVICE -> programs.freeze(node, pid(node));
      case CHANGE_STAGES, CHANGE_PARAMETERS, PAUSE -> throw ofAPipeline(fault);
    }
  }

  /** Undoes it; returns when it is undone, or a node that was killed is ready again. */
  void end(Fault fault, String node) {
    switch (fault) {
      case KILL_EDGE, KILL_CLOUD -> restart(node);
      case FREEZE_EDGE, FREEZE_CLOUD -> thaw(node);
      case CUT_EDGE, CUT_FROM_CLOUD, SLOW_LINK, LOSSY_LINK -> heal(node);
      case FULL_DISK_EDGE, FULL_DISK_CLOUD -> Disks.free(disk(node));
      case STORE_OUTAGE -> storeUp();
      case KILL_SERVICE -> {
        // Its node starts it again.
      }
      case FREEZE_SERVICE -> programs.thaw(node);
      case CHANGE_STAGES, CHANGE_PARAMETERS, PAUSE -> throw ofAPipeline(fault);
    }
  }

  private static IllegalArgumentException ofAPipeline(Fault fault) {
    return new IllegalArgumentException(fault + " is done to a pipeline");
  }

  private LocalPostgres store() {
    return postgres.orElseThrow(
        () -> new UserException("a single cloud node has no database that can be stopped"));
  }

  private Network net() {
    return network.orElseThrow(
        () -> new UserException("the nodes have no network that can be broken"));
  }

  /**
   * @throws UserException if a node has ended that nobody killed
   */
  public void alive() {
    cluster
        .dead()
        .ifPresent(
            process -> {
              throw process.died();
            });
  }

  /** Lets logs and data stay after the end. */
  public void keep() {
    keep = true;
  }

  @Override
  public void close() {
    end();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException goingDown) {
      // It finds nothing left to do.
    }
  }

  private synchronized void end() {
    if (ended) return;
    ended = true;
    cluster.close();
    postgres.ifPresent(LocalPostgres::close);
    disks.ifPresent(
        d -> {
          if (keep) d.keep();
          d.close();
        });
    network.ifPresent(Network::close);
    if (!keep) remove();
  }

  private void remove() {
    try (var files = Files.walk(directory)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(file);
    } catch (IOException | java.io.UncheckedIOException e) {
      // It stays in a temporary directory, which is no reason for a failure.
    }
  }
}
