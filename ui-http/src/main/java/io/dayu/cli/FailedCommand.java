package io.dayu.cli;

import static io.dayu.client.ApiClient.path;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.console.Table;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

/** Lists the failed elements that are kept, shows the payload of one, or removes them. */
@Command(
    name = "failed",
    mixinStandardHelpOptions = true,
    description =
        "The failed elements that are kept (delivery.keepFailed), or the payload of one of them.")
final class FailedCommand implements Callable<Integer> {
  private static final int PAGE = 1000;

  @Mixin private ApiOptions api;
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "NAME", description = "The pipeline.")
  private String name;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "SOURCE/SEQ",
      description =
          "One element, such as cam-0/17: its payload is shown, or written with --output.")
  private Optional<String> element = Optional.empty();

  @Option(names = "--source", paramLabel = "SOURCE", description = "Only of this source.")
  private Optional<String> source = Optional.empty();

  @Option(names = "--stage", paramLabel = "STAGE", description = "Only what failed there.")
  private Optional<String> stage = Optional.empty();

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "50",
      description = "At most so many. Default: ${DEFAULT-VALUE}")
  private int limit;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Write the payload there: a frame as JPEG, opaque bytes as they are.")
  private Optional<Path> output = Optional.empty();

  @Option(names = "--remove", description = "Remove them instead of listing them.")
  private boolean remove;

  @Override
  public Integer call() {
    if (limit < 1)
      throw new CommandLine.ParameterException(spec.commandLine(), "--limit must be at least 1");
    if (output.isPresent() && element.isEmpty())
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--output needs an element, such as cam-0/17");
    if (remove) remove();
    else if (element.isPresent()) show(element.get());
    else list();
    return 0;
  }

  private void list() {
    var table =
        Table.of("ELEMENT", "FAILED AT", "STAGE", "PAYLOAD", ">BYTES", ">RETRIES", "REASON");
    var items = JsonNodeFactory.instance.arrayNode();
    var away = JsonNodeFactory.instance.arrayNode();
    var cursor = Optional.<String>empty();
    do {
      var page =
          api.client()
              .get(
                  path("pipelines", name, "failed")
                      + query(
                          "limit",
                          Optional.of(String.valueOf(Math.min(PAGE, limit - items.size()))),
                          "?")
                      + query("source", source, "&")
                      + query("stage", stage, "&")
                      + query("after", cursor, "&"));
      page.path("items").forEach(items::add);
      page.path("away").forEach(away::add);
      cursor = Optional.ofNullable(page.path("next").asText(null));
    } while (cursor.isPresent() && items.size() < limit);
    if (api.json()) {
      var all = JsonNodeFactory.instance.objectNode();
      all.set("items", items);
      all.set("away", away);
      cursor.ifPresent(next -> all.put("next", next));
      api.print(all);
      return;
    }
    for (var item : items)
      table.row(
          item.path("source").asText() + "/" + item.path("seq").asText(),
          Times.local(item.path("failedAt").asText()),
          item.path("stage").asText(),
          item.path("media").asText(),
          item.path("bytes").asText(),
          item.path("retries").asText(),
          item.has("retriedAs")
              ? "is sent again as " + item.path("retriedAs").asText()
              : item.path("reason").asText());
    api.print(
        table,
        "Nothing that failed is kept. A pipeline keeps it with delivery: {keepFailed: 1000}.");
    away.forEach(this::tellAway);
    if (cursor.isPresent()) api.out().println("There are more: --limit N shows them.");
    if (!items.isEmpty())
      api.out()
          .println(
              "Look at one:   dayu pipeline failed %s %s/%s --output FILE%nSend again:    dayu pipeline retry %s --all"
                  .formatted(
                      name,
                      items.get(0).path("source").asText(),
                      items.get(0).path("seq").asText(),
                      name));
    api.out().flush();
  }

  private void tellAway(JsonNode away) {
    api.out()
        .println(
            "Not told of %s: %s"
                .formatted(away.path("source").asText(), away.path("why").asText()));
  }

  private static String query(String name, Optional<String> value, String before) {
    return value.map(v -> before + name + "=" + path(v)).orElse("");
  }

  private void show(String which) {
    var parts = which.split("/", -1);
    if (parts.length != 2)
      throw new CommandLine.ParameterException(
          spec.commandLine(), "\"%s\" is not an element, such as cam-0/17".formatted(which));
    var at = path("pipelines", name, "failed", parts[0], parts[1]);
    if (output.isEmpty()) {
      // Without the bytes of a picture, which nobody reads.
      var payload = api.client().json(at);
      if (!api.json() && payload.path("type").asText().equals("frames"))
        for (var frame : payload.path("frames")) ((ObjectNode) frame).put("jpeg", "…");
      api.print(payload);
      return;
    }
    var bytes = api.client().bytes(at);
    try {
      Files.write(output.get(), bytes);
    } catch (IOException e) {
      throw new UserException("cannot write %s: %s".formatted(output.get(), e.getMessage()), e);
    }
    api.out().println("%s bytes were written to %s.".formatted(bytes.length, output.get()));
  }

  private void remove() {
    var query = new ArrayList<String>();
    var of = source;
    if (element.isPresent()) {
      var parts = element.get().split("/", -1);
      if (parts.length != 2)
        throw new CommandLine.ParameterException(
            spec.commandLine(),
            "\"%s\" is not an element, such as cam-0/17".formatted(element.get()));
      of = Optional.of(parts[0]);
      query.add("seq=" + path(parts[1]));
    }
    of.ifPresent(s -> query.add("source=" + path(s)));
    stage.ifPresent(s -> query.add("stage=" + path(s)));
    var answer =
        api.client()
            .send(
                "DELETE",
                path("pipelines", name, "failed")
                    + (query.isEmpty() ? "" : "?" + String.join("&", query)),
                "");
    if (api.json()) {
      api.print(answer);
      return;
    }
    api.out()
        .println("%s failed elements were removed.".formatted(answer.path("removed").asText()));
    answer.path("away").forEach(this::tellAway);
  }
}
