package io.dayu.cli;

import static io.dayu.client.ApiClient.path;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sends failed elements again. */
@Command(
    name = "retry",
    mixinStandardHelpOptions = true,
    description =
        "Send failed elements that are kept through the pipeline again, as it is now. Each gets a"
            + " new number; the failed result stays.")
final class RetryCommand implements Callable<Integer> {
  @Mixin private ApiOptions api;
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The pipeline.")
  private String name;

  @Option(names = "--all", description = "All that are kept.")
  private boolean all;

  @Option(names = "--source", paramLabel = "SOURCE", description = "Only of this source.")
  private Optional<String> source = Optional.empty();

  @Option(names = "--stage", paramLabel = "STAGE", description = "Only what failed there.")
  private Optional<String> stage = Optional.empty();

  @Option(
      names = "--seq",
      paramLabel = "SEQ",
      split = ",",
      description = "These numbers of the source.")
  private List<Long> seqs = List.of();

  @Override
  public Integer call() {
    if (!all && stage.isEmpty() && seqs.isEmpty())
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "Which ones: --all, --stage STAGE, or --source SOURCE --seq SEQ,SEQ?");
    if (!seqs.isEmpty() && source.isEmpty())
      throw new CommandLine.ParameterException(spec.commandLine(), "--seq needs --source");
    var retried = JsonNodeFactory.instance.arrayNode();
    var left = JsonNodeFactory.instance.arrayNode();
    var away = JsonNodeFactory.instance.arrayNode();
    var client = api.client();
    var after = Optional.<String>empty();
    do {
      var answer = client.send("POST", path("pipelines", name, "retry"), body(after));
      answer.path("retried").forEach(retried::add);
      answer.path("left").forEach(left::add);
      answer.path("away").forEach(away::add);
      after = Optional.ofNullable(answer.path("next").asText(null));
    } while (after.isPresent());
    if (api.json()) {
      var whole = JsonNodeFactory.instance.objectNode();
      whole.set("retried", retried);
      whole.set("left", left);
      whole.set("away", away);
      api.print(whole);
    } else {
      tell(retried, left, away);
    }
    return away.isEmpty() && left.isEmpty() ? 0 : 1;
  }

  private String body(Optional<String> after) {
    var body = JsonNodeFactory.instance.objectNode();
    if (all) body.put("all", true);
    source.ifPresent(s -> body.put("source", s));
    stage.ifPresent(s -> body.put("stage", s));
    if (!seqs.isEmpty()) seqs.forEach(body.putArray("seqs")::add);
    after.ifPresent(a -> body.put("after", a));
    return body.toString();
  }

  private void tell(JsonNode retried, JsonNode left, JsonNode away) {
    var out = api.out();
    if (retried.isEmpty() && left.isEmpty() && away.isEmpty())
      out.println("Nothing of that is kept.");
    else out.println("%s elements are sent again.".formatted(retried.size()));
    for (var one : left)
      out.println(
          "Not %s/%s: %s"
              .formatted(
                  one.path("source").asText(), one.path("seq").asText(), one.path("why").asText()));
    for (var one : away)
      out.println("Not of %s: %s".formatted(one.path("source").asText(), one.path("why").asText()));
    if (!retried.isEmpty()) {
      out.println("  What becomes of them:  dayu pipeline show " + name);
      out.println("  What fails again:      dayu pipeline failed " + name);
    }
    out.flush();
  }
}
