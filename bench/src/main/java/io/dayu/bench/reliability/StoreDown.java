package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Fault;
import java.time.Duration;
import java.time.Instant;

/** The database of three cloud nodes is stopped and started again. */
final class StoreDown implements Scenario {
  private static final int CLOUDS = 3;
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final Duration AFTER = Duration.ofSeconds(20);

  @Override
  public String word() {
    return "store-down";
  }

  @Override
  public String fault() {
    return "store down for 60 s (3 cloud nodes, PostgreSQL)";
  }

  @Override
  public String promise() {
    return "backpressure to the sources or the outbox, 0 lost, recovery ≤ 5 s";
  }

  @Override
  public Fault.Need need() {
    return Fault.Need.STORE;
  }

  @Override
  public Seen run(Context context) {
    return ScenarioRun.run(
        context,
        CLOUDS,
        false,
        true,
        context.outage().plus(AFTER),
        run -> {
          var down = Instant.now();
          run.testbed().storeDown();
          run.pass("without the store", context.outage());
          run.testbed().storeUp();
          var up = Instant.now();
          var results = run.first("results", up, a -> a.at().isAfter(up));
          var fresh = run.first("fresh results", up, a -> a.createdAt().isAfter(up));
          var verdict = run.verdict(run.stored());
          return Seen.of(
              ("away for %s s: results %s ms after it is back, what was cut after that %s ms; longest"
                      + " pause of the source %s ms, %s shed")
                  .formatted(
                      context.outage().toSeconds(),
                      results.toMillis(),
                      fresh.toMillis(),
                      run.load().longestPause(down, up).toMillis(),
                      verdict.ledger().shed()),
              fresh.compareTo(LIMIT) <= 0,
              verdict);
        });
  }
}
