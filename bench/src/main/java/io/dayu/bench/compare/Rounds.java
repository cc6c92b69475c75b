package io.dayu.bench.compare;

import io.dayu.bench.run.Statistics;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Throughputs of all of them, round by round. Of one thread. */
final class Rounds {
  private final Map<Contestant, List<Throughput>> measured = new EnumMap<>(Contestant.class);

  void add(Contestant contestant, Throughput throughput) {
    measured.computeIfAbsent(contestant, c -> new ArrayList<>()).add(throughput);
  }

  private List<Double> all(Contestant contestant, ToDoubleFunction<Throughput> figure) {
    return measured.getOrDefault(contestant, List.of()).stream()
        .map(t -> figure.applyAsDouble(t))
        .toList();
  }

  List<Double> rates(Contestant contestant) {
    return all(contestant, Throughput::elementsPerSecond);
  }

  double rate(Contestant contestant) {
    return Statistics.median(rates(contestant));
  }

  double cpuMs(Contestant contestant) {
    return Statistics.median(all(contestant, Throughput::cpuMsPerElement));
  }

  /** Dayu's rate divided by another's, each within a round. */
  List<Double> ratios(Contestant other) {
    return Statistics.ratios(rates(Contestant.DAYU), rates(other));
  }

  /** Dayu's CPU time of an element divided by another's, each within a round. */
  double cpuRatio(Contestant other) {
    return Statistics.median(
        Statistics.ratios(
            all(Contestant.DAYU, Throughput::cpuMsPerElement),
            all(other, Throughput::cpuMsPerElement)));
  }

  /**
   * Dayu's rate divided by that of the better engine in each round, of those that have a hop
   * between nodes as Dayu has.
   */
  List<Double> ratiosToBest() {
    var jet = rates(Contestant.JET);
    var flink = rates(Contestant.FLINK);
    var best = new ArrayList<Double>();
    for (int i = 0; i < jet.size(); i++) best.add(Math.max(jet.get(i), flink.get(i)));
    return Statistics.ratios(rates(Contestant.DAYU), best);
  }
}
