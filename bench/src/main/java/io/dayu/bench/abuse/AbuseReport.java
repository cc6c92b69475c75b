package io.dayu.bench.abuse;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.truth.Verdict;
import io.dayu.console.Table;
import io.dayu.console.Units;
import java.time.Duration;
import java.util.List;

/**
 * The result of a run.
 *
 * @param lost nodes that ended
 * @param silent nodes that the cloud gave up, or a cloud that did not answer, after an attack
 * @param forged results in the store that no source gave
 * @param leaked bytes of secrets that were told
 * @param problems what else went wrong, in words
 */
record AbuseReport(
    long seed,
    Duration duration,
    List<Done> attacks,
    int lost,
    int silent,
    long forged,
    long leaked,
    Verdict verdict,
    List<String> problems) {
  /**
   * All attacks of one kind.
   *
   * @param inputs connections, messages and documents
   * @param longestGap without a result of the honest pipelines, from its beginning to its end
   */
  record Done(Attack attack, int times, long inputs, Duration longestGap) {}

  AbuseReport {
    attacks = List.copyOf(attacks);
    problems = List.copyOf(problems);
  }

  /** Whether all promises were kept. */
  boolean kept() {
    return lost == 0
        && silent == 0
        && forged == 0
        && leaked == 0
        && verdict.kept()
        && problems.isEmpty();
  }

  long inputs() {
    return attacks.stream().mapToLong(Done::inputs).sum();
  }

  ObjectNode json() {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("seed", seed).put("durationSeconds", duration.toMillis() / 1000.0);
    var kinds = json.putObject("attacks");
    for (var done : attacks)
      kinds
          .putObject(done.attack().word())
          .put("times", done.times())
          .put("inputs", done.inputs())
          .put("longestGapMs", done.longestGap().toMillis());
    var ledger = verdict.ledger();
    json.put("inputs", inputs())
        .put("nodesLost", lost)
        .put("nodesSilent", silent)
        .put("resultsForged", forged)
        .put("bytesLeaked", leaked)
        .put("generated", ledger.generated())
        .put("delivered", ledger.delivered())
        .put("failed", ledger.failed())
        .put("shed", ledger.shed())
        .put("lost", verdict.lost())
        .put("ledgerBalanced", verdict.ledgerBalanced());
    var wrong = json.putArray("problems");
    problems.forEach(wrong::add);
    verdict.notes().forEach(wrong::add);
    return json;
  }

  /** For people. */
  String text() {
    var table = Table.of("ATTACK", ">TIMES", ">INPUTS", ">LONGEST GAP", "WHAT");
    for (var done : attacks)
      table.row(
          done.attack().word(),
          done.times(),
          done.inputs(),
          Units.millis(done.longestGap().toMillis()),
          done.attack().what());
    var text = new StringBuilder(table.render(""));
    text.append(
        "%n%s inputs: nodes lost %s, silent %s, results forged %s, bytes leaked %s%n"
            .formatted(inputs(), lost, silent, forged, leaked));
    text.append(
        "%s%nlost %s, duplicates %s, ledger %s%n"
            .formatted(
                verdict.ledger(),
                verdict.lost(),
                verdict.duplicates(),
                verdict.ledgerBalanced() ? "balances" : "DOES NOT BALANCE"));
    verdict.notes().forEach(note -> text.append("  ").append(note).append(System.lineSeparator()));
    problems.forEach(p -> text.append("  ").append(p).append(System.lineSeparator()));
    return text.toString();
  }
}
