package io.dayu.bench.revision;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.pipeline.Settled;
import io.dayu.bench.run.Statistics;
import io.dayu.console.Table;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What new revisions of a service cost elements that flow through it. */
record RevisionReport(int perSecond, List<Part> parts) {
  private static final int DIGITS = 4;

  RevisionReport {
    parts = List.copyOf(parts);
  }

  /**
   * @param tookOver whether it stays, else it was taken back
   * @param why in the operator's words
   * @param firstMs from the creation of the Pipeline to its first delivered element
   * @param steadyGapMs the longest time between two acknowledgements before the change
   * @param decidedMs from the change until it was in use alone, or taken back
   */
  record Part(
      Revisions revision,
      boolean tookOver,
      String why,
      double firstMs,
      double steadyGapMs,
      double decidedMs,
      Settled settled) {
    String line() {
      return String.format(
          Locale.ROOT,
          "%s: %s after %.1f s, longest gap %.0f ms, %s lost",
          revision.words(),
          tookOver ? "in use" : "taken back",
          decidedMs / 1e3,
          settled.longestGapMs(),
          settled.lost());
    }
  }

  /** What must not happen however slow the machine is; empty if it did not. */
  Optional<String> failure() {
    for (var part : parts) {
      if (part.tookOver() != part.revision().takesOver())
        return Optional.of(
            "a revision that %s %s: %s"
                .formatted(
                    part.revision().words(),
                    part.tookOver() ? "was not taken back" : "was taken back",
                    part.why()));
      if (!part.settled().kept())
        return Optional.of(
            "a revision that %s cost elements: %s"
                .formatted(part.revision().words(), part.settled()));
    }
    return Optional.empty();
  }

  ObjectNode json() {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("bench", "revision").put("elementsPerSecond", perSecond);
    var revisions = json.putObject("revisions");
    for (var part : parts)
      revisions
          .putObject(part.revision().name().toLowerCase(Locale.ROOT))
          .put("tookOver", part.tookOver())
          .put("why", part.why())
          .put("firstMs", rounded(part.firstMs()))
          .put("steadyGapMs", rounded(part.steadyGapMs()))
          .put("longestGapMs", rounded(part.settled().longestGapMs()))
          .put("decidedMs", rounded(part.decidedMs()))
          .put("elements", part.settled().elements())
          .put("lost", part.settled().lost())
          .put("duplicates", part.settled().duplicates())
          .put("balanced", part.settled().ledger().balances());
    return json;
  }

  private static double rounded(double value) {
    return Statistics.significant(value, DIGITS);
  }

  /** For people. */
  String text() {
    var table =
        Table.of(
            "A REVISION THAT", ">ELEMENTS", ">LOST", ">TWICE", ">GAP MS", ">STEADY MS", "SEEN");
    for (var part : parts)
      table.row(
          part.revision().words(),
          part.settled().elements(),
          part.settled().lost(),
          part.settled().duplicates(),
          Math.round(part.settled().longestGapMs()),
          Math.round(part.steadyGapMs()),
          String.format(
              Locale.ROOT,
              "%s after %.1f s; first element %.1f s after its Pipeline",
              part.tookOver() ? "in use" : "taken back",
              part.decidedMs() / 1e3,
              part.firstMs() / 1e3));
    return table.render("");
  }
}
