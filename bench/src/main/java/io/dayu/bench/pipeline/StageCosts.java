package io.dayu.bench.pipeline;

import io.dayu.bench.run.BenchPipeline;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a stage and a hop between nodes add to the CPU time of an element, in closed loops.
 *
 * @param byStages by the number of stages, of which the last is in the cloud and the others at the
 *     edge
 * @param oneHop three stages at the edge, whose result goes to the cloud
 * @param threeHops three stages, of which the middle one is in the cloud
 */
record StageCosts(
    SortedMap<Integer, ClosedLoop> byStages, ClosedLoop oneHop, ClosedLoop threeHops) {
  /** Stages of the pipeline that is always measured. */
  static final int USUAL = 3;

  StageCosts {
    byStages = Collections.unmodifiableSortedMap(new TreeMap<>(byStages));
    if (byStages.size() < 2)
      throw new IllegalArgumentException("the cost of a stage takes two numbers of stages");
  }

  /**
   * @param usual what was measured with {@link #USUAL} stages
   */
  static StageCosts run(Setup setup, String edge, ClosedLoop usual, List<Integer> stages) {
    var byStages = new TreeMap<Integer, ClosedLoop>();
    byStages.put(USUAL, usual);
    for (int count : stages) {
      if (byStages.containsKey(count)) continue;
      var route = new ArrayList<>(Collections.nCopies(count - 1, edge));
      route.add(Setup.CLOUD);
      byStages.put(count, ClosedLoop.run(setup, "stages-" + count, edge, new BenchPipeline(route)));
    }
    return new StageCosts(
        byStages,
        ClosedLoop.run(setup, "one-hop", edge, BenchPipeline.over(edge, edge, edge)),
        ClosedLoop.run(setup, "three-hops", edge, BenchPipeline.over(edge, Setup.CLOUD, edge)));
  }

  /** From the fewest stages to the most. */
  double cpuMsPerStage() {
    int fewest = byStages.firstKey();
    int most = byStages.lastKey();
    return (cpuMs(most) - cpuMs(fewest)) / (most - fewest);
  }

  private double cpuMs(int stages) {
    return Objects.requireNonNull(byStages.get(stages), "measured").cpuMsPerElement();
  }

  /** With the same stages, and two hops more. */
  double cpuMsPerHop() {
    return (threeHops.cpuMsPerElement() - oneHop.cpuMsPerElement()) / 2;
  }

  boolean balanced() {
    return oneHop.ledger().balances()
        && threeHops.ledger().balances()
        && byStages.values().stream().allMatch(loop -> loop.ledger().balances());
  }
}
