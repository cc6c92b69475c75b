package io.dayu.bench.compare;

import io.dayu.bench.pipeline.Setup;
import io.dayu.bench.run.CpuTime;
import io.dayu.bench.run.Waiting;
import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.ChildProcess;
import io.dayu.local.LocalCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** One engine at the work, in fresh processes. */
final class EngineRun {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** After full speed the programs pause for 2 s; then some elements must have come. */
  private static final Duration PAUSE = Duration.ofSeconds(4);

  /** What both engines ask of a JVM from 17 on. */
  private static final List<String> OPENED =
      List.of(
          "--add-modules=java.se",
          "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
          "--add-opens=java.base/java.lang=ALL-UNNAMED",
          "--add-opens=java.base/java.util=ALL-UNNAMED",
          "--add-opens=java.base/java.time=ALL-UNNAMED",
          "--add-opens=java.base/java.nio=ALL-UNNAMED",
          "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
          "--add-opens=java.management/sun.management=ALL-UNNAMED",
          "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED");

  private final Engines engines;
  private final LocalCluster cluster;
  private final Waiting waiting;
  private final Contestant contestant;
  private final int payload;
  private final Duration duration;

  /**
   * @param cluster the processes end with it
   * @param duration that counts
   */
  EngineRun(
      Engines engines,
      LocalCluster cluster,
      Progress progress,
      Contestant contestant,
      int payload,
      Duration duration) {
    this.engines = engines;
    this.cluster = cluster;
    this.waiting = new Waiting(cluster, progress);
    this.contestant = contestant;
    this.payload = payload;
    this.duration = duration;
  }

  /** At full speed. */
  Throughput throughput(boolean stored) {
    var processes = start(stored, OptionalLong.empty());
    var last = processes.get(processes.size() - 1);
    awaitFirst(last);
    waiting.pass(contestant.title() + ", warming up", Setup.warmUp(duration));
    var cpu = CpuTime.of(processes);
    var before = Meter.last(last);
    long begin = System.nanoTime();
    waiting.pass(contestant.title(), duration);
    double seconds = (System.nanoTime() - begin) / 1e9;
    double cpuMs = CpuTime.of(processes).minus(cpu).toNanos() / 1e6;
    double rate = Meter.last(last).rateSince(before);
    if (!(rate > 0)) throw new UserException(contestant.title() + " has stopped");
    return new Throughput(rate, cpuMs / (rate * seconds));
  }

  /** Stored, at the rate of a person's camera, after full speed for the compilers. */
  Latency latency() {
    var warmUp = Setup.warmUp(duration);
    var processes = start(true, OptionalLong.of(warmUp.toMillis()));
    var last = processes.get(processes.size() - 1);
    awaitFirst(last);
    waiting.pass(contestant.title() + ", warming up", warmUp.plus(PAUSE));
    waiting.pass(contestant.title() + ", latency", duration);
    var latency = Meter.last(last).latency();
    if (!(latency.p50() > 0)) throw new UserException(contestant.title() + " has no latency");
    return latency;
  }

  private void awaitFirst(ChildProcess last) {
    waiting.until(
        contestant.title() + ", starting",
        PATIENCE,
        () -> Meter.of(last).filter(meter -> meter.count() > 0).isPresent());
  }

  /** The one that counts is the last. */
  private List<ChildProcess> start(boolean stored, OptionalLong fullSpeedMs) {
    var properties = new ArrayList<String>();
    properties.add("-Dcompare.payload=" + payload);
    if (stored) properties.add("-Dcompare.store=" + cluster.directory().resolve("results.db"));
    fullSpeedMs.ifPresent(ms -> properties.add("-Dcompare.full-speed-millis=" + ms));
    return switch (contestant) {
      case FLINK -> List.of(run("flink", "FlinkProgram", 1024, properties));
      case FLINK_CHAINED -> {
        properties.add("-Dcompare.chained=true");
        yield List.of(run("flink", "FlinkProgram", 1024, properties));
      }
      case JET -> {
        properties.add("-Dcompare.ports=" + freePorts());
        yield List.of(
            run("jet-1", "JetProgram", 512, with(properties, "-Dcompare.member=1")),
            run("jet-2", "JetProgram", 512, with(properties, "-Dcompare.member=2")));
      }
      case DAYU -> throw new IllegalArgumentException("Dayu is no engine");
    };
  }

  private ChildProcess run(String name, String mainClass, int heapMb, List<String> properties) {
    var jvm = new ArrayList<>(OPENED);
    jvm.add("-XX:+UseSerialGC"); // as Dayu's nodes; the fastest where there are few cores
    jvm.add("-Xmx" + heapMb + "m");
    jvm.addAll(properties);
    return cluster.run(name, engines.program(mainClass), jvm, List.of());
  }

  private static List<String> with(List<String> properties, String more) {
    var all = new ArrayList<>(properties);
    all.add(more);
    return all;
  }

  /** Members must know each other's before they listen. */
  private static String freePorts() {
    var loopback = InetAddress.getLoopbackAddress();
    try (var first = new ServerSocket(0, 1, loopback);
        var second = new ServerSocket(0, 1, loopback)) {
      return first.getLocalPort() + "," + second.getLocalPort();
    } catch (IOException e) {
      throw new UserException("there is no free port: " + e.getMessage(), e);
    }
  }
}
