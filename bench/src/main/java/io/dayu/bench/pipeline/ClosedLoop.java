package io.dayu.bench.pipeline;

import io.dayu.bench.run.BenchPipeline;
import io.dayu.bench.run.CpuTime;
import io.dayu.bench.run.StreamFigures;
import io.dayu.bench.run.ThreadTimes;
import io.dayu.client.LedgerCounts;
import io.dayu.console.UserException;
import io.dayu.local.LocalCluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The highest rate: a source that always has more, against the window of the stream.
 *
 * @param cpuMsPerElement of all nodes together, and of the programs that they have started
 * @param cpuSharePerNode cores that each node kept busy, without those programs
 * @param programs cores that those programs kept busy
 * @param threads cores that groups of threads kept busy, by node
 * @param ledger at the end, warm-up included
 */
public record ClosedLoop(
    double elementsPerSecond,
    double cpuMsPerElement,
    Map<String, Double> cpuSharePerNode,
    double programs,
    Map<String, Map<String, Double>> threads,
    long resent,
    LedgerCounts ledger) {
  /** Two stages at the edge, which reads the source, and one in the cloud. */
  public static ClosedLoop run(Setup setup, String edge) {
    return run(setup, "throughput", edge, BenchPipeline.over(edge, edge, Setup.CLOUD));
  }

  /**
   * A pipeline of any stages.
   *
   * @param reader the node of the source
   */
  public static ClosedLoop run(Setup setup, String name, String reader, BenchPipeline pipeline) {
    setup.submit(name, pipeline, new BenchPipeline.Load(reader, setup.payload(), 0, 0));
    setup.waiting().pass(setup.title(name + ", warming up"), setup.warmUp());
    var rates = new Rates();
    var threads = threads(setup);
    var cpu = cpu(setup);
    var programs = programs(setup);
    long begin = System.nanoTime();
    setup
        .waiting()
        .pass(setup.title(name), setup.duration(), passed -> rates.report(setup.figures(name)));
    double seconds = (System.nanoTime() - begin) / 1e9;
    var used = cpu(setup);
    double ofPrograms = programs(setup).minus(programs).toNanos() / 1e9 / seconds;
    var groups = new TreeMap<String, Map<String, Double>>();
    threads(setup)
        .forEach(
            (node, after) ->
                groups.put(
                    node, ThreadTimes.cores(threads.getOrDefault(node, Map.of()), after, seconds)));
    var last = setup.figures(name);
    setup.delete(name);
    double elements = rates.mean() * seconds;
    var shares =
        used.entrySet().stream()
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    e -> e.getValue().minus(cpu.get(e.getKey())).toNanos() / 1e9 / seconds));
    double cores = shares.values().stream().mapToDouble(s -> s).sum() + ofPrograms;
    return new ClosedLoop(
        rates.mean(),
        cores * seconds * 1e3 / elements,
        shares,
        ofPrograms,
        groups,
        last.resent(),
        last.ledger());
  }

  private static Map<String, Map<String, Double>> threads(Setup setup) {
    return setup.cluster().nodes().stream()
        .filter(node -> node.process().alive())
        .collect(
            Collectors.toMap(
                node -> node.options().name(), node -> ThreadTimes.of(node.process())));
  }

  private static Map<String, Duration> cpu(Setup setup) {
    return setup.cluster().nodes().stream()
        .collect(
            Collectors.toMap(
                n -> n.options().name(),
                (LocalCluster.Node n) -> CpuTime.of(List.of(n.process()))));
  }

  private static Duration programs(Setup setup) {
    return setup.cluster().nodes().stream()
        .map(node -> CpuTime.ofPrograms(node.process()))
        .reduce(Duration.ZERO, Duration::plus);
  }

  /**
   * The generator's own rates, from report to report: they have no error from the time that reports
   * take to get here. The first report seen began before the measurement.
   */
  static final class Rates {
    private final List<Double> perSecond = new ArrayList<>();
    private long delivered = -1;

    void report(StreamFigures figures) {
      if (figures.ledger().delivered() == delivered) return;
      if (delivered >= 0) perSecond.add(figures.perSecond());
      delivered = figures.ledger().delivered();
    }

    double mean() {
      return perSecond.stream()
          .mapToDouble(r -> r)
          .average()
          .orElseThrow(() -> new UserException("no report came while the pipeline was measured"));
    }
  }
}
