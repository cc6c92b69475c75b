package io.dayu.cli;

import io.dayu.client.ApiClient;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import io.dayu.local.NodeOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The course of a demo: start, submit, watch, load one edge half way, take the load away, drain,
 * measure, stop.
 */
final class DemoRun {
  /**
   * @param duration how long frames flow
   * @param port of the HTTP interface, 0 for any free one
   * @param frame where the best frame goes
   */
  record Settings(Duration duration, int port, Optional<Path> frame) {
    Settings {
      Objects.requireNonNull(duration, "duration");
      Objects.requireNonNull(frame, "frame");
    }
  }

  private static final String CAMERA = "camera";
  private static final double LOAD_FROM = 0.5;
  private static final double LOAD_UNTIL = 0.85;
  private static final Duration MEMBERS = Duration.ofSeconds(30);
  private static final Duration DRAIN = Duration.ofSeconds(10);
  private static final Duration TICK = Duration.ofSeconds(1);

  /**
   * How many failures in a row mean that the cloud is gone: on a loaded machine one answer may be
   * late.
   */
  private static final int FAILURES = 5;

  private final LocalCluster.Settings clusterSettings;
  private final Home.Program cameraProgram;
  private final Settings settings;
  private final Progress progress;

  DemoRun(
      LocalCluster.Settings clusterSettings,
      Home.Program cameraProgram,
      Settings settings,
      Progress progress) {
    this.clusterSettings = clusterSettings;
    this.cameraProgram = cameraProgram;
    this.settings = settings;
    this.progress = progress;
  }

  /**
   * Runs it to the end, when all processes are gone. Logs and data stay only if it fails.
   *
   * @throws UserException if something it needs does not start or dies
   */
  DemoReport run() {
    progress.line("Dayu demo: one camera, four stages, one cloud and two edge nodes");
    try (var cluster = LocalCluster.open(clusterSettings, progress)) {
      try {
        var report = run(cluster);
        if (report.failure().isPresent()) keep(cluster);
        return report;
      } catch (RuntimeException e) {
        keep(cluster);
        throw e;
      } finally {
        progress.now("stopping …");
      }
    } finally {
      progress.now("");
    }
  }

  private void keep(LocalCluster cluster) {
    cluster.keepDirectory();
    progress.line("Logs and data are kept in " + cluster.directory());
  }

  private DemoReport run(LocalCluster cluster) {
    var portFile = cluster.directory().resolve("camera.port");
    cluster.run(
        CAMERA,
        cameraProgram,
        List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m"),
        List.of(
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--cameras",
            "1",
            "--fps",
            "10",
            "--height",
            "540",
            "--port-file",
            portFile.toString()));
    cluster.start(node(NodeOptions.cloud("cloud-1")).with("dayu.http.port", "" + settings.port()));
    cluster.start(
        node(NodeOptions.edge("edge-1", "site-1")), node(NodeOptions.edge("edge-2", "site-2")));
    var api = cluster.client();
    await(cluster, "waiting for the camera", MEMBERS, () -> CameraPort.in(portFile).isPresent());
    var camera = "http://127.0.0.1:%s/cam-0.mjpeg".formatted(CameraPort.in(portFile).orElseThrow());
    progress.line("  %-8s %s".formatted(CAMERA, camera));
    await(cluster, "waiting until the cloud knows the edges", MEMBERS, () -> members(api, 3));
    progress.line("Live page: " + api.base() + "/");
    progress.line("");

    api.send("POST", "pipelines", Templates.read("demo.yaml", Map.of("camera", camera)));
    var startedAt = Instant.now();
    var started = System.nanoTime();
    var watch = new DemoWatch(api, "demo", settings.frame(), progress);
    watch(cluster, api, watch, started);
    var streamed = Duration.ofNanos(System.nanoTime() - started);

    // Without its camera the stream drains: what was in flight arrives.
    cluster.stop(CAMERA);
    await(cluster, "draining", DRAIN, () -> quietly(watch::drained));
    watch.poll(streamed);
    watch.saveFrame();
    return new DemoReport(
        watch.ledger(),
        watch.results().latencies(0),
        watch.results().count(),
        List.copyOf(watch.decisions().values()),
        startedAt,
        streamed,
        nodes(cluster));
  }

  /** Several nodes share this machine: each counts what it uses itself. */
  private static NodeOptions node(NodeOptions options) {
    return options.with("dayu.monitor.cpu", "process");
  }

  private void watch(LocalCluster cluster, ApiClient api, DemoWatch watch, long started) {
    Optional<String> loaded = Optional.empty();
    boolean relieved = false;
    int failures = 0;
    long total = settings.duration().toNanos();
    // On a slow machine every phase still takes place, only later.
    for (long gone = 0; gone < total || !relieved; gone = System.nanoTime() - started) {
      alive(cluster);
      try {
        watch.poll(Duration.ofNanos(gone));
        if (loaded.isEmpty() && gone >= total * LOAD_FROM) {
          var target = watch.busiestEdge();
          api.send("POST", "pipelines", Templates.read("load.yaml", Map.of("node", target)));
          loaded = Optional.of(target);
          watch.say(Duration.ofNanos(gone), target + " gets busy: a load uses most of a core");
        } else if (loaded.isPresent() && !relieved && gone >= total * LOAD_UNTIL) {
          api.delete("pipelines/load");
          relieved = true;
          watch.say(Duration.ofNanos(gone), loaded.get() + " is relieved");
        }
        failures = 0;
      } catch (UserException e) {
        alive(cluster);
        if (++failures == FAILURES) throw e;
        watch.say(Duration.ofNanos(gone), "no answer, asking again: " + e.getMessage());
      }
      long left = Math.max(0, total - (System.nanoTime() - started));
      pause(Duration.ofNanos(Math.min(left, Math.min(TICK.toNanos(), total / 20))));
    }
  }

  private static boolean members(ApiClient api, int expected) {
    return quietly(
        () -> {
          int up = 0;
          for (var node : api.get("nodes").path("items"))
            if (node.path("status").asText().equals("up")) up++;
          return up >= expected;
        });
  }

  /**
   * Whether the condition holds. A failure counts as no, because the condition is checked again
   * anyway.
   */
  private static boolean quietly(BooleanSupplier condition) {
    try {
      return condition.getAsBoolean();
    } catch (UserException askedAgain) {
      return false;
    }
  }

  /**
   * Waits until the condition holds. Also continues after the time is over: the report shows what
   * is missing.
   */
  private void await(
      LocalCluster cluster, String what, Duration atMost, BooleanSupplier condition) {
    long deadline = System.nanoTime() + atMost.toNanos();
    progress.now(what + " …");
    while (!condition.getAsBoolean()) {
      alive(cluster);
      if (System.nanoTime() > deadline) {
        progress.line("(%s: gave up after %s s)".formatted(what, atMost.toSeconds()));
        return;
      }
      pause(Duration.ofMillis(200));
    }
  }

  private static void alive(LocalCluster cluster) {
    cluster
        .dead()
        .ifPresent(
            process -> {
              throw process.died();
            });
  }

  private static void pause(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    }
  }

  private static List<DemoReport.Node> nodes(LocalCluster cluster) {
    var nodes = new ArrayList<DemoReport.Node>();
    for (var node : cluster.nodes())
      nodes.add(
          new DemoReport.Node(
              node.options().name(),
              node.options().role().word(),
              node.process().rssBytes().orElse(0)));
    return nodes;
  }
}
