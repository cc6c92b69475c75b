package io.dayu.bench.pipeline;

import io.dayu.client.LedgerCounts;
import java.time.Duration;
import java.util.ArrayList;

/**
 * What became of the elements of a pipeline with one stream, once all of them are settled.
 *
 * @param lost elements without a result
 * @param duplicates results beyond the first one of an element
 * @param longestGapMs the longest time between two acknowledgements
 */
public record Settled(
    long elements, long lost, long duplicates, double longestGapMs, LedgerCounts ledger) {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  public boolean kept() {
    return lost == 0 && duplicates == 0 && ledger.balances() && ledger.failed() == 0;
  }

  /**
   * Waits until all elements of a pipeline that was paused are settled, and counts their results.
   */
  public static Settled of(Setup setup, String name) {
    var counted = new ArrayList<Settled>(); // at each look
    setup
        .waiting()
        .until(
            "waiting for the last results",
            PATIENCE,
            () -> {
              var last = setup.figures(name);
              if (!last.state().equals("paused") || last.ledger().inFlight() > 0) return false;
              var stored = StoredResults.count(setup.api(), name, rows -> {});
              long elements = last.ledger().generated();
              counted.add(
                  new Settled(
                      elements,
                      stored.missing(elements),
                      stored.duplicates(),
                      last.longestGapMs(),
                      last.ledger()));
              // What was read just before the pause may be stored and not be in a report yet.
              return stored.distinct() <= elements;
            });
    return counted.get(counted.size() - 1);
  }
}
