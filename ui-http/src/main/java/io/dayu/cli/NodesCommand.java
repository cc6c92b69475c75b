package io.dayu.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.client.ApiClient;
import io.dayu.console.Table;
import io.dayu.console.Units;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows the nodes, how busy they are and what they run. */
@Command(
    name = "nodes",
    mixinStandardHelpOptions = true,
    description = "The nodes, how busy they are and what they run.",
    synopsisSubcommandLabel = "[COMMAND]")
final class NodesCommand implements Callable<Integer> {
  @Mixin private ApiOptions api;

  @Override
  public Integer call() {
    var answer = api.client().get("nodes");
    if (api.json()) {
      api.print(answer);
      return 0;
    }
    var table =
        Table.of(
            "NODE", "ROLE", "SITE", "STATUS", ">CPU", ">MEMORY", ">PROCESS", ">REPORTED", "STAGES");
    for (var node : answer.path("items"))
      table.row(
          node.path("name").asText(),
          node.path("role").asText(),
          node.path("site").asText(),
          node.path("status").asText(),
          Units.percent(node.path("cpu").asDouble()),
          Units.percent(node.path("memory").asDouble()),
          node.has("rssBytes") ? Units.bytes(node.path("rssBytes").asDouble()) : "-",
          Units.millis(node.path("reportAgeMs").asDouble()) + " ago",
          stages(node.path("stages")));
    api.print(table, "No nodes have reported yet.");
    for (var node : answer.path("items"))
      if (node.hasNonNull("problem"))
        api.out().println(node.path("name").asText() + ": " + node.path("problem").asText());
    return 0;
  }

  @Command(
      name = "remove",
      mixinStandardHelpOptions = true,
      description = "Remove a node that is gone for good from the cluster.")
  int remove(
      @Mixin ApiOptions api,
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = "--force",
              description = "Also one that still reports; if its process runs, it joins anew.")
          boolean force) {
    api.client().delete(ApiClient.path("nodes", name) + (force ? "?force=true" : ""));
    if (!api.json()) api.out().println("Node " + name + " was removed.");
    return 0;
  }

  private static String stages(JsonNode stages) {
    var all = new ArrayList<String>();
    for (var stage : stages) {
      var name =
          stage.has("pipeline")
              ? stage.path("pipeline").asText() + "/" + stage.path("stage").asText()
              : stage.path("type").asText();
      var text = name + " " + Units.millis(stage.path("serviceMs").asDouble());
      var queue = stage.path("queue").asInt();
      if (queue > 0) text += " (" + queue + " wait)";
      var state = stage.path("state").asText("running");
      if (!state.equals("running")) text += " (" + state + ")";
      all.add(text);
    }
    return all.isEmpty() ? "-" : String.join(", ", all);
  }
}
