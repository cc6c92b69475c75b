package io.dayu.bench.pipeline;

import io.dayu.bench.run.BenchPipeline;
import io.dayu.client.LedgerCounts;
import java.time.Duration;
import java.util.List;

/**
 * Stages move between two edges while elements flow at a fixed rate.
 *
 * @param elementsPerSecond the rate of the source
 * @param routeChanges that the generator followed
 * @param steadyGapMs longest time between two deliveries before the first change
 * @param longestGapMs the same over all
 * @param missing elements without a result at the end, when all are accounted for
 */
record RouteChange(
    double elementsPerSecond,
    int routeChanges,
    double steadyGapMs,
    double longestGapMs,
    long missing,
    long duplicates,
    long resent,
    LedgerCounts ledger) {
  private static final String PIPELINE = "moves";
  private static final int CHANGES = 4;

  /** What a change takes until a report of it has come. */
  private static final Duration MOVE = Duration.ofSeconds(2);

  private static final Duration STEADY = Duration.ofSeconds(5);
  private static final Duration FOLLOWED = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** Starts the second edge. */
  static RouteChange run(Setup setup, String edge, String other, double elementsPerSecond) {
    setup.start(setup.edge(other));
    var routes =
        List.of(
            BenchPipeline.over(edge, edge, Setup.CLOUD),
            BenchPipeline.over(edge, other, Setup.CLOUD),
            BenchPipeline.over(other, other, Setup.CLOUD),
            BenchPipeline.over(other, edge, Setup.CLOUD));
    long rate = Math.max(1, Math.round(elementsPerSecond));
    warmUp(setup, routes, new BenchPipeline.Load(edge, setup.payload(), rate, 0));

    var every = setup.duration().dividedBy(CHANGES);
    var whole = STEADY.plus(setup.duration()).plus(MOVE.multipliedBy(CHANGES));
    long count = rate * whole.toMillis() / 1000;
    var load = new BenchPipeline.Load(edge, setup.payload(), rate, count);
    setup.submit(PIPELINE, routes.get(0), load);
    setup.waiting().pass(setup.title("steady at %s/s".formatted(rate)), STEADY);
    double steadyGap = setup.figures(PIPELINE).longestGapMs();
    for (int i = 1; i <= CHANGES; i++) {
      change(setup, PIPELINE, routes.get(i % routes.size()), load);
      setup.waiting().pass(setup.title("flowing on route %s".formatted(i + 1)), every);
    }
    setup
        .waiting()
        .until(
            setup.title("waiting for the last results"),
            PATIENCE.plus(whole),
            () -> setup.figures(PIPELINE).completed());
    var last = setup.figures(PIPELINE);
    var stored = StoredResults.count(setup.api(), PIPELINE, rows -> {});
    setup.delete(PIPELINE);
    return new RouteChange(
        rate,
        CHANGES,
        steadyGap,
        last.longestGapMs(),
        stored.missing(count),
        stored.duplicates(),
        last.resent(),
        last.ledger());
  }

  /** Visits every route once, so that no node meets one for the first time. */
  private static void warmUp(Setup setup, List<BenchPipeline> routes, BenchPipeline.Load load) {
    var name = PIPELINE + "-warm-up";
    var each = setup.warmUp().dividedBy(routes.size());
    setup.submit(name, routes.get(0), load);
    for (var route : routes.subList(1, routes.size())) {
      change(setup, name, route, load);
      setup.waiting().pass(setup.title("route changes, warming up"), each);
    }
    setup.delete(name);
  }

  /** Moves stages; returns when the generator is known to follow. */
  private static void change(
      Setup setup, String name, BenchPipeline route, BenchPipeline.Load load) {
    long before = setup.figures(name).decisionInUse();
    setup.change(name, route, load);
    setup
        .waiting()
        .until(
            setup.title("moving stages"),
            FOLLOWED,
            () -> setup.figures(name).decisionInUse() > before);
  }
}
