package io.dayu.bench.change;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.pipeline.Settled;
import io.dayu.bench.run.Statistics;
import io.dayu.console.Table;
import java.util.Locale;
import java.util.Optional;

/**
 * What new keys of all nodes cost elements that flow.
 *
 * @param renewals how often all nodes got new files, and took them
 * @param steadyGapMs the longest time between two acknowledgements before the first renewal
 * @param later of a pipeline that began after the last one
 */
record KeysReport(
    double perSecond,
    int renewals,
    Links links,
    double steadyGapMs,
    Settled settled,
    Settled later) {
  private static final int DIGITS = 4;

  /**
   * @param open connections between nodes, before the first renewal
   * @param dropped those of them that are not there after the last one
   */
  record Links(long open, long dropped) {}

  /** What must not happen however slow the machine is; empty if it did not. */
  Optional<String> failure() {
    if (links.open() == 0) return Optional.of("no connection between nodes was found");
    if (links.dropped() != 0)
      return Optional.of(
          "%s of %s connections between nodes were dropped"
              .formatted(links.dropped(), links.open()));
    if (!settled.kept()) return Optional.of("new keys cost elements: " + settled);
    if (!later.kept())
      return Optional.of("elements were lost over links with the last keys: " + later);
    return Optional.empty();
  }

  ObjectNode json() {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("bench", "keys")
        .put("elementsPerSecond", rounded(perSecond))
        .put("renewals", renewals)
        .put("links", links.open())
        .put("linksDropped", links.dropped())
        .put("steadyGapMs", rounded(steadyGapMs))
        .put("longestGapMs", rounded(settled.longestGapMs()))
        .put("elements", settled.elements())
        .put("lost", settled.lost())
        .put("duplicates", settled.duplicates())
        .put("balanced", settled.ledger().balances() && later.ledger().balances());
    return json;
  }

  private static double rounded(double value) {
    return Statistics.significant(value, DIGITS);
  }

  /** For people. */
  String text() {
    return Table.of("ALL KEYS NEW", ">AT/S", ">ELEMENTS", ">LOST", ">TWICE", "SEEN")
        .row(
            renewals + " times",
            String.format(Locale.ROOT, "%,.0f", perSecond),
            settled.elements(),
            settled.lost(),
            settled.duplicates(),
            String.format(
                Locale.ROOT,
                "longest gap %.0f ms (steady %.0f ms), %s of %s links dropped",
                settled.longestGapMs(),
                steadyGapMs,
                links.dropped(),
                links.open()))
        .render("");
  }
}
