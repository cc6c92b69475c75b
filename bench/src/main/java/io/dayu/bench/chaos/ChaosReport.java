package io.dayu.bench.chaos;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.truth.Verdict;
import io.dayu.console.Table;
import io.dayu.console.Units;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The result of a run.
 *
 * @param variants what all pipelines were, one after the other, together
 * @param seen of how many of these there are results
 * @param problems what went wrong besides: a node that died by itself, a stream that never settled
 */
public record ChaosReport(
    long seed,
    Duration duration,
    List<Done> faults,
    Verdict verdict,
    int variants,
    int seen,
    List<String> problems) {
  /**
   * A fault as it was done.
   *
   * @param node or pipeline
   * @param at from the start of the run
   * @param lasted until it was undone
   * @param gaps the longest time between two results of each stream, by pipeline; none of a stream
   *     of which nothing came afterwards
   * @param generated elements cut meanwhile, on all nodes
   */
  public record Done(
      Fault fault,
      String node,
      Duration at,
      Duration lasted,
      Map<String, Duration> gaps,
      long generated) {
    public Done {
      Objects.requireNonNull(fault, "fault");
      Objects.requireNonNull(node, "node");
      gaps = Collections.unmodifiableMap(new TreeMap<>(gaps));
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
        .put("ledgerBalanced", verdict.ledgerBalanced())
        .put("variants", variants)
        .put("variantsSeen", seen);
    var gaps = json.putObject("longestGapMs");
    byKind().forEach((fault, done) -> put(gaps.putObject(fault.word()), longest(done)));
    var schedule = json.putArray("schedule");
    for (var done : faults) {
      var entry =
          schedule
              .addObject()
              .put("fault", done.fault().word())
              .put("node", done.node())
              .put("atMs", done.at().toMillis())
              .put("lastedMs", done.lasted().toMillis())
              .put("generated", done.generated());
      put(entry.putObject("longestGapMs"), done.gaps());
    }
    var wrong = json.putArray("problems");
    problems.forEach(wrong::add);
    verdict.notes().forEach(wrong::add);
    return json;
  }

  private Map<Fault, List<Done>> byKind() {
    var kinds = new TreeMap<Fault, List<Done>>();
    for (var done : faults) kinds.computeIfAbsent(done.fault(), f -> new ArrayList<>()).add(done);
    return kinds;
  }

  /** By stream. */
  private static Map<String, Duration> longest(List<Done> done) {
    var longest = new TreeMap<String, Duration>();
    for (var one : done)
      one.gaps()
          .forEach(
              (stream, gap) -> longest.merge(stream, gap, (a, b) -> a.compareTo(b) > 0 ? a : b));
    return longest;
  }

  private static void put(ObjectNode json, Map<String, Duration> gaps) {
    gaps.forEach((stream, gap) -> json.put(stream, gap.toMillis()));
  }

  /** How long each stream was without a result, by fault. */
  private String gapTable() {
    if (faults.isEmpty()) return "";
    var streams = longest(faults).keySet();
    var titles = new ArrayList<>(List.of("LONGEST GAP"));
    streams.forEach(stream -> titles.add(">" + stream));
    var table = Table.of(titles.toArray(String[]::new));
    byKind()
        .forEach(
            (fault, done) -> {
              var gaps = longest(done);
              var row = new ArrayList<Object>(List.of(fault.word()));
              for (var stream : streams) {
                var gap = gaps.get(stream);
                row.add(gap == null ? "-" : Units.millis(gap.toMillis()));
              }
              table.row(row.toArray());
            });
    return System.lineSeparator() + table.render("");
  }

  /** For people. */
  public String text() {
    var table = Table.of("FAULT", ">TIMES", ">LASTED", ">GENERATED", "WHAT");
    byKind()
        .forEach(
            (fault, done) ->
                table.row(
                    fault.word(),
                    done.size(),
                    Units.millis(done.stream().mapToLong(d -> d.lasted().toMillis()).sum()),
                    done.stream().mapToLong(Done::generated).sum(),
                    fault.how()));
    var text = new StringBuilder(table.render(""));
    text.append(gapTable());
    text.append(
        "%n%s%n%s readings were given, %s results are in the store%n"
            .formatted(verdict.ledger(), verdict.given(), verdict.stored()));
    text.append(
        "lost %s, duplicates %s, corrupted %s, ledger %s%n"
            .formatted(
                verdict.lost(),
                verdict.duplicates(),
                verdict.corrupted(),
                verdict.ledgerBalanced() ? "balances" : "DOES NOT BALANCE"));
    text.append(
        "the pipelines were in %s variants, results are there of %s%n".formatted(variants, seen));
    verdict.notes().forEach(note -> text.append("  ").append(note).append(System.lineSeparator()));
    problems.forEach(p -> text.append("  ").append(p).append(System.lineSeparator()));
    return text.toString();
  }
}
