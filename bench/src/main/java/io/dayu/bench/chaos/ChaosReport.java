package io.dayu.bench.chaos;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.truth.Verdict;
import io.dayu.console.Table;
import io.dayu.console.Units;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The result of a run.
 *
 * @param problems what went wrong besides: a node that died by itself, a stream that never settled
 */
public record ChaosReport(
    long seed, Duration duration, List<Done> faults, Verdict verdict, List<String> problems) {
  /**
   * A fault as it was done.
   *
   * @param at from the start of the run
   * @param lasted until it was undone
   * @param longestGap between two results of a stream that is read on another node
   * @param generated elements cut meanwhile, on all nodes
   */
  public record Done(
      Fault fault, String node, Duration at, Duration lasted, Duration longestGap, long generated) {
    public Done {
      Objects.requireNonNull(fault, "fault");
      Objects.requireNonNull(node, "node");
    }
  }

  public ChaosReport {
    faults = List.copyOf(faults);
    problems = List.copyOf(problems);
  }

  /** Whether all promises were kept. */
  public boolean kept() {
    return verdict.kept() && problems.isEmpty();
  }

  public ObjectNode json() {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("seed", seed).put("durationSeconds", duration.toMillis() / 1000.0);
    var counts = json.putObject("faults");
    byKind().forEach((fault, done) -> counts.put(fault.word(), done.size()));
    var ledger = verdict.ledger();
    json.put("generated", ledger.generated())
        .put("delivered", ledger.delivered())
        .put("failed", ledger.failed())
        .put("shed", ledger.shed())
        .put("given", verdict.given())
        .put("stored", verdict.stored())
        .put("lost", verdict.lost())
        .put("duplicates", verdict.duplicates())
        .put("corrupted", verdict.corrupted())
        .put("ledgerBalanced", verdict.ledgerBalanced());
    var gaps = json.putObject("longestGapMs");
    byKind().forEach((fault, done) -> gaps.put(fault.word(), longest(done).toMillis()));
    var schedule = json.putArray("schedule");
    for (var done : faults)
      schedule
          .addObject()
          .put("fault", done.fault().word())
          .put("node", done.node())
          .put("atMs", done.at().toMillis())
          .put("lastedMs", done.lasted().toMillis())
          .put("longestGapMs", done.longestGap().toMillis())
          .put("generated", done.generated());
    var wrong = json.putArray("problems");
    problems.forEach(wrong::add);
    verdict.notes().forEach(wrong::add);
    return json;
  }

  private Map<Fault, List<Done>> byKind() {
    var kinds = new TreeMap<Fault, List<Done>>();
    for (var done : faults)
      kinds.computeIfAbsent(done.fault(), f -> new java.util.ArrayList<>()).add(done);
    return kinds;
  }

  private static Duration longest(List<Done> done) {
    return done.stream().map(Done::longestGap).max(Duration::compareTo).orElse(Duration.ZERO);
  }

  /** For people. */
  public String text() {
    var table = Table.of("FAULT", ">TIMES", ">LASTED", ">LONGEST GAP", ">GENERATED", "WHAT");
    byKind()
        .forEach(
            (fault, done) ->
                table.row(
                    fault.word(),
                    done.size(),
                    Units.millis(done.stream().mapToLong(d -> d.lasted().toMillis()).sum()),
                    Units.millis(longest(done).toMillis()),
                    done.stream().mapToLong(Done::generated).sum(),
                    fault.how()));
    var text = new StringBuilder(table.render(""));
    text.append(
        "%n%s%n%d readings were given, %d results are in the store%n"
            .formatted(verdict.ledger(), verdict.given(), verdict.stored()));
    text.append(
        "lost %d, duplicates %d, corrupted %d, ledger %s%n"
            .formatted(
                verdict.lost(),
                verdict.duplicates(),
                verdict.corrupted(),
                verdict.ledgerBalanced() ? "balances" : "DOES NOT BALANCE"));
    verdict.notes().forEach(note -> text.append("  ").append(note).append(System.lineSeparator()));
    problems.forEach(p -> text.append("  ").append(p).append(System.lineSeparator()));
    return text.toString();
  }
}
