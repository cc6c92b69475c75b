package io.dayu.bench.pipeline;

import io.dayu.cli.LedgerCounts;
import java.time.Duration;
import java.util.List;

/**
 * Stages move between two edges while elements flow at a fixed rate.
 *
 * @param elementsPerSecond the rate of the source
 * @param routeChanges decisions that the generator took over
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
  private static final Duration STEADY = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** Starts the second edge. */
  static RouteChange run(Setup setup, String edge, String other, double elementsPerSecond) {
    setup.start(setup.edge(other));
    var routes =
        List.of(
            new Documents(edge, edge, Setup.CLOUD),
            new Documents(edge, other, Setup.CLOUD),
            new Documents(other, other, Setup.CLOUD),
            new Documents(other, edge, Setup.CLOUD));
    long rate = Math.max(1, Math.round(elementsPerSecond));
    warmUp(setup, routes, new Documents.Load(edge, setup.payload(), rate, 0));

    var every = setup.duration().dividedBy(CHANGES);
    long count = rate * setup.duration().plus(STEADY).plus(every).toMillis() / 1000;
    var load = new Documents.Load(edge, setup.payload(), rate, count);
    setup.submit(PIPELINE, routes.get(0), load);
    setup.waiting().pass(setup.title("steady at %d/s".formatted(rate)), STEADY);
    double steadyGap = setup.figures(PIPELINE).longestGapMs();
    int changes = 0;
    for (int i = 1; i <= CHANGES; i++)
      if (change(setup, routes.get(i % routes.size()), load, every)) changes++;
    setup
        .waiting()
        .until(
            setup.title("waiting for the last results"),
            PATIENCE,
            () -> setup.figures(PIPELINE).completed());
    var last = setup.figures(PIPELINE);
    var stored = StoredResults.count(setup.api(), PIPELINE, rows -> {});
    setup.delete(PIPELINE);
    return new RouteChange(
        rate,
        changes,
        steadyGap,
        last.longestGapMs(),
        stored.missing(count),
        stored.duplicates(),
        last.resent(),
        last.ledger());
  }

  /** Visits every route once, so that no node meets one for the first time. */
  private static void warmUp(Setup setup, List<Documents> routes, Documents.Load load) {
    var name = PIPELINE + "-warm-up";
    var each = setup.warmUp().dividedBy(routes.size());
    setup.submit(name, routes.get(0), load);
    for (var route : routes) {
      setup.change(name, route, load);
      setup.waiting().pass(setup.title("route changes, warming up"), each);
    }
    setup.delete(name);
  }

  /** Moves the stages and lets elements flow; whether the generator was seen to follow. */
  private static boolean change(Setup setup, Documents route, Documents.Load load, Duration every) {
    long before = setup.figures(PIPELINE).decisionInUse();
    setup.change(PIPELINE, route, load);
    setup.waiting().pass(setup.title("moving stages"), every);
    return setup.figures(PIPELINE).decisionInUse() > before;
  }
}
