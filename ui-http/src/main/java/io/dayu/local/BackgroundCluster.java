package io.dayu.local;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dayu.console.UserException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The nodes that {@code dayu up} left running and {@code dayu down} ends, as a file in the home
 * tells of them: the process that started them is gone. If it was killed before it wrote that file,
 * or before it added a node, the node is found among the processes of this machine.
 *
 * @param api of the first cloud node; empty if none got ready
 * @param environment the variables of the environment that the nodes were started with, by name
 *     only: values may be secrets
 * @param finished whether the start of the cluster got to its end
 */
public record BackgroundCluster(
    Optional<URI> api, List<Started> nodes, List<String> environment, boolean finished) {
  private static final ObjectMapper JSON = new ObjectMapper();

  public BackgroundCluster {
    Objects.requireNonNull(api, "api");
    nodes = List.copyOf(nodes);
    environment = List.copyOf(environment);
  }

  /** How a node was started and where it was reached: what it takes to start it again. */
  public record Launched(NodeOptions options, Endpoints endpoints) {}

  /**
   * @param startedAt as the operating system tells it, to distinguish the process from a later one
   *     with the same id
   * @param launched empty if nobody wrote it down
   */
  public record Started(
      String name,
      String role,
      long pid,
      Instant startedAt,
      Path dataDir,
      Path log,
      Optional<Launched> launched) {
    static Started of(LocalCluster.Node node) {
      return new Started(
          node.options().name(),
          node.options().role().word(),
          node.process().pid(),
          startedAt(node.process().pid()),
          node.dataDir(),
          node.process().log(),
          Optional.of(new Launched(node.options(), node.endpoints())));
    }

    private static Started of(NodeProcesses.Found found, Path directory) {
      return new Started(
          found.name(),
          (found.cloud() ? NodeOptions.Role.CLOUD : NodeOptions.Role.EDGE).word(),
          found.pid(),
          startedAt(found.pid()),
          found.dataDir(),
          LocalCluster.log(directory, found.name()),
          Optional.empty());
    }

    private static Instant startedAt(long pid) {
      return ProcessHandle.of(pid).flatMap(h -> h.info().startInstant()).orElse(Instant.EPOCH);
    }

    private Started with(long pid) {
      return new Started(name, role, pid, startedAt(pid), dataDir, log, launched);
    }

    /** The node's process if it still runs; a process that is not ours is never returned. */
    public Optional<ProcessHandle> process() {
      return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).filter(this::isOurs);
    }

    private boolean isOurs(ProcessHandle handle) {
      var told = NodeProcesses.uses(pid, dataDir);
      if (told.isPresent()) return told.get();
      // Without /proc; the start is computed from the uptime and differs by up to a second.
      return handle
          .info()
          .startInstant()
          .filter(at -> Duration.between(at, startedAt).abs().toSeconds() <= 2)
          .isPresent();
    }
  }

  /** Where their data and logs are. */
  public static Path directory(Home home) {
    return home.state().resolve("up");
  }

  /** For a cluster of a home in that directory. */
  public static LocalCluster.Settings settings(Home home) {
    return new LocalCluster.Settings(
        role -> role.program(home), directory(home), false, Duration.ofSeconds(60));
  }

  private static Path file(Home home) {
    return directory(home).resolve("state.json");
  }

  /**
   * The nodes of a cluster that is about to be {@link LocalCluster#detach detached}.
   *
   * @param environment the names of the variables that they were started with
   */
  public static BackgroundCluster of(LocalCluster cluster, List<String> environment) {
    return new BackgroundCluster(
        Optional.of(cluster.api()),
        cluster.nodes().stream().map(Started::of).toList(),
        environment,
        true);
  }

  /** The same with a node that was started again. */
  public BackgroundCluster with(LocalCluster.Node node) {
    var again = Started.of(node);
    return new BackgroundCluster(
        api,
        nodes.stream().map(n -> n.name().equals(again.name()) ? again : n).toList(),
        environment,
        finished);
  }

  /** The node of a name. */
  public Optional<Started> node(String name) {
    return nodes.stream().filter(n -> n.name().equals(name)).findFirst();
  }

  /** Empty if nothing was started, or all of it was ended. */
  public static Optional<BackgroundCluster> read(Home home) {
    var written = written(home);
    var nodes = new LinkedHashMap<String, Started>();
    written.stream().flatMap(w -> w.nodes().stream()).forEach(n -> nodes.put(n.name(), n));
    for (var found : NodeProcesses.below(directory(home)))
      nodes.merge(
          found.name(),
          Started.of(found, directory(home)),
          (known, stray) -> known.process().isPresent() ? known : known.with(stray.pid()));
    if (written.isEmpty() && nodes.isEmpty()) return Optional.empty();
    var all = List.copyOf(nodes.values());
    return Optional.of(
        new BackgroundCluster(
            written.flatMap(BackgroundCluster::api).or(() -> api(all)),
            all,
            written.map(BackgroundCluster::environment).orElse(List.of()),
            written.isPresent()));
  }

  private static Optional<URI> api(List<Started> nodes) {
    return nodes.stream()
        .flatMap(n -> Endpoints.in(n.dataDir()).flatMap(Endpoints::api).stream())
        .findFirst();
  }

  private static Optional<BackgroundCluster> written(Home home) {
    var file = file(home);
    if (!Files.exists(file)) return Optional.empty();
    try {
      return Optional.of(BackgroundState.read(JSON.readTree(file.toFile())));
    } catch (IOException | RuntimeException e) {
      throw new UserException(
          "%s cannot be understood (%s); end its processes and delete it"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /** Replaces what the home tells, as a whole. */
  public void write(Home home) {
    try {
      Files.createDirectories(directory(home));
      var fresh = directory(home).resolve("state.json.new");
      JSON.writerWithDefaultPrettyPrinter()
          .writeValue(fresh.toFile(), BackgroundState.written(this));
      Files.move(fresh, file(home), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UserException("cannot write " + file(home) + ": " + e.getMessage(), e);
    }
  }

  /** After this {@link #read} finds nothing. */
  public static void forget(Home home) {
    try {
      Files.deleteIfExists(file(home));
    } catch (IOException e) {
      throw new UserException("cannot delete " + file(home) + ": " + e.getMessage(), e);
    }
  }
}
