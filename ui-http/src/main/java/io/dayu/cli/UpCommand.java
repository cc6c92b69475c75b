package io.dayu.cli;

import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.BackgroundCluster;
import io.dayu.local.Endpoints;
import io.dayu.local.Home;
import io.dayu.local.HomeLock;
import io.dayu.local.LocalCluster;
import io.dayu.local.NodeJava;
import io.dayu.local.NodeOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Starts a cluster on this machine that runs in the background until {@code dayu down}. */
@Command(
    name = "up",
    mixinStandardHelpOptions = true,
    description = "Start a cluster on this machine, in the background.")
final class UpCommand implements Callable<Integer> {
  /** Without user and password. */
  private static final Pattern STORE =
      Pattern.compile("(?i)jdbc:postgresql:[^@?]*(\\?(?!.*password=)[^@]*)?");

  @Spec private CommandSpec spec;

  @Option(
      names = "--cloud",
      paramLabel = "M",
      defaultValue = "1",
      description = "Cloud nodes (default ${DEFAULT-VALUE}).")
  private int clouds;

  @Option(
      names = "--edges",
      paramLabel = "N",
      defaultValue = "2",
      description = "Edge nodes, each a site of its own (default ${DEFAULT-VALUE}).")
  private int edges;

  @Option(
      names = "--store",
      paramLabel = "URL",
      description =
          "PostgreSQL that the cloud nodes share, jdbc:postgresql://host:port/database; user and"
              + " password from DAYU_STORE_USER and DAYU_STORE_PASSWORD. Without it a single cloud"
              + " node has a database of its own.")
  private Optional<String> store = Optional.empty();

  @Option(
      names = "--port",
      paramLabel = "P",
      converter = Port.class,
      defaultValue = "8080",
      description = "Port of the HTTP interface, 0 for any free one (default ${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = "--class-path",
      paramLabel = "JAR",
      split = ":",
      description = "Jars or directories with stages and sources of your own, for every node.")
  private List<Path> classPath = List.of();

  @Option(
      names = "--service",
      paramLabel = "FILE",
      description =
          "Configuration that declares services (dayu.services), for every node; see"
              + " docs/services.md. Nodes that are started again read it anew. ${DAYU_HOME} in it is"
              + " Dayu's directory.")
  private List<Path> services = List.of();

  @Override
  public Integer call() {
    if (clouds < 1) throw usage("--cloud must be at least 1: nothing works without a cloud node");
    if (edges < 0) throw usage("--edges must not be negative");
    if (clouds > 1 && store.isEmpty() && System.getenv("DAYU_STORE_URL") == null)
      throw usage(
          "several cloud nodes need a PostgreSQL they share: --store"
              + " jdbc:postgresql://host:port/database, or --cloud 1");
    // It is not shown: it may have a password, and every user of the machine sees a command line.
    if (store.isPresent() && !STORE.matcher(store.get()).matches())
      throw usage(
          "--store must be jdbc:postgresql://host:port/database, with user and password in"
              + " DAYU_STORE_USER and DAYU_STORE_PASSWORD");
    var home = Home.find();
    ServiceFiles.check(services, home);
    return HomeLock.holding(home, "dayu up", () -> start(home));
  }

  private int start(Home home) {
    var running =
        BackgroundCluster.read(home).stream()
            .flatMap(s -> s.nodes().stream())
            .filter(n -> n.process().isPresent())
            .map(BackgroundCluster.Started::name)
            .toList();
    if (!running.isEmpty())
      throw new UserException(
          "already up: %s. Stop them with: dayu down".formatted(String.join(", ", running)));
    var out = spec.commandLine().getOut();
    var settings = BackgroundCluster.settings(home);
    try (var cluster = LocalCluster.open(settings, Progress.to(out, Progress.onTerminal()))) {
      var keys = UpKeys.in(cluster.directory().resolve("keys"));
      var declared = ServiceFiles.together(services, home, cluster.directory());
      var cloud = new ArrayList<NodeOptions>();
      for (int i = 1; i <= clouds; i++) {
        var node = keys.give(node(NodeOptions.cloud("cloud-" + i), declared));
        if (store.isPresent()) node = node.with("dayu.store.url", store.get());
        cloud.add(i == 1 ? node.with("dayu.http.port", "" + port) : node);
      }
      cluster.start(cloud.toArray(NodeOptions[]::new));
      var options = new ArrayList<NodeOptions>();
      for (int i = 1; i <= edges; i++)
        options.add(keys.give(node(NodeOptions.edge("edge-" + i, "site-" + i), declared)));
      cluster.start(options.toArray(NodeOptions[]::new));
      BackgroundCluster.of(cluster, NodeEnvironment.names()).write(home);
      cluster.detach();
      out.printf("Dayu is up: %s%n", cluster.api());
      cluster
          .node("cloud-1")
          .endpoints()
          .management()
          .ifPresent(
              address ->
                  out.printf(
                      "  management     https://%s/cluster/members%n", Endpoints.text(address)));
      var java = NodeJava.find();
      out.printf("  Java of nodes  %s in %s%n", java.feature(), java.home());
      out.printf("  data and logs  %s%n", cluster.directory());
      out.println("  next           dayu nodes, dayu pipeline submit FILE, dayu down");
    }
    return 0;
  }

  /** Several nodes share this machine: each counts what it uses itself. */
  private NodeOptions node(NodeOptions options, Optional<Path> declared) {
    var node =
        options
            .with("dayu.monitor.cpu", "process")
            .classPath(classPath.stream().map(Path::toAbsolutePath).toArray(Path[]::new));
    return declared.isPresent() ? node.with("config.file", declared.get().toString()) : node;
  }

  private CommandLine.ParameterException usage(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }
}
