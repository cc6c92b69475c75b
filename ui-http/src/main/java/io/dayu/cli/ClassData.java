package io.dayu.cli;

import io.dayu.client.ApiClient;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.ChildProcess;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import io.dayu.local.NodeJava;
import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Makes the class data of cloud and edge nodes, for {@code dayu up} and before integration tests
 * start some two hundred of them: a cloud and an edge with keys run a pipeline until its first
 * result is stored, each writes what it has loaded, and a JVM archives that: as an AOT cache (JEP
 * 483) from Java 25 on, else as application class data (JEP 310). Not an archive written by the
 * nodes themselves at their end (JEP 350, 514): Java 17 cannot leave {@link #SIGNED} out, and a
 * node that ends is not waited for as long as an archive takes.
 */
final class ClassData {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration ARCHIVED = Duration.ofMinutes(5);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  /** Comes in a signed jar: the JVM of Java 17 crashes over lambdas of such classes. */
  private static final String SIGNED = "com/amazon/corretto/";

  private static final String PIPELINE =
      """
      apiVersion: dayu.io/v1alpha1
      kind: Pipeline
      metadata: {name: class-data}
      spec:
        sources: [{name: ticks, uri: "synthetic:?bytes=1024&rate=20", node: edge-1}]
        stages:
          - {id: there, type: identity}
          - {id: here, type: identity, after: [there]}
        policy: {name: fixed, params: {route: {there: edge-1, here: cloud-1}}}
      """;

  private static final List<NodeOptions> NODES =
      List.of(NodeOptions.cloud("cloud-1"), NodeOptions.edge("edge-1", "site-1"));

  private ClassData() {}

  /**
   * Fails with an exception if the class data cannot be made. With a directory as its argument it
   * makes none: it writes there which classes each node has loaded, from which images make theirs.
   */
  public static void main(String... args) throws IOException {
    var home = Home.find();
    var lists = args.length == 0 ? Optional.<Path>empty() : Optional.of(Path.of(args[0]));
    var settings = LocalCluster.Settings.temporary(home);
    try (var cluster = LocalCluster.open(settings, Progress.silent())) {
      var keys = UpKeys.in(cluster.directory().resolve("keys"));
      for (var node : NODES) {
        Files.deleteIfExists(archive(node, home));
        var list = list(node, cluster);
        cluster.start(keys.give(node).jvm(lists.isEmpty() ? recording(list) : listing(list)));
      }
      run(cluster.client());
      end(cluster, "edge-1");
      end(cluster, "cloud-1");
      if (lists.isEmpty()) archive(cluster, home);
      else
        for (var node : NODES)
          write(list(node, cluster), lists.get().resolve(node.role().word() + "-node.classes"));
    }
  }

  /**
   * Names and lambdas, sorted: not what is at which place of a class, which another compiler of the
   * same source may lay out otherwise, nor classes that are not on the class path.
   */
  private static void write(Path list, Path to) throws IOException {
    try (var lines = Files.lines(list)) {
      Files.write(
          to,
          lines
              .filter(line -> !line.startsWith("#") && !line.startsWith("@cp "))
              .filter(line -> !line.contains(" source: "))
              .map(line -> line.replaceFirst(" id: \\d+.*$", ""))
              .sorted()
              .distinct()
              .toList());
    }
  }

  private static void run(ApiClient api) {
    await("a cluster of two", () -> api.get("nodes").path("items").size() == 2);
    api.send("POST", "pipelines", PIPELINE);
    await(
        "a result", () -> !api.get("pipelines/class-data/results?limit=1").path("items").isEmpty());
    api.delete("pipelines/class-data");
  }

  /** A JVM that records writes at its end, for longer than a cluster waits on a busy machine. */
  private static void end(LocalCluster cluster, String node) {
    var process = cluster.node(node).process();
    process.terminate();
    process.await(ARCHIVED);
    cluster.stop(node);
  }

  private static String[] recording(Path list) {
    return NodeJava.find().hasAotCache()
        ? new String[] {
          "-XX:AOTMode=record", "-XX:AOTConfiguration=" + list, "-Xlog:aot*=error,cds*=error"
        }
        : listing(list);
  }

  private static String[] listing(Path list) {
    return new String[] {"-XX:DumpLoadedClassList=" + list};
  }

  /** All at the same time: a JVM that archives has one thread and no compiler. */
  private static void archive(LocalCluster cluster, Home home) throws IOException {
    var archivers = new ArrayList<Archiver>();
    for (var node : NODES) {
      var archive = archive(node, home);
      var written = Path.of(archive + ".new"); // a node that starts meanwhile maps no half of it
      var jvm = archiving(list(node, cluster), written);
      var name = "archive-" + node.name();
      archivers.add(
          new Archiver(
              cluster.run(name, node.role().program(home), jvm, List.of()), written, archive));
    }
    for (var archiver : archivers) {
      if (!archiver.process().await(ARCHIVED) || !Files.isRegularFile(archiver.written()))
        throw new UserException(
            "no class data in %s; %s"
                .formatted(archiver.written(), String.join("\n", archiver.process().tail(20))));
      Files.move(archiver.written(), archiver.archive(), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static List<String> archiving(Path list, Path written) throws IOException {
    if (NodeJava.find().hasAotCache())
      return List.of(
          "-XX:AOTMode=create",
          "-XX:+UseSerialGC",
          "-Xlog:aot*=error,cds*=error",
          "-XX:AOTConfiguration=" + list,
          "-XX:AOTCache=" + written);
    try (var classes = Files.lines(list)) {
      Files.write(list, classes.filter(line -> !line.contains(SIGNED)).toList());
    }
    return List.of(
        "-Xshare:dump",
        "-XX:+UseSerialGC",
        "-Xlog:cds*=error",
        "-XX:SharedClassListFile=" + list,
        "-XX:SharedArchiveFile=" + written);
  }

  private record Archiver(ChildProcess process, Path written, Path archive) {}

  private static Path list(NodeOptions node, LocalCluster cluster) {
    return cluster.directory().resolve(node.name() + ".classes");
  }

  private static Path archive(NodeOptions node, Home home) {
    return node.role().program(home).classData().orElseThrow();
  }

  private static void await(String what, BooleanSupplier condition) {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > until)
        throw new UserException("no %s after %s s".formatted(what, PATIENCE.toSeconds()));
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
    }
  }
}
