package io.dayu.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dayu.console.UserException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The nodes that {@code dayu up} left running and {@code dayu down} ends, as a file in the home
 * tells of them: the process that started them is gone.
 *
 * @param api of the first cloud node
 */
public record BackgroundCluster(URI api, List<Started> nodes) {
  private static final ObjectMapper JSON = new ObjectMapper();

  public BackgroundCluster {
    nodes = List.copyOf(nodes);
  }

  /**
   * @param startedAt as the operating system tells it, to distinguish the process from a later one
   *     with the same id
   */
  public record Started(
      String name, String role, long pid, Instant startedAt, Path dataDir, Path log) {
    /** The node's process if it still runs; a process that is not ours is never returned. */
    public Optional<ProcessHandle> process() {
      return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).filter(this::isOurs);
    }

    private boolean isOurs(ProcessHandle handle) {
      // Not ProcessHandle's arguments: they are missing if a class path makes them long.
      var arguments = Path.of("/proc/" + pid + "/cmdline");
      try {
        if (Files.isReadable(arguments))
          return Arrays.asList(Files.readString(arguments).split("\0"))
              .contains("-Ddayu.node.data-dir=" + dataDir);
      } catch (IOException gone) {
        return false;
      }
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

  private static Path file(Home home) {
    return directory(home).resolve("state.json");
  }

  /** The nodes of a cluster that is about to be {@link LocalCluster#detach detached}. */
  public static BackgroundCluster of(LocalCluster cluster) {
    return new BackgroundCluster(
        cluster.api(),
        cluster.nodes().stream()
            .map(
                n ->
                    new Started(
                        n.options().name(),
                        n.options().role().word(),
                        n.process().pid(),
                        ProcessHandle.of(n.process().pid())
                            .flatMap(h -> h.info().startInstant())
                            .orElse(Instant.EPOCH),
                        n.dataDir(),
                        n.process().log()))
            .toList());
  }

  /** Empty if nothing was started, or all of it was ended. */
  public static Optional<BackgroundCluster> read(Home home) {
    var file = file(home);
    if (!Files.exists(file)) return Optional.empty();
    try {
      var json = JSON.readTree(file.toFile());
      var nodes = new ArrayList<Started>();
      for (var node : json.path("nodes")) nodes.add(started(node));
      return Optional.of(new BackgroundCluster(URI.create(json.path("api").asText()), nodes));
    } catch (IOException | RuntimeException e) {
      throw new UserException(
          "%s cannot be understood (%s); end its processes and delete it"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  private static Started started(JsonNode node) {
    return new Started(
        node.path("name").asText(),
        node.path("role").asText(),
        node.path("pid").asLong(),
        Instant.parse(node.path("startedAt").asText()),
        Path.of(node.path("dataDir").asText()),
        Path.of(node.path("log").asText()));
  }

  /** Replaces what the home tells, as a whole. */
  public void write(Home home) {
    var json = JSON.createObjectNode();
    json.put("api", api.toString());
    var list = json.putArray("nodes");
    for (var node : nodes)
      list.addObject()
          .put("name", node.name())
          .put("role", node.role())
          .put("pid", node.pid())
          .put("startedAt", node.startedAt().toString())
          .put("dataDir", node.dataDir().toString())
          .put("log", node.log().toString());
    try {
      Files.createDirectories(directory(home));
      var fresh = directory(home).resolve("state.json.new");
      JSON.writerWithDefaultPrettyPrinter().writeValue(fresh.toFile(), json);
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
