package io.dayu.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.client.LedgerCounts;
import io.dayu.console.Table;
import io.dayu.console.Units;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What a demo has shown.
 *
 * @param stored different results found in the store
 * @param decisions of the demo's streams, each stream's in order
 */
record DemoReport(
    LedgerCounts ledger,
    ResultTail.Latencies latencies,
    int stored,
    List<List<Placement>> decisions,
    Instant startedAt,
    Duration streamed,
    List<Node> nodes) {
  DemoReport {
    Objects.requireNonNull(ledger, "ledger");
    Objects.requireNonNull(latencies, "latencies");
    decisions = List.copyOf(decisions);
    nodes = List.copyOf(nodes);
  }

  record Node(String name, String role, long rssBytes) {}

  long routeChanges() {
    return decisions.stream().mapToLong(Placement::changes).sum();
  }

  double elementsPerSecond() {
    return streamed.isZero() ? 0 : ledger.delivered() * 1000.0 / streamed.toMillis();
  }

  /** Why the demo did not show what it is for; empty if it did. */
  Optional<String> failure() {
    if (!ledger.balances())
      return Optional.of("the ledger does not balance: " + ledger.toString().replace(" =", " ≠"));
    if (ledger.delivered() == 0) return Optional.of("nothing was delivered");
    return Optional.empty();
  }

  /** In the form other programs rely on. */
  ObjectNode json() {
    var json = JsonNodeFactory.instance.objectNode();
    json.putObject("ledger")
        .put("generated", ledger.generated())
        .put("delivered", ledger.delivered())
        .put("failed", ledger.failed())
        .put("shed", ledger.shed())
        .put("inFlight", ledger.inFlight());
    var latency = json.putObject("latencyMs");
    put(latency, "p50", latencies.p50());
    put(latency, "p95", latencies.p95());
    put(latency, "p99", latencies.p99());
    json.put("routeChanges", routeChanges());
    json.put("elementsPerSecond", rounded(elementsPerSecond()));
    var list = json.putArray("nodes");
    for (var node : nodes)
      list.addObject()
          .put("name", node.name())
          .put("role", node.role())
          .put("rssMb", Math.round(node.rssBytes() / 1e6));
    return json;
  }

  private static void put(ObjectNode node, String name, double value) {
    if (Double.isNaN(value)) node.putNull(name);
    else node.put(name, rounded(value));
  }

  private static double rounded(double value) {
    return Math.round(value * 100) / 100.0;
  }

  void write(Path file) {
    try {
      if (file.toAbsolutePath().getParent() != null)
        Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, json().toPrettyString() + System.lineSeparator());
    } catch (IOException e) {
      throw new UserException("cannot write the report " + file + ": " + e.getMessage(), e);
    }
  }

  /** For people. */
  String text() {
    var text = new StringBuilder();
    text.append(
        "Ledger   %s: %s%n".formatted(ledger, ledger.balances() ? "balances" : "DOES NOT BALANCE"));
    text.append("Results  %s stored%n".formatted(stored));
    text.append(
        "Latency  p50 %s   p95 %s   p99 %s%n"
            .formatted(
                Units.millis(latencies.p50()),
                Units.millis(latencies.p95()),
                Units.millis(latencies.p99())));
    text.append("Rate     %s elements/s%n".formatted(Units.number(rounded(elementsPerSecond()))));
    text.append("%nRoute changes: %s%n".formatted(routeChanges()));
    var moves = Table.of(">AT", ">DECISION", "STAGE", "FROM", "TO", "REASON");
    for (var stream : decisions)
      for (var move : Placement.moves(stream))
        moves.row(
            elapsed(move.by().at()),
            move.by().version(),
            move.stage(),
            move.from(),
            move.to(),
            move.by().reason());
    if (!moves.isEmpty()) text.append(moves.render("  "));
    var memory = Table.of("NODE", "ROLE", ">MEMORY");
    nodes.forEach(n -> memory.row(n.name(), n.role(), Units.bytes(n.rssBytes())));
    return text.append("%nNodes%n".formatted()).append(memory.render("  ")).toString();
  }

  private String elapsed(String at) {
    try {
      var elapsed = Duration.between(startedAt, Instant.parse(at));
      return Units.clock(elapsed.isNegative() ? Duration.ZERO : elapsed);
    } catch (DateTimeParseException e) {
      return at;
    }
  }
}
