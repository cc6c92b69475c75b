package io.dayu.cli;

import static io.dayu.client.ApiClient.path;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.console.Units;
import io.dayu.console.UserException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows results, stored ones or as they come. */
@Command(
    name = "results",
    mixinStandardHelpOptions = true,
    description = "Results of a pipeline, stored ones or as they come.")
final class ResultsCommand implements Callable<Integer> {
  private static final int PAGE = 1000;

  @Mixin private ApiOptions api;
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The pipeline.")
  private String name;

  @Option(names = "--follow", description = "New results as they come, until Ctrl-C.")
  private boolean follow;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "At most so many; 20 if not given, without end with --follow.")
  private Optional<Long> limit = Optional.empty();

  @Option(
      names = "--after",
      paramLabel = "CURSOR",
      description = "Go on where an earlier call ended.")
  private Optional<String> after = Optional.empty();

  @Override
  public Integer call() {
    if (limit.filter(n -> n < 1).isPresent())
      throw new CommandLine.ParameterException(spec.commandLine(), "--limit must be at least 1");
    if (follow) follow();
    else stored();
    return 0;
  }

  private void follow() {
    var left = new long[] {limit.orElse(Long.MAX_VALUE)};
    try {
      api.client()
          .events(
              path("pipelines", name, "results", "stream"),
              result -> {
                show(result);
                if (--left[0] == 0) throw new Enough();
              });
    } catch (Enough enough) {
      return;
    }
    throw new UserException("the stream of results has ended");
  }

  /** Ends the reading of a stream that does not end by itself. */
  private static final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Enough() {
      super(null, null, false, false);
    }
  }

  private void stored() {
    long left = limit.orElse(20L);
    boolean any = false;
    var note = "";
    var cursor = after;
    while (left > 0) {
      var query =
          "?limit=" + Math.min(left, PAGE) + cursor.map(c -> "&after=" + path(c)).orElse("");
      var page = api.client().get(path("pipelines", name, "results") + query);
      for (var result : page.path("items")) {
        show(result);
        any = true;
        left--;
      }
      if (note.isEmpty()) note = page.path("note").asText(); // the first page tells more
      cursor = Optional.ofNullable(page.path("next").asText(null));
      if (cursor.isEmpty() || page.path("items").isEmpty()) break;
    }
    if (api.json()) return;
    if (!note.isEmpty()) api.out().println(note);
    if (!any) api.out().println("No results" + (after.isPresent() ? " after these." : " yet."));
    cursor.ifPresent(c -> api.out().println("More: dayu results " + name + " --after " + c));
  }

  private void show(JsonNode result) {
    PrintWriter out = api.out();
    // One line each, so that other programs can read them as they come.
    out.println(api.json() ? result.toString() : line(result));
    out.flush();
  }

  static String line(JsonNode result) {
    var status = result.path("status").asText();
    var text = new StringBuilder();
    text.append(
        "%s #%s  %s  %s"
            .formatted(
                result.path("stream").asText(),
                result.path("seq").asLong(),
                Times.local(result.path("createdAt").asText()),
                Units.millis(result.path("latencyMs").asDouble())));
    if (result.path("attempt").asInt(1) > 1)
      text.append("  attempt ").append(result.path("attempt").asInt());
    var ending = result.path("ending");
    if (!status.equals("delivered") || ending.isObject()) {
      text.append("  ").append(ending.path("kind").asText(status));
      if (ending.isObject())
        text.append(" at %s: %s".formatted(word(ending, "stage"), word(ending, "reason")));
    }
    var outputs = new ArrayList<String>();
    result
        .path("outputs")
        .properties()
        .forEach(e -> outputs.add(e.getKey() + " " + StageOutputs.brief(e.getValue())));
    if (!outputs.isEmpty()) text.append("  ").append(String.join("; ", outputs));
    return text.toString();
  }

  private static String word(JsonNode node, String field) {
    return node.path(field).asText("-");
  }
}
