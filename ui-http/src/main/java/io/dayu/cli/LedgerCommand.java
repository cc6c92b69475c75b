package io.dayu.cli;

import static io.dayu.client.ApiClient.path;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.client.LedgerCounts;
import io.dayu.console.Table;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows what became of every element. */
@Command(
    name = "ledger",
    mixinStandardHelpOptions = true,
    description = "What became of every element of a pipeline.")
final class LedgerCommand implements Callable<Integer> {
  @Mixin private ApiOptions api;

  @Parameters(paramLabel = "NAME", description = "The pipeline.")
  private String name;

  @Override
  public Integer call() {
    var answer = api.client().get(path("pipelines", name, "ledger"));
    if (api.json()) {
      api.print(answer);
      return 0;
    }
    var table =
        Table.of("STREAM", ">GENERATED", ">DELIVERED", ">FAILED", ">SHED", ">IN FLIGHT", "");
    for (var stream : answer.path("streams")) row(table, stream.path("stream").asText(), stream);
    if (answer.path("streams").size() != 1) row(table, "total", answer.path("total"));
    api.print(table, "No streams.");
    return 0;
  }

  private static void row(Table table, String name, JsonNode counts) {
    var ledger = LedgerCounts.of(counts);
    table.row(
        name,
        ledger.generated(),
        ledger.delivered(),
        ledger.failed(),
        ledger.shed(),
        ledger.inFlight(),
        !counts.path("reported").asBoolean(true)
            ? "not reported yet"
            : ledger.balances() ? "balances" : "DOES NOT BALANCE");
  }
}
