package io.dayu.bench.operator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dayu.console.UserException;
import io.dayu.local.ChildProcess;
import io.dayu.local.Home;
import io.dayu.local.NodeJava;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** An API server with what is in it, and a stand-in for Dayu's API, in a process of its own. */
final class Simulation implements AutoCloseable {
  static final String NAMESPACE = "dayu-system";
  private static final String PROGRAM = "io.dayu.k8s.reconcile.BenchCluster";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What is in it. */
  record Size(int nodes, int pipelines, int services) {}

  private final ChildProcess process;
  private final Path directory;
  private final Path ports;

  private Simulation(ChildProcess process, Path directory, Path ports) {
    this.process = process;
    this.directory = directory;
    this.ports = ports;
  }

  /** Starts it; it can be used when it {@link #isFilled}. */
  static Simulation start(Home home, Size size, Path directory) {
    var ports = directory.resolve("ports");
    return new Simulation(
        ChildProcess.start(
            "the simulated cluster",
            List.of(
                NodeJava.find().home().resolve("bin").resolve("java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx2g",
                "-cp",
                home.program("bench", PROGRAM).classPath(),
                PROGRAM,
                Integer.toString(size.nodes()),
                Integer.toString(size.pipelines()),
                Integer.toString(size.services()),
                ports.toString()),
            Map.of(),
            directory,
            directory.resolve("cluster.log")),
        directory,
        ports);
  }

  ChildProcess process() {
    return process;
  }

  boolean isFilled() {
    return Files.exists(ports);
  }

  /** Counts of what the operator has brought about, and of what it has asked. */
  JsonNode figures() {
    try {
      return JSON.readTree(Http.get(api().resolve("/bench")));
    } catch (IOException e) {
      throw new UserException("the simulated cluster does not answer: " + e.getMessage(), e);
    }
  }

  URI api() {
    return URI.create("http://127.0.0.1:" + ports()[1]);
  }

  /** As kubectl reads it, without credentials. */
  Path kubeconfig() {
    try {
      return Files.writeString(
          directory.resolve("kubeconfig"),
          """
          apiVersion: v1
          kind: Config
          clusters: [{name: simulated, cluster: {server: "http://127.0.0.1:%s"}}]
          users: [{name: nobody, user: {}}]
          contexts: [{name: simulated, context: {cluster: simulated, user: nobody}}]
          current-context: simulated
          """
              .formatted(ports()[0]));
    } catch (IOException e) {
      throw new UserException("cannot write to " + directory + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    process.close();
  }

  private String[] ports() {
    try {
      return Files.readString(ports).strip().split(" ");
    } catch (IOException e) {
      throw new UserException("cannot read " + ports + ": " + e.getMessage(), e);
    }
  }
}
