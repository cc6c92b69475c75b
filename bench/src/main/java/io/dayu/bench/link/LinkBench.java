package io.dayu.bench.link;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.bench.run.ClusterRun;
import io.dayu.bench.run.CpuTime;
import io.dayu.bench.run.Waiting;
import io.dayu.console.Progress;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Measures all {@link Mechanism}s between the same two processes, one at a time and in turns: a
 * round gives each its turn, and what is compared are turns of the same round. The first round
 * warms up and does not count.
 */
final class LinkBench {
  private static final Duration LONGEST_TURN = Duration.ofSeconds(2);
  private static final int FEWEST_ROUNDS = 3;
  private static final Duration WARM_UP_TURN = Duration.ofSeconds(3);

  /** The serial collector as on nodes, and all compilers: what is asked is what a hop can do. */
  static final List<String> JVM = List.of("-XX:+UseSerialGC", "-Xmx512m", "-Xss512k");

  private final Home home;
  private final LocalCluster.Settings settings;
  private final Progress progress;

  LinkBench(Home home, LocalCluster.Settings settings, Progress progress) {
    this.home = home;
    this.settings = settings;
    this.progress = progress;
  }

  /**
   * How a time is divided.
   *
   * @param rounds that count
   */
  record Plan(int rounds, Duration turn) {
    /** Turns of two seconds, shorter ones where that would be too few rounds. */
    static Plan of(Duration duration) {
      int mechanisms = Mechanism.values().length;
      long rounds = duration.toMillis() / (LONGEST_TURN.toMillis() * mechanisms);
      int enough = Math.toIntExact(Math.max(FEWEST_ROUNDS, rounds));
      return new Plan(enough, duration.dividedBy((long) enough * mechanisms));
    }
  }

  /**
   * @param payloads in bytes, measured one after the other
   * @param duration that counts, for each payload
   */
  LinkReport run(List<Integer> payloads, Duration duration) {
    progress.line(
        "One hop between two processes, %s ways in turns".formatted(Mechanism.values().length));
    return ClusterRun.run(settings, progress, cluster -> run(cluster, payloads, duration));
  }

  private LinkReport run(LocalCluster cluster, List<Integer> payloads, Duration duration) {
    var program = home.program("bench", Peer.class.getName());
    progress.now("starting two processes …");
    var jvm =
        Stream.concat(JVM.stream(), Stream.of(HopKeys.make(cluster.directory().resolve("keys"))))
            .toList();
    try (var receiver = PeerProcess.start(cluster, program, "receiver", jvm);
        var sender = PeerProcess.start(cluster, program, "sender", jvm)) {
      var hop = new Hop(receiver, sender, new Waiting(cluster, progress));
      var figures = new ArrayList<LinkReport.Figures>();
      for (int payload : payloads) figures.add(measure(hop, payload, Plan.of(duration)));
      return new LinkReport(figures);
    }
  }

  private LinkReport.Figures measure(Hop hop, int payload, Plan plan) {
    var turns = new EnumMap<Mechanism, List<LinkReport.Turn>>(Mechanism.class);
    for (var mechanism : Mechanism.values())
      hop.turn(mechanism, payload, WARM_UP_TURN, "warming up");
    for (int round = 1; round <= plan.rounds(); round++)
      for (var mechanism : Mechanism.values())
        turns
            .computeIfAbsent(mechanism, m -> new ArrayList<>())
            .add(
                hop.turn(
                    mechanism,
                    payload,
                    plan.turn(),
                    "round %s/%s".formatted(round, plan.rounds())));
    var figures = new LinkReport.Figures(payload, Map.copyOf(turns));
    progress.line("  " + figures.summary());
    return figures;
  }

  private record Hop(PeerProcess receiver, PeerProcess sender, Waiting waiting) {
    /** Connections and windows open up before a turn counts. */
    private static final Duration SETTLE = Duration.ofMillis(300);

    @CanIgnoreReturnValue
    LinkReport.Turn turn(Mechanism mechanism, int payload, Duration time, String which) {
      var what = "%s bytes, %s, %s".formatted(payload, which, mechanism.title());
      var processes = List.of(receiver.process(), sender.process());
      int port = receiver.receive(mechanism, payload);
      sender.send(mechanism, payload, port);
      waiting.pass(what, SETTLE);
      var cpu = CpuTime.of(processes);
      var begin = receiver.arrived();
      waiting.pass(what, time);
      var end = receiver.arrived();
      var used = CpuTime.of(processes).minus(cpu);
      sender.stop();
      receiver.stop();
      return new LinkReport.Turn(
          end.elements() - begin.elements(),
          end.bytes() - begin.bytes(),
          Duration.ofNanos(end.atNanos() - begin.atNanos()),
          used);
    }
  }
}
