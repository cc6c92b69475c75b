package io.dayu.local;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.client.ApiClient;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Cloud and edge nodes as separate processes on this machine, each with a directory of its own, all
 * on ports the system chose. Whoever opens a cluster closes it; it also ends with this process,
 * unless it was {@link #detach detached}. Safe for several threads; starts are one at a time.
 */
public final class LocalCluster implements AutoCloseable {
  private static final String CLUSTER_PORT = "dayu.cluster.port";
  private static final Duration LOOK_AGAIN = Duration.ofMillis(25);

  /**
   * Edges that start at the same time. A start is CPU time, so more at once would only get ready
   * later, each of them, and the last of many too late.
   */
  static final int EDGES_AT_ONCE = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());

  /**
   * @param programs what plays a role; {@code role -> role.program(home)} for the real one
   * @param directory where each node gets a directory; made if it is not there
   * @param temporary whether the directory is removed at the end
   * @param ready how long a node may take to get ready, from the start of its process
   */
  public record Settings(
      Function<NodeOptions.Role, Home.Program> programs,
      Path directory,
      boolean temporary,
      Duration ready) {
    public Settings {
      Objects.requireNonNull(programs, "programs");
      Objects.requireNonNull(ready, "ready");
      directory = directory.toAbsolutePath();
    }

    /** The nodes of a home in a new temporary directory that is removed at the end. */
    public static Settings temporary(Home home) {
      try {
        return new Settings(
            role -> role.program(home),
            Files.createTempDirectory("dayu-"),
            true,
            Duration.ofSeconds(60));
      } catch (IOException e) {
        throw new UserException("cannot make a temporary directory: " + e.getMessage(), e);
      }
    }
  }

  /** A node that got ready. */
  public record Node(
      NodeOptions options, ChildProcess process, Endpoints endpoints, Path dataDir) {}

  private record Known(NodeOptions options, Endpoints endpoints) {}

  private final Settings settings;
  private final Progress progress;
  private final Map<String, Node> nodes = new LinkedHashMap<>();
  // Those, and nodes that another process started. Also after they have ended.
  private final Map<String, Known> known = new LinkedHashMap<>();
  // Everything that was started and not yet ended on purpose, nodes or not.
  private final Map<String, ChildProcess> running = new ConcurrentHashMap<>();
  private final Set<String> clouds = ConcurrentHashMap.newKeySet();
  private final Thread hook = new Thread(this::end, "stop-cluster");
  private volatile boolean stopping;
  private volatile boolean keep;
  private volatile boolean detached;

  private LocalCluster(Settings settings, Progress progress) {
    this.settings = settings;
    this.progress = progress;
  }

  /** A cluster without nodes. */
  public static LocalCluster open(Settings settings, Progress progress) {
    var cluster = new LocalCluster(settings, progress);
    Runtime.getRuntime().addShutdownHook(cluster.hook);
    return cluster;
  }

  /** The first nodes, ready: cloud-1 …, edge-1 … in site-1 …, changed by {@code each}. */
  public static LocalCluster start(
      Settings settings, int clouds, int edges, Function<NodeOptions, NodeOptions> each) {
    var cluster = open(settings, Progress.silent());
    try {
      cluster.start(
          IntStream.rangeClosed(1, clouds)
              .mapToObj(i -> each.apply(NodeOptions.cloud("cloud-" + i)))
              .toArray(NodeOptions[]::new));
      var options = new ArrayList<NodeOptions>();
      for (int i = 1; i <= edges; i++)
        options.add(each.apply(NodeOptions.edge("edge-" + i, "site-" + i)));
      cluster.start(options.toArray(NodeOptions[]::new));
      return cluster;
    } catch (RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  /**
   * Starts nodes and returns when all are ready: cloud nodes at the same time, since one may wait
   * for another, then edges a few at a time, so that the time for all grows with their number.
   * Every node gets the same seeds: the cloud nodes of this and of earlier calls, whether they live
   * or not, so that any of them can be started again. A cloud node that is alone is its own seed.
   *
   * @throws UserException if one ends or is not ready in time; it names the end of its log
   */
  @CanIgnoreReturnValue
  public synchronized List<Node> start(NodeOptions... options) {
    long began = System.nanoTime();
    var placed = placed(List.of(options));
    var seeds = seeds(placed);
    var starting = new LinkedHashMap<String, Start>();
    for (var node : placed) if (isCloud(node)) starting.put(node.name(), launch(node, seeds));
    var edges = new ArrayDeque<>(placed.stream().filter(node -> !isCloud(node)).toList());
    var ready = new HashMap<String, Node>();
    while (ready.size() < options.length) {
      while (!edges.isEmpty() && edges(starting.values()) < EDGES_AT_ONCE) {
        var node = edges.remove();
        starting.put(node.name(), launch(node, seeds));
      }
      progress.now(
          "starting %s … %s of %s ready, %s s"
              .formatted(
                  String.join(", ", starting.keySet()),
                  ready.size(),
                  options.length,
                  since(began).toSeconds()));
      for (var start : List.copyOf(starting.values())) {
        ready(start)
            .ifPresent(
                node -> {
                  starting.remove(node.options().name());
                  ready.put(node.options().name(), node);
                  progress.line(describe(node));
                });
        if (starting.containsValue(start)
            && since(start.nanoTime()).compareTo(settings.ready()) > 0) throw late(start);
      }
    }
    for (var option : options) {
      var node = Objects.requireNonNull(ready.get(option.name()), "all are ready");
      nodes.put(option.name(), node);
      known.put(option.name(), new Known(node.options(), node.endpoints()));
    }
    return Arrays.stream(options).map(o -> nodes.get(o.name())).toList();
  }

  private static long edges(Collection<Start> starting) {
    return starting.stream().filter(start -> !isCloud(start.options())).count();
  }

  private static Duration since(long nanoTime) {
    return Duration.ofNanos(System.nanoTime() - nanoTime);
  }

  private static UserException late(Start start) {
    return new UserException(
        "%s is not ready after %s s; %s"
            .formatted(
                start.options().name(),
                since(start.nanoTime()).toSeconds(),
                start.process().endOfLog()));
  }

  private record Start(NodeOptions options, ChildProcess process, Path dataDir, long nanoTime) {}

  /** Seeds must be known before they listen, so several cloud nodes get their ports from here. */
  private static List<NodeOptions> placed(List<NodeOptions> options) {
    if (options.stream().filter(LocalCluster::isCloud).count() < 2) return options;
    var ports = new ArrayList<ServerSocket>(); // held until all are chosen, so that they differ
    try {
      var placed = new ArrayList<NodeOptions>();
      for (var node : options)
        if (isCloud(node) && !node.properties().containsKey(CLUSTER_PORT)) {
          var port = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
          ports.add(port);
          placed.add(node.with(CLUSTER_PORT, Integer.toString(port.getLocalPort())));
        } else placed.add(node);
      for (var port : ports) port.close();
      return placed;
    } catch (IOException e) {
      throw new UserException("there is no free port: " + e.getMessage(), e);
    }
  }

  /** In the order in which the nodes were first started: the first one may begin a cluster. */
  private String seeds(List<NodeOptions> starting) {
    var seeds = new LinkedHashMap<String, String>();
    for (var node : known.values())
      if (isCloud(node.options()))
        seeds.put(node.options().name(), Endpoints.text(node.endpoints().cluster()));
    for (var node : starting)
      if (isCloud(node) && !node.properties().getOrDefault(CLUSTER_PORT, "0").equals("0"))
        seeds.put(
            node.name(),
            Endpoints.text(node.host(), Integer.parseInt(node.properties().get(CLUSTER_PORT))));
    return String.join(",", seeds.values());
  }

  private static boolean isCloud(NodeOptions node) {
    return node.role() == NodeOptions.Role.CLOUD;
  }

  private Start launch(NodeOptions options, String seeds) {
    refuseIfStopping();
    if (running.containsKey(options.name()) && running.get(options.name()).alive())
      throw new IllegalArgumentException(options.name() + " runs already");
    var dir = settings.directory().resolve(options.name());
    var data = dir.resolve("data");
    try {
      Files.deleteIfExists(data.resolve(Endpoints.FILE));
    } catch (IOException e) {
      throw new UserException("cannot write to " + data + ": " + e.getMessage(), e);
    }
    if (isCloud(options)) clouds.add(options.name());
    var program = settings.programs().apply(options.role()).with(options.classPath());
    var log = log(settings.directory(), options.name());
    var jvm = options.jvm(data, log, seeds, management(options.name()));
    long now = System.nanoTime();
    var process = spawn(options.name(), options.prefix(), program, jvm, List.of(), dir);
    return new Start(options, process, data, now);
  }

  /** Where edges ask whether they are members. */
  private String management(String self) {
    return known.values().stream()
        .filter(n -> isCloud(n.options()))
        .filter(n -> !n.options().name().equals(self))
        .flatMap(n -> n.endpoints().management().map(Endpoints::text).stream())
        .collect(Collectors.joining(","));
  }

  private Optional<Node> ready(Start start) {
    boolean ended = start.process().await(LOOK_AGAIN);
    if (ended) {
      refuseIfStopping();
      throw start.process().died();
    }
    return Endpoints.in(start.dataDir())
        .filter(e -> e.pid() == start.process().pid())
        .map(e -> new Node(start.options(), start.process(), e, start.dataDir()));
  }

  private static String describe(Node node) {
    var at = node.endpoints().api().map(uri -> "  " + uri).orElse("");
    return String.format(
        Locale.ROOT,
        "  %-8s ready in %.1f s  pid %s%s",
        node.options().name(),
        node.endpoints().readySeconds(),
        node.process().pid(),
        at);
  }

  /** Runs a program that is no node beside them; it ends with the cluster. */
  @CanIgnoreReturnValue
  public synchronized ChildProcess run(
      String name, Home.Program program, List<String> jvm, List<String> arguments) {
    refuseIfStopping();
    return spawn(name, List.of(), program, jvm, arguments, settings.directory().resolve(name));
  }

  private ChildProcess spawn(
      String name,
      List<String> prefix,
      Home.Program program,
      List<String> jvm,
      List<String> arguments,
      Path dir) {
    var command = new ArrayList<String>(session());
    command.addAll(prefix);
    var java = NodeJava.find();
    command.add(java.executable().toString());
    command.addAll(java.options());
    command.addAll(program.options(java));
    command.addAll(jvm);
    command.addAll(List.of("-cp", program.classPath(), program.mainClass()));
    command.addAll(arguments);
    // Fewer malloc arenas: native libraries on many threads otherwise cost tens of megabytes.
    var environment = Map.of("MALLOC_ARENA_MAX", "2");
    var log = log(settings.directory(), name);
    // The lock is held while all are stopped, so that no process is started after that.
    synchronized (running) {
      refuseIfStopping();
      var process = ChildProcess.start(name, command, environment, dir, log);
      running.put(name, process);
      return process;
    }
  }

  /** The log of a process of this name, whose cluster is in {@code directory}. */
  static Path log(Path directory, String name) {
    return directory.resolve(name).resolve(name + ".log");
  }

  /**
   * A command that gives processes their own session: Ctrl-C in the terminal then reaches only this
   * process, which stops them.
   */
  private static List<String> session() {
    return Files.isExecutable(Path.of("/usr/bin/setsid")) ? List.of("/usr/bin/setsid") : List.of();
  }

  private void refuseIfStopping() {
    if (stopping) throw new UserException("the cluster is being stopped");
  }

  /** The nodes that were started, in this order; a killed one is still among them. */
  public synchronized List<Node> nodes() {
    return List.copyOf(nodes.values());
  }

  public synchronized Node node(String name) {
    var node = nodes.get(name);
    if (node == null) throw new IllegalArgumentException("no node " + name);
    return node;
  }

  /**
   * Tells of a node that another process has started, in the order of the starts: it is a seed of
   * those that are started here, and can be {@link #restart restarted} here once it has ended.
   */
  public synchronized void know(NodeOptions options, Endpoints endpoints) {
    known.put(options.name(), new Known(options, endpoints));
  }

  /** Starts a node again that has ended, with its data and at its former ports. */
  public Node restart(String name) {
    return restart(List.of(name)).get(0);
  }

  /** The same for several at once: after all cloud nodes have ended, one waits for another. */
  public synchronized List<Node> restart(List<String> names) {
    return start(names.stream().map(this::again).toArray(NodeOptions[]::new));
  }

  private NodeOptions again(String name) {
    var was = known.get(name);
    if (was == null) throw new IllegalArgumentException("no node " + name);
    var at = was.endpoints();
    var again =
        was.options()
            .with(CLUSTER_PORT, Integer.toString(at.cluster().getPort()))
            .with("dayu.node.data-port", Integer.toString(at.data().getPort()));
    if (at.http().isPresent())
      again = again.with("dayu.http.port", Integer.toString(at.http().get().getPort()));
    if (at.management().isPresent())
      again = again.with("dayu.management.port", Integer.toString(at.management().get().getPort()));
    return again;
  }

  /** The HTTP interface of the first cloud node that lives. */
  public synchronized URI api() {
    return nodes.values().stream()
        .filter(n -> n.process().alive())
        .flatMap(n -> n.endpoints().api().stream())
        .findFirst()
        .orElseThrow(() -> new UserException("no cloud node is running"));
  }

  public ApiClient client() {
    return new ApiClient(api(), Optional.empty());
  }

  public Path directory() {
    return settings.directory();
  }

  /** Keeps the directory after the end, so that a cause can be looked for. */
  public void keepDirectory() {
    keep = true;
  }

  /**
   * A process that ended although nobody asked it to.
   *
   * @return empty while all live, or while the cluster is being stopped
   */
  public Optional<ChildProcess> dead() {
    return stopping
        ? Optional.empty()
        : running.values().stream().filter(p -> !p.alive()).findFirst();
  }

  /** Ends a process on purpose: a node's clean shutdown, or a program started beside them. */
  public void stop(String name) {
    var process = running.remove(name);
    if (process != null) process.close();
  }

  /** Ends a process as a crash would. */
  public void kill(String name) {
    var process = running.remove(name);
    if (process != null) process.kill();
  }

  /** Lets the processes run after this process has ended. */
  public synchronized void detach() {
    detached = true;
    Runtime.getRuntime().removeShutdownHook(hook);
  }

  /** Ends everything it started, edges before clouds, and removes a temporary directory. */
  @Override
  public void close() {
    if (detached) return;
    end();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException goingDown) {
      // The JVM is ending already; the hook finds nothing left to do.
    }
  }

  private void end() {
    // Not under the cluster's own lock, which a waiting start holds until its process has ended.
    stopping = true;
    synchronized (running) {
      stopAll(running.values().stream().filter(p -> !clouds.contains(p.name())).toList());
      stopAll(List.copyOf(running.values()));
      running.clear();
      if (settings.temporary() && !keep) remove(settings.directory());
    }
  }

  private static void stopAll(List<ChildProcess> processes) {
    processes.forEach(ChildProcess::terminate);
    long deadline = System.nanoTime() + ChildProcess.GRACE.toNanos();
    for (var process : processes)
      if (!process.await(Duration.ofNanos(Math.max(0, deadline - System.nanoTime()))))
        process.kill();
  }

  private static void remove(Path directory) {
    if (!Files.exists(directory)) return;
    try (var files = Files.walk(directory)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(file);
    } catch (IOException | java.io.UncheckedIOException e) {
      // It stays in a temporary directory, which is no reason for a failure.
      System.err.println("cannot remove " + directory + ": " + e.getMessage());
    }
  }
}
