package io.dayu.bench.change;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.pipeline.Settled;
import io.dayu.bench.run.Statistics;
import io.dayu.console.Table;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What changes, pauses and the loss of a service cost elements that flow. */
record ChangeReport(double perSecond, Changed changed, Paused paused, Killed killed) {
  private static final int DIGITS = 4;

  /**
   * @param changes of the stage in the middle
   * @param restarted how often a stage was started that no change touched
   * @param steadyGapMs the longest time between two acknowledgements before the first change
   */
  record Changed(int changes, long restarted, double steadyGapMs, Settled settled) {}

  /**
   * @param pausedMs from the call until the pipeline says paused, of each round
   * @param resumedMs from the call until the first new acknowledgement is told
   */
  record Paused(List<Double> pausedMs, List<Double> resumedMs, Settled settled) {
    Paused {
      pausedMs = List.copyOf(pausedMs);
      resumedMs = List.copyOf(resumedMs);
    }
  }

  /**
   * @param perSecond elements that flowed through the service
   * @param settled its longest gap is that around the kill
   */
  record Killed(long perSecond, Settled settled) {}

  /** What must not happen however slow the machine is; empty if it did not. */
  Optional<String> failure() {
    if (!changed.settled().kept())
      return Optional.of("a change cost elements: " + changed.settled());
    if (changed.restarted() != 0)
      return Optional.of(
          "%s stages were started that no change touches".formatted(changed.restarted()));
    if (!paused.settled().kept()) return Optional.of("a pause cost elements: " + paused.settled());
    if (!killed.settled().kept())
      return Optional.of("the loss of a service cost elements: " + killed.settled());
    return Optional.empty();
  }

  ObjectNode json() {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("bench", "change").put("elementsPerSecond", rounded(perSecond));
    put(
        json.putObject("change")
            .put("changes", changed.changes())
            .put("restarted", changed.restarted())
            .put("steadyGapMs", rounded(changed.steadyGapMs()))
            .put("longestGapMs", rounded(changed.settled().longestGapMs())),
        changed.settled());
    put(
        json.putObject("pause")
            .put("rounds", paused.pausedMs().size())
            .put("pausedMs", rounded(longest(paused.pausedMs())))
            .put("resumedMs", rounded(longest(paused.resumedMs()))),
        paused.settled());
    put(
        json.putObject("killedService")
            .put("elementsPerSecond", killed.perSecond())
            .put("throughAgainMs", rounded(killed.settled().longestGapMs())),
        killed.settled());
    return json;
  }

  private static void put(ObjectNode json, Settled settled) {
    json.put("elements", settled.elements())
        .put("lost", settled.lost())
        .put("duplicates", settled.duplicates())
        .put("balanced", settled.ledger().balances());
  }

  private static double longest(List<Double> times) {
    return times.stream().mapToDouble(t -> t).max().orElseThrow();
  }

  private static double rounded(double value) {
    return Statistics.significant(value, DIGITS);
  }

  /** For people. */
  String text() {
    var table = Table.of("WHAT", ">AT/S", ">ELEMENTS", ">LOST", ">TWICE", "SEEN");
    row(
        table,
        "a stage is replaced",
        perSecond,
        changed.settled(),
        String.format(
            Locale.ROOT,
            "%s times: longest gap %.0f ms (steady %.0f ms), %s other stages restarted",
            changed.changes(),
            changed.settled().longestGapMs(),
            changed.steadyGapMs(),
            changed.restarted()));
    row(
        table,
        "paused and resumed",
        perSecond,
        paused.settled(),
        String.format(
            Locale.ROOT,
            "%s times: paused after %.0f ms, elements again after %.0f ms, at most",
            paused.pausedMs().size(),
            longest(paused.pausedMs()),
            longest(paused.resumedMs())));
    row(
        table,
        "a Python service killed",
        killed.perSecond(),
        killed.settled(),
        String.format(
            Locale.ROOT, "elements again after %.0f ms", killed.settled().longestGapMs()));
    return table.render("");
  }

  private static void row(
      Table table, String what, double perSecond, Settled settled, String seen) {
    table.row(
        what,
        String.format(Locale.ROOT, "%,.0f", perSecond),
        settled.elements(),
        settled.lost(),
        settled.duplicates(),
        seen);
  }
}
