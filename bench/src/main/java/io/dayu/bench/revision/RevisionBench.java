package io.dayu.bench.revision;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dayu.bench.pipeline.Settled;
import io.dayu.bench.pipeline.Setup;
import io.dayu.bench.run.BenchPipeline;
import io.dayu.bench.run.ClusterRun;
import io.dayu.bench.run.Waiting;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.k8s.crd.StageServiceSpec;
import io.dayu.k8s.crd.StageServiceStatus;
import io.dayu.k8s.desired.Conditions;
import io.dayu.k8s.reconcile.ApiDeclarations;
import io.dayu.k8s.reconcile.ApiRuntime;
import io.dayu.k8s.reconcile.Operator;
import io.dayu.k8s.reconcile.OperatorSettings;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Measures what new revisions of a service cost elements that flow through it. */
final class RevisionBench {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String EDGE = "edge-1";
  private static final String SERVICE = "revised";
  private static final int PAYLOAD = 1 << 10;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration STEADY = Duration.ofSeconds(3);

  /** Shorter than usual, since each revision is waited for. */
  private static final Map<String, Integer> ROLL_OUT =
      Map.of("watchSeconds", 5, "deadlineSeconds", 6);

  private static final int FIRST_PORT = 26_000;
  private static final int LAST_PORT = 29_998;

  private final Home home;
  private final int rate;
  private final Progress progress;

  /**
   * @param rate elements a second
   */
  RevisionBench(Home home, int rate, Progress progress) {
    this.home = home;
    this.rate = rate;
    this.progress = progress;
  }

  /**
   * @throws UserException if a node or the service does not start, or a node dies
   */
  RevisionReport run() {
    progress.line("A service in containers from an edge to the store, %s bytes".formatted(PAYLOAD));
    return ClusterRun.run(LocalCluster.Settings.temporary(home), progress, this::measure);
  }

  private RevisionReport measure(LocalCluster cluster) {
    cluster.start(Setup.cloud(PAYLOAD, true));
    var setup =
        new Setup(cluster, cluster.client(), new Waiting(cluster, progress), PAYLOAD, STEADY);
    setup.start(setup.edge(EDGE));
    var program = program(cluster.directory());
    try (var kubernetes = new MockCluster(EDGE);
        var operator =
            Operator.start(
                kubernetes.client(),
                settings(),
                new ApiRuntime(setup.api()),
                new ApiDeclarations(setup.api()));
        var kubelet = new Kubelet(kubernetes.client(), cluster.directory())) {
      Objects.requireNonNull(operator, "it works until it is closed");
      Objects.requireNonNull(kubelet, "it works until it is closed");
      kubernetes.create(SERVICE, spec(program, Revisions.GOOD, 0));
      setup.waiting().until("starting the service", PATIENCE, () -> isKnown(setup));
      var parts = new ArrayList<RevisionReport.Part>();
      for (var revision : Revisions.values())
        parts.add(part(setup, kubernetes, revision, spec(program, revision, 1)));
      return new RevisionReport(rate, parts);
    }
  }

  private RevisionReport.Part part(
      Setup setup, MockCluster kubernetes, Revisions revision, StageServiceSpec spec) {
    var name = "while-" + revision.name().toLowerCase(Locale.ROOT).replace('_', '-');
    long applied = System.nanoTime();
    kubernetes.createPipeline(name, pipeline(name));
    setup
        .waiting()
        .until(
            "waiting for the first results",
            PATIENCE,
            () -> setup.figures(name).ledger().delivered() > 0);
    double firstMs = (System.nanoTime() - applied) / 1e6;
    setup.waiting().pass("steady", STEADY);
    double steadyGapMs = setup.figures(name).longestGapMs();

    var before = status(kubernetes);
    long changed = System.nanoTime();
    kubernetes.change(SERVICE, spec);
    setup
        .waiting()
        .until(
            "a revision that " + revision.words(),
            PATIENCE,
            () -> isDecided(before, status(kubernetes)));
    double decidedMs = (System.nanoTime() - changed) / 1e6;
    var decided = status(kubernetes);
    setup.waiting().pass("afterwards", STEADY.dividedBy(2));

    setup.api().send("POST", "pipelines/" + name + "/pause", "");
    var settled = Settled.of(setup, name);
    kubernetes.deletePipeline(name);
    setup.waiting().until("ending a pipeline", PATIENCE, () -> !kubernetes.hasPipeline(name));
    var part =
        new RevisionReport.Part(
            revision,
            decided.failed() == null,
            Conditions.find(decided.conditions(), "Progressing").orElseThrow().getMessage(),
            firstMs,
            steadyGapMs,
            decidedMs,
            settled);
    progress.line("  " + part.line());
    return part;
  }

  /** Whether a revision has taken over or was taken back. */
  private static boolean isDecided(StageServiceStatus before, StageServiceStatus now) {
    if (now.candidate() != null || now.active() == null || before.active() == null) return false;
    return !now.active().name().equals(before.active().name())
        || now.failed() != null && !now.failed().equals(before.failed());
  }

  private static StageServiceStatus status(MockCluster kubernetes) {
    return kubernetes.find(SERVICE).orElseThrow().getStatus();
  }

  private static boolean isKnown(Setup setup) {
    for (var type : setup.api().get("stages").path("items"))
      if (type.path("type").asText().equals(SERVICE)) return true;
    return false;
  }

  private JsonNode pipeline(String name) {
    try {
      var load = new BenchPipeline.Load(EDGE, PAYLOAD, rate, 0);
      var document = new BenchPipeline(List.of(EDGE), SERVICE).document(name, load);
      return JSON.readTree(document).path("spec");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a document of ours cannot be read", e);
    }
  }

  /**
   * @param number tells revisions apart that do the same
   */
  private static StageServiceSpec spec(Path program, Revisions revision, int number) {
    return JSON.convertValue(
        Map.of(
            "image",
            "revised:1",
            "command",
            List.of("python3", program.toString()),
            "parameters",
            Map.of("MODE", revision.name(), "NUMBER", Integer.toString(number)),
            "placement",
            Map.of("role", "edge"),
            "health",
            Map.of("path", "/healthz"),
            "service",
            Map.of("timeout", "2s"),
            "rollOut",
            ROLL_OUT),
        StageServiceSpec.class);
  }

  private static OperatorSettings settings() {
    var usual = OperatorSettings.of(MockCluster.NAMESPACE, "bench");
    return new OperatorSettings(
        usual.namespace(),
        usual.identity(),
        usual.domain(),
        usual.threads(),
        usual.poll(),
        usual.absence(),
        usual.lease(),
        port(),
        2,
        true);
  }

  /** The first of two that nobody listens at. */
  private static int port() {
    for (int port = FIRST_PORT; port < LAST_PORT; port += 2)
      if (isFree(port) && isFree(port + 1)) return port;
    throw new UserException("no two ports from %s on are free".formatted(FIRST_PORT));
  }

  private static boolean isFree(int port) {
    try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }

  private static Path program(Path directory) {
    try (var from = RevisionBench.class.getResourceAsStream("revision.py")) {
      return Files.write(
          directory.resolve("revision.py"),
          Objects.requireNonNull(from, "revision.py").readAllBytes());
    } catch (IOException e) {
      throw new UserException("cannot write to " + directory + ": " + e.getMessage(), e);
    }
  }
}
